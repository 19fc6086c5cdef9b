"""The schema: every table, said once; migrations lead to it and a test compares the two.

Shapes: the program comes first in every key, so that programs can be spread over machines. Times
are milliseconds since 1970 in UTC, ending in `_ms`. A `body` is the whole record as JSON text;
what is searched or joined has its own column beside it. Keys compare byte by byte everywhere.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)

KEY = Text().with_variant(Text(collation="C"), "postgresql")
"""Ids and the keys of others: the database's locale must neither order nor slow them."""

ROOM_FOR_UPDATES = {"fillfactor": 70}
"""Percent of a PostgreSQL page that inserts fill; updates of a row then stay on its page."""


def _key(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, KEY, nullable=optional)


def _text(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=optional)


def _number(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=optional)


PROGRAM = Table(
    "program",
    METADATA,
    _key("id"),
    _text("name"),
    _text("clock"),  # real, test
    _number("now_ms", optional=True),  # of a test clock
    _number("target_ms", optional=True),  # where a test clock is being moved to
    _number("version"),
    _number("created_at_ms"),
    # what positions add to numbers of transactions, which begin anew where a dump is restored
    Column("epoch", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("id"),
)

DEFINITION = Table(
    "definition",
    METADATA,
    _key("program_id"),
    _number("version"),
    _text("source"),
    _text("body"),
    _text("hash"),
    _number("created_at_ms"),
    PrimaryKeyConstraint("program_id", "version"),
    ForeignKeyConstraint(["program_id"], ["program.id"]),
)

API_KEY = Table(
    "api_key",
    METADATA,
    _key("program_id"),
    _key("id"),
    _text("name"),
    _key("hash"),
    _text("scopes"),
    _number("created_at_ms"),
    _number("revoked_at_ms", optional=True),
    PrimaryKeyConstraint("program_id", "id"),
    ForeignKeyConstraint(["program_id"], ["program.id"]),
    UniqueConstraint("hash"),
)

MEMBER = Table(
    "member",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("member_id"),
    _key("email", optional=True),
    _key("status"),
    _key("tier_id", optional=True),
    _number("available"),
    _number("enrolled_at_ms"),
    _number("due_at_ms", optional=True),
    _number("position"),  # of the last fact or entry, so that positions rise with sequences
    _text("open_lots"),  # a JSON list of their ids: decisions/0020
    _text("body"),
    _text("counters"),
    Column("agenda", Text, nullable=False, server_default=text("'{}'")),
    _key("referral_code", optional=True),
    _key("referrer", optional=True),  # who brought them, until then; or into whom they merged
    PrimaryKeyConstraint("program_id", "id"),
    UniqueConstraint("program_id", "member_id"),
    Index(None, "program_id", "email"),
    Index("ix_member_referral_code", "program_id", "referral_code", unique=True),
    Index(
        "ix_member_due",
        "program_id",
        "due_at_ms",
        "id",
        sqlite_where=text("due_at_ms IS NOT NULL"),
        postgresql_where=text("due_at_ms IS NOT NULL"),
    ),
    postgresql_with=ROOM_FOR_UPDATES,
)

LOT = Table(
    "lot",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("member"),
    _key("transaction_id"),
    _number("points"),
    _number("remaining"),
    _number("held"),
    _number("opened_at_ms"),
    _number("expires_at_ms", optional=True),
    Column("is_open", Boolean(create_constraint=False), nullable=False),
    _text("body"),
    PrimaryKeyConstraint("program_id", "id"),
    postgresql_with=ROOM_FOR_UPDATES,
)

POINTS_TRANSACTION = Table(
    "points_transaction",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("member"),
    _key("kind"),
    _key("status"),
    _number("points"),
    _key("order_id", optional=True),
    _number("created_at_ms"),
    _text("body"),
    PrimaryKeyConstraint("program_id", "id"),
    Index(
        "ix_points_transaction_pending",
        "program_id",
        "member",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
)

ENTRY = Table(
    "entry",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("member"),
    _key("transaction_id"),
    _key("kind"),
    _number("points"),
    _number("debt"),
    _number("qualified"),
    _number("at_ms"),
    _number("available_after"),
    _key("command_id"),
    _text("moves"),  # of points, by lot: a JSON object
    _number("position"),  # of its batch: ids rise within a batch, positions from one to the next
    PrimaryKeyConstraint("program_id", "member", "position", "id"),
)

CUSTOMER_ORDER = Table(
    "customer_order",
    METADATA,
    _key("program_id"),
    _key("order_id"),
    _key("member"),
    _number("created_at_ms"),
    _text("body"),
    _number("review_at_ms", optional=True),
    PrimaryKeyConstraint("program_id", "order_id"),
    Index(None, "program_id", "member", "created_at_ms"),
    Index(
        "ix_customer_order_review",
        "program_id",
        "review_at_ms",
        sqlite_where=text("review_at_ms IS NOT NULL"),
        postgresql_where=text("review_at_ms IS NOT NULL"),
    ),
)

REFERRAL = Table(
    "referral",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("referrer"),
    _key("friend_email", optional=True),  # the mailbox that it ends in
    _key("status"),
    _number("remind_at_ms", optional=True),
    _key("order_id", optional=True),  # the one that completed it
    _text("body"),
    _key("friend_member_id", optional=True),
    PrimaryKeyConstraint("program_id", "id"),
    Index("ix_referral_friend", "program_id", "friend_email", unique=True),  # one for ever
    Index(
        "ix_referral_friend_member_id",
        "program_id",
        "friend_member_id",
        sqlite_where=text("friend_member_id IS NOT NULL"),
        postgresql_where=text("friend_member_id IS NOT NULL"),
    ),
    Index(None, "program_id", "referrer", "id"),
    Index(
        "ix_referral_remind",
        "program_id",
        "remind_at_ms",
        sqlite_where=text("remind_at_ms IS NOT NULL"),
        postgresql_where=text("remind_at_ms IS NOT NULL"),
    ),
    Index(
        "ix_referral_order",
        "program_id",
        "order_id",
        unique=True,
        sqlite_where=text("order_id IS NOT NULL"),
        postgresql_where=text("order_id IS NOT NULL"),
    ),
)

REVIEW = Table(
    "review",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("member", optional=True),
    _key("product_id"),
    _key("order_id", optional=True),
    _key("status"),
    _number("created_at_ms"),
    _text("body"),
    PrimaryKeyConstraint("program_id", "id"),
    Index(None, "program_id", "member", "id"),
    Index(None, "program_id", "product_id", "id"),
)

CAMPAIGN_MEMBER = Table(
    "campaign_member",
    METADATA,
    _key("program_id"),
    _key("campaign_id"),
    _key("member"),
    _key("state"),  # entering, inside, leaving, outside
    _number("entries"),
    PrimaryKeyConstraint("program_id", "campaign_id", "member"),
    Index(None, "program_id", "campaign_id", "state", "member"),
    sqlite_with_rowid=False,
)

CAMPAIGN_SEEN = Table(
    "campaign_seen",
    METADATA,
    _key("program_id"),
    _key("campaign_id"),
    _number("version"),  # of the campaign's last change
    _number("reached_ms"),
    _key("cursor", optional=True),  # the last member looked at; unset when all were
    PrimaryKeyConstraint("program_id", "campaign_id"),
    sqlite_with_rowid=False,
)

COUPON_IS_OPEN = "status IN ('held', 'issued')"

COUPON = Table(
    "coupon",
    METADATA,
    _key("program_id"),
    _key("code"),
    _key("id"),
    _key("member"),
    _key("status"),
    _number("expires_at_ms", optional=True),
    _text("body"),
    PrimaryKeyConstraint("program_id", "code"),
    Index(None, "program_id", "member", "id"),
    Index(
        "ix_coupon_open",
        "program_id",
        "member",
        sqlite_where=text(COUPON_IS_OPEN),
        postgresql_where=text(COUPON_IS_OPEN),
    ),
)

REWARD_COUNT = Table(
    "reward_count",
    METADATA,
    _key("program_id"),
    _key("reward_id"),
    _number("redeemed"),
    PrimaryKeyConstraint("program_id", "reward_id"),
    sqlite_with_rowid=False,
)

POOL_CODE = Table(
    "pool_code",
    METADATA,
    _key("program_id"),
    _key("reward_id"),
    _key("code"),
    _number("position"),
    _key("coupon_id", optional=True),
    PrimaryKeyConstraint("program_id", "code"),
    Index(
        "ix_pool_code_free",
        "program_id",
        "reward_id",
        "position",
        sqlite_where=text("coupon_id IS NULL"),
        postgresql_where=text("coupon_id IS NULL"),
    ),
    sqlite_with_rowid=False,
)

FACT = Table(
    "fact",
    METADATA,
    _key("program_id"),
    _key("id"),
    _number("position"),  # the order of commits: backend.POSITION_BITS
    _key("type"),
    _key("member"),
    _number("sequence"),
    _number("occurred_at_ms"),
    _number("recorded_at_ms"),
    _key("cause"),
    # how many were due when it was stored; -1 when nobody was to be told
    _number("deliveries"),
    _text("body"),
    PrimaryKeyConstraint("program_id", "id"),
    UniqueConstraint("program_id", "member", "sequence"),
    Index(None, "program_id", "position"),
    Index(
        "ix_fact_share",
        "program_id",
        "position",
        sqlite_where=text("type = 'referral.link_shared'"),
        postgresql_where=text("type = 'referral.link_shared'"),
    ),
)

ENDPOINT = Table(
    "endpoint",
    METADATA,
    _key("program_id"),
    _key("id"),
    _text("url"),
    _key("dialect"),
    _text("event_types"),  # a JSON list of native fact names; [] is all that the dialect speaks
    _text("secrets"),  # encrypted
    _number("batch_size"),
    _key("status"),  # active, disabled
    _number("created_at_ms"),
    _number("updated_at_ms"),
    _text("description"),
    # a JSON list of fields in the dialect's words, each of which must have a value
    Column("only_with", Text, nullable=False, server_default=text("'[]'")),
    Column("ordering", KEY, nullable=False, server_default=text("'none'")),
    # how long its facts wait for others to travel with
    Column("batch_wait_ms", BigInteger, nullable=False, server_default=text("0")),
    Column("conduct", Text, nullable=False, server_default=text("'{}'")),
    # encrypted: how to get in, beside the signature; empty for nothing
    Column("access", Text, nullable=False, server_default=text("''")),
    # the replay that brings it up to the present; until then nothing else is kept for it
    _key("backfill", optional=True),
    # of a listener: when its requests were last asked for, to some minutes
    _number("pulled_at_ms", optional=True),
    PrimaryKeyConstraint("program_id", "id"),
    ForeignKeyConstraint(["program_id"], ["program.id"]),
)

LANE = Table(
    "lane",  # how it goes with an endpoint; what its owner wants is in `endpoint`
    METADATA,
    _key("program_id"),
    _key("endpoint_id"),
    _text("health"),  # JSON
    _key("state"),  # of the health: healthy, degraded, suspended, disabled
    _number("free_at_ms"),  # nothing is sent before
    _number("mark_us"),  # of the rate limit: core/pacing.py
    _number("sequence"),  # of its last request
    _number("facts"),  # about it
    _number("left_at_position", optional=True),  # the last fact that was kept for it
    PrimaryKeyConstraint("program_id", "endpoint_id"),
    postgresql_with=ROOM_FOR_UPDATES,
)

UNDELIVERED = "status IN ('pending', 'leased')"

DELIVERY = Table(
    "delivery",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("endpoint_id"),
    _key("fact_id"),
    _key("fact_type"),
    _key("cause"),
    _number("position"),  # that of its fact
    _key("status"),  # pending, delivered, skipped, failed; leased was written by earlier versions
    _number("due_at_ms"),
    _number("attempts"),
    _key("lease_id", optional=True),
    _number("leased_until_ms", optional=True),
    _key("request_id", optional=True),
    _number("delivered_at_ms", optional=True),
    _key("order_key", optional=True),  # what it keeps its order among, if anything
    _number("sequence", optional=True),  # of its request among those of the endpoint
    # of the try that was received; those that were not are in `attempt`
    _number("status_code", optional=True),
    _number("duration_ms", optional=True),
    _text("response_excerpt", optional=True),
    # the replay that made it, or the delivery that it repeats alone; such are not due by the fact
    _key("replay_id", optional=True),
    PrimaryKeyConstraint("program_id", "id"),
    Index(
        "ix_delivery_due",
        "program_id",
        "endpoint_id",
        "due_at_ms",
        "position",
        sqlite_where=text(UNDELIVERED),
        postgresql_where=text(UNDELIVERED),
    ),
    Index(
        "ix_delivery_order",
        "program_id",
        "endpoint_id",
        "order_key",
        "position",
        sqlite_where=text(f"order_key IS NOT NULL AND {UNDELIVERED}"),
        postgresql_where=text(f"order_key IS NOT NULL AND {UNDELIVERED}"),
    ),
    Index(
        "ix_delivery_failed",
        "program_id",
        "endpoint_id",
        "id",
        sqlite_where=text("status = 'failed'"),
        postgresql_where=text("status = 'failed'"),
    ),
    Index(None, "program_id", "fact_id"),
    sqlite_with_rowid=False,
    postgresql_with=ROOM_FOR_UPDATES,
)

ATTEMPT = Table(
    "attempt",  # tries that were not received, and answers about several facts at once
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("endpoint_id"),
    _key("request_id"),
    _number("number"),
    _number("started_at_ms"),
    _number("duration_ms"),
    _number("status_code", optional=True),
    _text("error", optional=True),
    _text("response_excerpt"),
    _number("facts"),
    PrimaryKeyConstraint("program_id", "id"),
    Index(None, "program_id", "endpoint_id", "id"),
    Index(None, "program_id", "request_id"),
)

REPLAY = Table(
    "replay",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("endpoint_id"),
    _key("kind"),  # replay, redrive, backfill
    _key("state"),  # running, paused, finished, cancelled
    _text("wish"),  # JSON: which facts or deliveries, and how fast
    _text("cursor"),  # the last one that was looked at: a position, or a delivery's id
    _number("mark_us"),  # of its pace: core/pacing.py
    _number("matched"),  # how many there were to do when it began
    Column("is_exact", Boolean, nullable=False),  # or more than that
    _number("expired"),  # facts that are left out, because what they say is not kept any more
    _number("queued"),  # deliveries that it made due
    _text("reason"),  # why it ended before its end
    _number("created_at_ms"),
    _number("updated_at_ms"),
    _number("finished_at_ms", optional=True),
    PrimaryKeyConstraint("program_id", "id"),
    Index(None, "program_id", "endpoint_id", "id"),
    Index(
        "ix_replay_running",
        "program_id",
        "id",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    postgresql_with=ROOM_FOR_UPDATES,
)

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    _key("program_id"),
    _key("principal"),
    _key("key"),
    _key("request_hash"),
    _text("outcome"),
    _number("created_at_ms"),
    PrimaryKeyConstraint("program_id", "key", "principal"),
    Index(None, "program_id", "created_at_ms"),
)

ERASURE = Table(
    "erasure",
    METADATA,
    _key("program_id"),
    _key("member"),
    _key("member_id"),
    _text("emails"),  # a JSON list, empty once it is finished: what traces are found by
    _number("stage"),
    _text("cursor"),  # where the stage goes on
    _number("rows"),  # changed so far
    _number("requested_at_ms"),
    _number("finished_at_ms", optional=True),
    PrimaryKeyConstraint("program_id", "member"),
    Index(None, "program_id", "member_id"),
    Index(
        "ix_erasure_unfinished",
        "program_id",
        "requested_at_ms",
        sqlite_where=text("finished_at_ms IS NULL"),
        postgresql_where=text("finished_at_ms IS NULL"),
    ),
)

RETENTION = Table(
    "retention",  # what has had its time and is gone
    METADATA,
    _key("program_id"),
    _key("part"),  # delivery, attempt, fact, trace
    _number("before_ms"),  # what came to its end before may be gone
    _text("cuts"),  # of the present or the last pass: JSON
    _key("cursor"),  # the last row that it looked at, while it is not finished
    _number("rows"),  # gone so far
    _number("position"),  # of the last fact whose body is gone
    _number("finished_at_ms", optional=True),
    PrimaryKeyConstraint("program_id", "part"),
)

TRACE = Table(
    "trace",  # filled while requests are traced: what made a fact, for whoever delivers it
    METADATA,
    _key("program_id"),
    _key("cause"),
    _text("context"),  # a traceparent
    PrimaryKeyConstraint("program_id", "cause"),
    sqlite_with_rowid=False,
)

IMPORT_RUN = Table(
    "import_run",
    METADATA,
    _key("program_id"),
    _key("id"),
    _key("kind"),
    _key("file_hash"),
    _number("done_rows"),
    _text("body"),
    PrimaryKeyConstraint("program_id", "id"),
)
