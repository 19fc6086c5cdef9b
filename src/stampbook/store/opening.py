"""The opening of a batch: all that can be asked before anything is locked, in one round trip."""

from collections.abc import Collection

from msgspec import Struct

from stampbook.core.draft import NOBODY
from stampbook.store.asked import Asked
from stampbook.store.backend import POSITION_BITS, Dialect, Statement, Unit
from stampbook.store.sql import keyed
from stampbook.store.subscriptions import ENDPOINTS, Subscription, subscription, together
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import to_ms

PROGRAM = "SELECT now_ms, version, epoch FROM program WHERE id = ?"
POSITION = (
    "SELECT max(position) FROM fact WHERE program_id = ? "
    f"AND position >= (SELECT (epoch + ?) << {POSITION_BITS} FROM program WHERE id = ?)"
)
KEYS = ("principal, key, request_hash, outcome", "idempotency", "key")
"""Columns, table and key, as `keyed` takes them."""

REFERRER_OF_OWNER = (
    "(SELECT m.referrer FROM member AS m WHERE m.program_id = {0}.program_id AND m.id = {0}.member)"
)
OWNERS = {
    "members": ("id, referrer", "member", "member_id"),
    "transactions": (
        f"member, {REFERRER_OF_OWNER.format('points_transaction')}", "points_transaction", "id",
    ),
    "orders": (
        f"member, {REFERRER_OF_OWNER.format('customer_order')}", "customer_order", "order_id",
    ),
    "coupons": ("member", "coupon", "code"),
    "emails": ("id, referrer", "member", "email"),
    "friends": ("referrer", "referral", "friend_email"),
    "referral_codes": ("id", "member", "referral_code"),
    "referrals": ("referrer", "referral", "id"),
    "reviews": (f"member, {REFERRER_OF_OWNER.format('review')}", "review", "id"),
}  # fmt: skip
"""Where the members are found whom a batch names, by what they own or by the merchant's keys; and
who referred them, because what they do may reward that member."""

DUE = (
    "SELECT id, referrer, due_at_ms FROM member "
    "WHERE program_id = ? AND due_at_ms > 0 AND due_at_ms <= ? ORDER BY due_at_ms, id LIMIT ?"
)

KeyOfCaller = tuple[str, str]
"""A principal and its idempotency key."""


class Stored(Struct, frozen=True, order=True):
    """The outcome that an idempotency key has, and the hash of the request that it answered."""

    request_hash: str
    outcome: str


class Opening(Struct, frozen=True, kw_only=True):
    """What a batch knows before it locks its members.

    Shapes: `now_ms` is set for a test clock; `position` is that of the next fact but for what
    other transactions still write; `members` are all whom the commands name in some way, but for
    those whom another transaction enrols meanwhile.
    """

    program_id: ProgramId
    now_ms: int | None
    version: int
    position: int
    subscriptions: tuple[Subscription, ...]
    outcomes: dict[KeyOfCaller, Stored]
    members: frozenset[MemberId]
    due: tuple[MemberId, ...]
    due_to_ms: int | None
    """When the last of `due` was due; None when those are all."""


def open_batch(
    unit: Unit,
    program_id: ProgramId,
    asked: Asked,
    *,
    keys: Collection[KeyOfCaller] = (),
) -> Opening | None:
    """Read what a batch needs before it locks; None when there is no such program."""
    queries: dict[str, Statement] = {"program": (PROGRAM, (program_id,))}
    if unit.writes_beside_others:  # and no fact has its number yet
        queries["together"] = together(unit.dialect, program_id)
    else:
        queries["position"] = (POSITION, (program_id, unit.number, program_id))
    queries["endpoints"] = (ENDPOINTS, (program_id,))
    if keys:
        sought = sorted({key for _, key in keys})
        queries["keys"] = (keyed(unit.dialect, *KEYS), (program_id, sought))
    queries.update(_owner_queries(unit.dialect, program_id, asked))
    found = dict(zip(queries, unit.gather(list(queries.values())), strict=True))
    if not found["program"]:
        return None
    [(now_ms, version, epoch)] = found["program"]
    [(last,)] = found.get("position", [(None,)])
    due = found.get("due", [])
    owners = {each for name in OWNERS for row in found.get(name, ()) for each in row}
    owners.update(each for row in due for each in row[:2])
    are_all = asked.due is None or len(due) < asked.due.limit
    return Opening(
        program_id=program_id,
        now_ms=now_ms,
        version=version,
        position=((unit.number + epoch) << POSITION_BITS if last is None else last) + 1,
        subscriptions=tuple(subscription(*row) for row in found["endpoints"]),
        outcomes={
            (principal, key): Stored(request_hash, outcome)
            for principal, key, request_hash, outcome in found.get("keys", ())
            if (principal, key) in keys
        },
        members=frozenset((*asked.ids, *owners)) - {None, NOBODY},
        due=tuple(row[0] for row in due),
        due_to_ms=None if are_all else due[-1][2],
    )


def _owner_queries(dialect: Dialect, program_id: ProgramId, asked: Asked) -> dict[str, Statement]:
    wanted = {
        "members": asked.members,
        "transactions": asked.transactions,
        "orders": asked.orders,
        "coupons": asked.coupons,
        "emails": asked.emails,
        "friends": asked.mailboxes,
        "referral_codes": asked.referral_codes,
        "referrals": asked.referrals,
        "reviews": asked.reviews,
    }
    queries: dict[str, Statement] = {
        name: (keyed(dialect, *OWNERS[name]), (program_id, keys))
        for name, keys in wanted.items()
        if keys
    }
    if asked.due is not None:
        queries["due"] = (DUE, (program_id, to_ms(asked.due.until), asked.due.limit))
    return queries
