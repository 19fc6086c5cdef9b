"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

NEVER_CHANGED = ("entry",)
FACT_COLUMNS = (
    "program_id, id, position, type, member, sequence, occurred_at_ms, recorded_at_ms, cause, "
    "deliveries"
)
"""All but the body, which the erasure of a person may blank."""


def upgrade() -> None:
    _create_tables()
    if op.get_bind().dialect.name == "sqlite":
        _refuse_changes_in_sqlite()
    else:
        _refuse_changes_in_postgres()


def _refuse_changes_in_sqlite() -> None:
    changes = [(table, verb) for table in NEVER_CHANGED for verb in ("UPDATE", "DELETE")]
    for table, verb in (*changes, ("fact", f"UPDATE OF {FACT_COLUMNS}")):
        name = f"{table}_refuses_{verb.split()[0].lower()}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are never changed'); END"
        )


def _refuse_changes_in_postgres() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    changes = [(table, "UPDATE OR DELETE") for table in NEVER_CHANGED]
    for table, verb in (*changes, ("fact", f"UPDATE OF {FACT_COLUMNS}")):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE {verb} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def _create_tables() -> None:
    op.create_table(
        "attempt",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("endpoint_id", KEY, nullable=False),
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("status_code", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("response_excerpt", sa.Text(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_attempt"),
    )
    op.create_index(
        "ix_attempt_program_id_endpoint_id_id",
        "attempt",
        ["program_id", "endpoint_id", "id"],
        unique=False,
    )
    op.create_table(
        "coupon",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("member", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "code", name="pk_coupon"),
    )
    op.create_index(
        "ix_coupon_program_id_member_id", "coupon", ["program_id", "member", "id"], unique=False
    )
    op.create_index(
        "ix_coupon_open",
        "coupon",
        ["program_id", "member"],
        unique=False,
        sqlite_where=sa.text("status IN ('held', 'issued')"),
        postgresql_where=sa.text("status IN ('held', 'issued')"),
    )
    op.create_table(
        "customer_order",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("member", KEY, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "order_id", name="pk_customer_order"),
    )
    op.create_index(
        "ix_customer_order_program_id_member_created_at_ms",
        "customer_order",
        ["program_id", "member", "created_at_ms"],
        unique=False,
    )
    op.create_table(
        "delivery",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("endpoint_id", KEY, nullable=False),
        sa.Column("fact_id", KEY, nullable=False),
        sa.Column("fact_type", KEY, nullable=False),
        sa.Column("cause", KEY, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_id", KEY, nullable=True),
        sa.Column("leased_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("request_id", KEY, nullable=True),
        sa.Column("delivered_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_delivery"),
        postgresql_with={"fillfactor": 70},
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["program_id", "endpoint_id", "due_at_ms", "position"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'leased')"),
        postgresql_where=sa.text("status IN ('pending', 'leased')"),
    )
    op.create_index(
        "ix_delivery_program_id_fact_id", "delivery", ["program_id", "fact_id"], unique=False
    )
    op.create_table(
        "entry",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("member", KEY, nullable=False),
        sa.Column("transaction_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("debt", sa.BigInteger(), nullable=False),
        sa.Column("qualified", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("available_after", sa.BigInteger(), nullable=False),
        sa.Column("command_id", KEY, nullable=False),
        sa.Column("moves", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "member", "position", "id", name="pk_entry"),
    )
    op.create_table(
        "fact",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("member", KEY, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("cause", KEY, nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_fact"),
        sa.UniqueConstraint(
            "program_id", "member", "sequence", name="uq_fact_program_id_member_sequence"
        ),
    )
    op.create_index("ix_fact_program_id_position", "fact", ["program_id", "position"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("principal", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("request_hash", KEY, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "key", "principal", name="pk_idempotency"),
    )
    op.create_index(
        "ix_idempotency_program_id_created_at_ms",
        "idempotency",
        ["program_id", "created_at_ms"],
        unique=False,
    )
    op.create_table(
        "import_run",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("file_hash", KEY, nullable=False),
        sa.Column("done_rows", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_import_run"),
    )
    op.create_table(
        "lot",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("member", KEY, nullable=False),
        sa.Column("transaction_id", KEY, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("opened_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_lot"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "member",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("email", KEY, nullable=True),
        sa.Column("status", KEY, nullable=False),
        sa.Column("tier_id", KEY, nullable=True),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("open_lots", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("counters", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_member"),
        sa.UniqueConstraint("program_id", "member_id", name="uq_member_program_id_member_id"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "ix_member_due",
        "member",
        ["program_id", "due_at_ms", "id"],
        unique=False,
        sqlite_where=sa.text("due_at_ms IS NOT NULL"),
        postgresql_where=sa.text("due_at_ms IS NOT NULL"),
    )
    op.create_index("ix_member_program_id_email", "member", ["program_id", "email"], unique=False)
    op.create_table(
        "points_transaction",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("member", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("order_id", KEY, nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_points_transaction"),
    )
    op.create_index(
        "ix_points_transaction_pending",
        "points_transaction",
        ["program_id", "member"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "pool_code",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("reward_id", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("coupon_id", KEY, nullable=True),
        sa.PrimaryKeyConstraint("program_id", "code", name="pk_pool_code"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_pool_code_free",
        "pool_code",
        ["program_id", "reward_id", "position"],
        unique=False,
        sqlite_where=sa.text("coupon_id IS NULL"),
        postgresql_where=sa.text("coupon_id IS NULL"),
    )
    op.create_table(
        "program",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("now_ms", sa.BigInteger(), nullable=True),
        sa.Column("target_ms", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_program"),
    )
    op.create_table(
        "reward_count",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("reward_id", KEY, nullable=False),
        sa.Column("redeemed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "reward_id", name="pk_reward_count"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_key",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", KEY, nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_api_key_program"),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_api_key"),
        sa.UniqueConstraint("hash", name="uq_api_key_hash"),
    )
    op.create_table(
        "definition",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_definition_program"),
        sa.PrimaryKeyConstraint("program_id", "version", name="pk_definition"),
    )
    op.create_table(
        "endpoint",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("dialect", KEY, nullable=False),
        sa.Column("event_types", sa.Text(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("batch_size", sa.BigInteger(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_endpoint_program"),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_endpoint"),
    )
