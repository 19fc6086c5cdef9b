"""Replays in the store: what was asked for and how far each is; `replay_pieces` does the work."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from stampbook.core.lease import order_key_of
from stampbook.core.refusals import (
    DELIVERY_NOT_SETTLED,
    ENDPOINT_IS_CATCHING_UP,
    ENDPOINT_IS_DISABLED,
    FACT_EXPIRED,
    REPLAY_IS_OVER,
    REPLAY_TOO_MANY,
    Refused,
    refuse,
)
from stampbook.core.replays import (
    COUNTED_MAX,
    DISORDER_MS,
    OPEN_MAX,
    Recorded,
    Replay,
    ReplayKey,
    ReplayKind,
    Turn,
    Wish,
    last_before,
    turned,
)
from stampbook.store.backend import Columns, Row, Unit
from stampbook.store.endpoints import Endpoint, find_endpoint
from stampbook.store.reading.facts import last_settled
from stampbook.store.reading.page import Page, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.store.replay_choice import (
    BY_FAILURE,
    Audience,
    Chosen,
    Counted,
    count_dead,
    count_facts,
)
from stampbook.store.save import DELIVERY
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.json import decode, encode_text

COLUMNS: Columns = (
    "program_id", "id", "endpoint_id", "kind", "state", "wish", "cursor", "mark_us", "matched",
    "is_exact", "expired", "queued", "reason", "created_at_ms", "updated_at_ms",
    "finished_at_ms",
)  # fmt: skip
REPLAYS = f"SELECT {', '.join(COLUMNS[1:])} FROM replay"
OPEN = (
    "SELECT count(*) FROM replay "
    "WHERE program_id = ? AND endpoint_id = ? AND state IN ('running', 'paused')"
)
RUNNING = (
    "SELECT program_id, endpoint_id, id FROM replay WHERE state = 'running' ORDER BY program_id, id"
)
CHANGE = (
    "UPDATE replay SET state = ?, cursor = ?, mark_us = ?, queued = ?, reason = ?, "
    "updated_at_ms = ?, finished_at_ms = ? WHERE program_id = ? AND id = ?"
)
FIRST_FROM = (
    "SELECT position, recorded_at_ms FROM fact WHERE program_id = ? AND position >= ? "
    "ORDER BY position LIMIT 1"
)
NEWEST_DEAD = (
    "SELECT coalesce(max(id), '') FROM delivery{using} "
    "WHERE program_id = ? AND endpoint_id = ? AND status = 'failed'"
)
JOIN_NOW = "UPDATE endpoint SET backfill = NULL, updated_at_ms = ? WHERE program_id = ? AND id = ?"
BEFORE = """
SELECT d.endpoint_id, d.fact_id, d.fact_type, d.cause, d.position, d.status, f.member, f.body = ''
FROM delivery AS d JOIN fact AS f ON f.program_id = d.program_id AND f.id = d.fact_id
WHERE d.program_id = ? AND d.id = ?
"""
SETTLED = {"delivered", "failed", "skipped"}
AGAIN: Columns = (*DELIVERY, "request_id", "replay_id")
MADE: Columns = (*DELIVERY, "replay_id")


def start_replay(
    unit: Unit,
    program_id: ProgramId,
    endpoint: Endpoint,
    wish: Wish,
    *,
    kind: ReplayKind,
    at_ms: int,
    new_id: Callable[[], str],
    dry_run: bool = False,
) -> Replay | Refused:
    """Begin to send what is wished for, or in a dry run only count it.

    Shapes: the endpoint's row is locked. What happens from now on is no part of it.
    Errors: refusals `endpoint.is_disabled`, `endpoint.is_catching_up`, `replay.too_many`.
    """
    refused = _refused(unit, program_id, endpoint)
    if refused is not None:
        return refused
    if kind == "redrive":
        newest = NEWEST_DEAD.format(using=unit.dialect.using(BY_FAILURE))
        [(last_id,)] = unit.rows(newest, (program_id, endpoint.id))
        wish = replace(wish, last_id=last_id)
    else:
        wish = _bounded(unit, program_id, wish)
    begun = Replay(
        id=new_id(),
        endpoint_id=endpoint.id,
        kind=kind,
        state="running",
        wish=wish,
        cursor="" if kind == "redrive" else wish.after,
        created_at_ms=at_ms,
        updated_at_ms=at_ms,
    )
    begun = counted(unit, program_id, endpoint, begun)
    if not dry_run:
        add_replay(unit, program_id, begun)
    return begun


def counted(unit: Unit, program_id: ProgramId, endpoint: Endpoint, asked: Replay) -> Replay:
    """Give a replay that says how much there is to do, as far as COUNTED_MAX."""
    found = _counted(unit, program_id, endpoint, asked)
    return replace(
        asked,
        matched=found.matched,
        is_exact=found.is_exact,
        expired=found.expired,
    )


def _counted(unit: Unit, program_id: ProgramId, endpoint: Endpoint, asked: Replay) -> Counted:
    audience = Audience.of(program_id, endpoint)
    if asked.kind == "redrive":
        return count_dead(unit, audience, asked.wish, COUNTED_MAX)
    until = asked.wish.until
    if until is None:
        until = last_settled(unit, program_id)
    return count_facts(unit, audience, asked, until, COUNTED_MAX)


def add_replay(unit: Unit, program_id: ProgramId, begun: Replay) -> None:
    """Store a replay that begins."""
    row = (
        program_id, begun.id, begun.endpoint_id, begun.kind, begun.state, encode_text(begun.wish),
        encode_text(begun.cursor), begun.mark_us, begun.matched, begun.is_exact, begun.expired,
        begun.queued, begun.reason, begun.created_at_ms, begun.updated_at_ms, begun.finished_at_ms,
    )  # fmt: skip
    unit.insert("replay", COLUMNS, [row])


def make_due(
    unit: Unit,
    audience: Audience,
    chosen: Sequence[Chosen],
    replay_id: str,
    at_ms: int,
    new_id: Callable[[], str],
) -> None:
    """Make deliveries of facts that were chosen, due at once."""
    rows: list[Row] = [
        (
            audience.program_id, new_id(), audience.endpoint_id, each.fact_id, each.type,
            each.cause, each.position, "pending", at_ms, 0,
            order_key_of(audience.ordering, each.member), replay_id,
        )
        for each in chosen
    ]  # fmt: skip
    unit.insert("delivery", MADE, rows)


def save_replay(unit: Unit, program_id: ProgramId, now: Replay) -> None:
    """Store how far a replay is; its row is locked."""
    unit.run(
        CHANGE,
        (
            now.state, encode_text(now.cursor), now.mark_us, now.queued, now.reason,
            now.updated_at_ms, now.finished_at_ms, program_id, now.id,
        ),
    )  # fmt: skip


def find_replay(
    unit: Unit, program_id: ProgramId, endpoint_id: str, replay_id: str, *, lock: bool = False
) -> Replay | None:
    """Give a replay of an endpoint."""
    query = Query(REPLAYS, program_id).where("id = ? AND endpoint_id = ?", replay_id, endpoint_id)
    rows = query.rows(unit, unit.dialect.lock if lock else "")
    return _replay(rows[0]) if rows else None


def replays(
    unit: Unit, program_id: ProgramId, endpoint_id: str, *, limit: int, after: str | None = None
) -> Page[Replay]:
    """Give the replays of an endpoint, the newest first.

    Errors: CursorError.
    """
    query = Query(REPLAYS, program_id).where("endpoint_id = ?", endpoint_id)
    query.given("id < ?", key_of(after, str)[0] if after else None)
    rows = query.rows(unit, "ORDER BY id DESC LIMIT ?", limit + 1)
    return page_of(rows, limit, _replay, lambda row: row[:1])


def running(unit: Unit) -> list[ReplayKey]:
    """Give all replays that run, in a steady order."""
    return [
        ReplayKey(ProgramId(program), EndpointId(endpoint), replay_id)
        for program, endpoint, replay_id in unit.rows(RUNNING)
    ]


def turn_replay(
    unit: Unit, program_id: ProgramId, endpoint_id: str, replay_id: str, turn: Turn, at_ms: int
) -> Replay | Refused | None:
    """Pause, resume or cancel a replay; None when the endpoint has no such replay.

    Shapes: deliveries that it made go out all the same. With a backfill that is cancelled the
    endpoint joins the present at once, without what is missing.
    Errors: refusal `replay.is_over`.
    """
    endpoint = find_endpoint(unit, program_id, endpoint_id, lock=True)
    found = find_replay(unit, program_id, endpoint_id, replay_id, lock=True)
    if found is None:
        return None
    state = turned(found.state, turn)
    if state is None:
        return refuse(REPLAY_IS_OVER)
    if state == found.state:
        return found
    now = replace(found, state=state, updated_at_ms=at_ms)
    if state == "cancelled":
        now = replace(now, finished_at_ms=at_ms)
        if found.kind == "backfill" and endpoint is not None:
            join_now(unit, program_id, endpoint.id, at_ms)
    save_replay(unit, program_id, now)
    return now


def join_now(unit: Unit, program_id: ProgramId, endpoint_id: EndpointId, at_ms: int) -> None:
    """Let facts be kept for an endpoint as they happen; its row is locked."""
    unit.run(JOIN_NOW, (at_ms, program_id, endpoint_id))


def end_replay(unit: Unit, program_id: ProgramId, ended: Replay, reason: str, at_ms: int) -> Replay:
    """Cancel a replay for a reason; its row is locked."""
    now = replace(
        ended, state="cancelled", reason=reason, updated_at_ms=at_ms, finished_at_ms=at_ms
    )
    save_replay(unit, program_id, now)
    return now


def resend(
    unit: Unit, program_id: ProgramId, delivery_id: str, *, at_ms: int, new_id: Callable[[], str]
) -> str | Refused | None:
    """Send the fact of a settled delivery again, alone; None when it or its endpoint is not there.

    Shapes: gives the id of the new delivery, a request of its own. It goes out even where the
    endpoint asks for fields that the event does not have.
    Errors: refusals `delivery.not_settled`, `endpoint.is_disabled`, `fact.expired`.
    """
    rows = unit.rows(BEFORE, (program_id, delivery_id))
    if not rows:
        return None
    [(endpoint_id, fact_id, fact_type, cause, position, status, member, is_expired)] = rows
    endpoint = find_endpoint(unit, program_id, endpoint_id, lock=True)
    if endpoint is None:
        return None
    if status not in SETTLED:
        return refuse(DELIVERY_NOT_SETTLED)
    if endpoint.status != "active":
        return refuse(ENDPOINT_IS_DISABLED)
    if is_expired:
        return refuse(FACT_EXPIRED)
    again = new_id()
    row = (
        program_id, again, endpoint_id, fact_id, fact_type, cause, position, "pending", at_ms, 0,
        order_key_of(endpoint.ordering, member), new_id(), delivery_id,
    )  # fmt: skip
    unit.insert("delivery", AGAIN, [row])
    return again


def _refused(unit: Unit, program_id: ProgramId, endpoint: Endpoint) -> Refused | None:
    if endpoint.status != "active":
        return refuse(ENDPOINT_IS_DISABLED)
    if open_backfill(unit, program_id, endpoint.id) is not None:
        return refuse(ENDPOINT_IS_CATCHING_UP)
    [(count_open,)] = unit.rows(OPEN, (program_id, endpoint.id))
    if count_open >= OPEN_MAX:
        return refuse(REPLAY_TOO_MANY, most=OPEN_MAX)
    return None


def open_backfill(unit: Unit, program_id: ProgramId, endpoint_id: EndpointId) -> Replay | None:
    """Give the backfill that an endpoint is catching up by; the endpoint's row is locked."""
    [(replay_id,)] = unit.rows(
        "SELECT backfill FROM endpoint WHERE program_id = ? AND id = ?", (program_id, endpoint_id)
    )
    if replay_id is None:
        return None
    return find_replay(unit, program_id, endpoint_id, replay_id, lock=True)


def _bounded(unit: Unit, program_id: ProgramId, wish: Wish) -> Wish:
    """Give a wish that ends with what is there now, and leaves out what no index has to read."""
    until = last_settled(unit, program_id)
    if wish.until is not None:
        until = min(until, wish.until)

    def first_from(position: int) -> Recorded | None:
        rows = unit.rows(FIRST_FROM, (program_id, position))
        return Recorded(*rows[0]) if rows else None

    after = min(wish.after, until)
    if wish.from_ms is not None:
        after = last_before(first_from, after, until, wish.from_ms)
    if wish.to_ms is not None:  # behind the first one that is surely later, all are
        until = last_before(first_from, after, until, wish.to_ms + 2 * DISORDER_MS)
    return replace(wish, after=after, until=until)


def _replay(row: Row) -> Replay:
    (
        replay_id, endpoint_id, kind, state, wish, cursor, mark_us, matched, is_exact, expired,
        queued, reason, created_at_ms, updated_at_ms, finished_at_ms,
    ) = row  # fmt: skip
    return Replay(
        id=replay_id,
        endpoint_id=endpoint_id,
        kind=kind,
        state=state,
        wish=decode(wish, Wish),
        cursor=decode(cursor, int if kind != "redrive" else str),
        mark_us=mark_us,
        matched=matched,
        is_exact=bool(is_exact),
        expired=expired,
        queued=queued,
        reason=reason,
        created_at_ms=created_at_ms,
        updated_at_ms=updated_at_ms,
        finished_at_ms=finished_at_ms,
    )
