"""The choice of a replay: which facts and which dead letters it takes, by indexes and in pieces."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from stampbook.core.delivery import Ordering
from stampbook.core.replays import Replay, Wish
from stampbook.store.backend import Dialect, Unit
from stampbook.store.endpoints import Endpoint
from stampbook.store.reading.query import Query
from stampbook.store.subscriptions import spoken, subscription
from stampbook.values.ids import EndpointId, FactId, MemberId, ProgramId, RequestId
from stampbook.values.json import encode_text

EVERYTHING = (1 << 63) - 1
"""Behind every position."""

LOOKED_AT = "SELECT coalesce(max(position), 0), count(*) FROM ("
POSITIONS = "SELECT position FROM fact"
FACTS = "SELECT f.position, f.id, f.type, f.cause, f.member FROM fact AS f"
COUNT = "SELECT count(*), coalesce(sum(CASE WHEN f.body = '' THEN 1 ELSE 0 END), 0) FROM fact AS f"
BY_FACT = "ix_delivery_program_id_fact_id"
OF_FACT = (
    "EXISTS (SELECT 1 FROM delivery AS d{using} WHERE d.program_id = f.program_id "
    "AND d.fact_id = f.id AND d.endpoint_id = ?{status})"
)
FAILED = " AND d.status = 'failed'"
ARRIVED_OR_COMING = " AND d.status IN ('delivered', 'pending', 'leased')"

BY_FAILURE = "ix_delivery_failed"
DEAD = """
SELECT d.id, d.request_id, d.fact_type, f.recorded_at_ms FROM delivery AS d{using}
JOIN fact AS f ON f.program_id = d.program_id AND f.id = d.fact_id
WHERE d.program_id = ? AND d.endpoint_id = ? AND d.status = 'failed' AND d.id > ? AND d.id <= ?
ORDER BY d.id LIMIT ?
"""


class Audience(Struct, frozen=True, kw_only=True):
    """Whom a replay is for: an endpoint, what it is sent, and what its dialect has a word for."""

    program_id: ProgramId
    endpoint_id: EndpointId
    facts: frozenset[str]
    spoken: frozenset[str]
    ordering: Ordering

    @classmethod
    def of(cls, program_id: ProgramId, endpoint: Endpoint) -> "Audience":
        """Give the audience that an endpoint is."""
        subscribed = subscription(endpoint.id, endpoint.dialect, encode_text(endpoint.event_types))
        return cls(
            program_id=program_id,
            endpoint_id=endpoint.id,
            facts=subscribed.facts,
            spoken=spoken(endpoint.dialect),
            ordering=endpoint.ordering,
        )

    def wanted(self, types: Sequence[str]) -> list[str]:
        """Give the facts that are meant by some types: by none, what the endpoint is sent."""
        return sorted(self.spoken.intersection(types) if types else self.facts)


class Looked(NamedTuple):
    """How far some facts reach, and how many they are."""

    last: int
    facts: int


class Chosen(NamedTuple):
    """A fact that is to be sent."""

    position: int
    fact_id: FactId
    type: str
    cause: str
    member: MemberId


class Dead(NamedTuple):
    """A dead letter, and whether it is wished for."""

    id: str
    request_id: RequestId
    is_wanted: bool


class Counted(NamedTuple):
    """How many there are to do; where not `is_exact` there are more, or may be.

    Shapes: `expired` are facts that are left out because what they say is not kept any more.
    """

    matched: int
    is_exact: bool
    expired: int = 0


def look_ahead(
    unit: Unit, program_id: ProgramId, wish: Wish, after: int, until: int, limit: int
) -> Looked:
    """Look at the next facts, chosen or not, so that no question reads more of them."""
    query = Query(LOOKED_AT + POSITIONS, program_id).given("member = ?", wish.member)
    query.where(_between("position", wish), after, until)
    [row] = query.rows(unit, f"ORDER BY {_order(wish)} LIMIT ?) AS looked", limit)
    return Looked(*row)


def choose_facts(
    unit: Unit, audience: Audience, asked: Replay, after: int, until: int, limit: int
) -> list[Chosen]:
    """Give the facts that are to be sent, in the order of their positions."""
    query = _chosen(FACTS, unit.dialect, audience, asked, (after, until)).where("f.body <> ''")
    ending = f"ORDER BY f.{_order(asked.wish)} LIMIT ?"
    return [Chosen(*row) for row in query.rows(unit, ending, limit)]


def count_facts(unit: Unit, audience: Audience, asked: Replay, until: int, limit: int) -> Counted:
    """Count the facts that are to be sent among the next ones."""
    after = asked.wish.after
    looked = look_ahead(unit, audience.program_id, asked.wish, after, until, limit)
    query = _chosen(COUNT, unit.dialect, audience, asked, (after, looked.last))
    [(number, expired)] = query.rows(unit, "")
    return Counted(number - expired, looked.facts < limit, expired)


def dead_letters(unit: Unit, audience: Audience, wish: Wish, after: str, limit: int) -> list[Dead]:
    """Give the next dead letters, wished for or not, in the order of their ids."""
    sql = DEAD.format(using=unit.dialect.using(BY_FAILURE))
    rows = unit.rows(sql, (audience.program_id, audience.endpoint_id, after, wish.last_id, limit))
    least, most = wish.from_ms or 0, wish.to_ms or EVERYTHING
    return [
        Dead(
            id_,
            request_id,
            least <= recorded_ms < most and (not wish.types or kind in wish.types),
        )
        for id_, request_id, kind, recorded_ms in rows
    ]


def count_dead(unit: Unit, audience: Audience, wish: Wish, limit: int) -> Counted:
    """Count the dead letters that are wished for."""
    found = dead_letters(unit, audience, wish, "", limit)
    return Counted(sum(each.is_wanted for each in found), len(found) < limit)


def _chosen(
    select: str, dialect: Dialect, audience: Audience, asked: Replay, within: tuple[int, int]
) -> Query:
    wish, endpoint_id = asked.wish, audience.endpoint_id
    query = Query(select, audience.program_id, of="f.")
    query.where(_between("f.position", wish), *within)
    query.where("f.type IN (?*)", audience.wanted(wish.types))
    # nobody is told what was stored to be sent to nobody, and no endpoint of itself
    query.where("f.deliveries >= 0 AND f.member <> ?", endpoint_id)
    query.given("f.member = ?", wish.member)
    query.given("f.recorded_at_ms >= ?", wish.from_ms).given("f.recorded_at_ms < ?", wish.to_ms)
    for condition in _by_fate(asked):
        query.where(condition.format(using=dialect.using(BY_FACT)), endpoint_id)
    return query


def _between(position: str, wish: Wish) -> str:
    """Give the condition on positions; a member's facts are found by the member."""
    sign = "" if wish.member is None else "+"  # of a sum no index knows anything
    return f"{sign}{position} > ? AND {sign}{position} <= ?"


def _order(wish: Wish) -> str:
    """Give the column that orders facts: of a member, sequences rise with positions."""
    return "position" if wish.member is None else "sequence"


def _by_fate(asked: Replay) -> tuple[str, ...]:
    """Give the conditions on what became of a fact's deliveries to the endpoint."""
    known = OF_FACT.replace("{status}", "")
    failed = OF_FACT.replace("{status}", FAILED)
    arrives = OF_FACT.replace("{status}", ARRIVED_OR_COMING)
    if asked.kind == "backfill":
        return (f"NOT {known}",)
    fates: dict[str, tuple[str, ...]] = {
        "all": (),
        "failed": (failed, f"NOT {arrives}"),
        "undelivered": (f"NOT {arrives}",),
    }
    return fates[asked.wish.only]
