"""Activation: an endpoint is left, comes back to what it missed, or is tried again at once.

Everything here is done under the lock of the endpoint's row. While an endpoint is disabled the
lane says after which fact nothing is surely kept for it; while it catches up, its backfill does.

Source: decisions/0024.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.health import Health
from stampbook.core.lease import EndpointKey
from stampbook.core.replays import Replay, Wish
from stampbook.store.backend import Unit
from stampbook.store.endpoints import Endpoint, EndpointStatus, change_endpoint
from stampbook.store.health_facts import Change, state_changes
from stampbook.store.lanes import read_lane, save_lanes
from stampbook.store.reading.facts import last_settled
from stampbook.store.replay_choice import Audience, choose_facts
from stampbook.store.replays import add_replay, counted, end_replay, make_due, open_backfill
from stampbook.values.ids import ProgramId

HASTENED_MAX = 5_000
"""Deliveries that are due at once when an endpoint is tried again; the others keep their time."""

FILLED_MAX = 5_000
"""Facts that are made at once before those that an endpoint was left with; there are as many as
batches that ran while it was left have stored."""

SET = (
    "UPDATE endpoint SET status = ?, backfill = ?, updated_at_ms = ? "
    "WHERE program_id = ? AND id = ?"
)
NEWEST_KEPT = (
    "SELECT coalesce(max(position), 0) FROM delivery{using} WHERE program_id = ? "
    "AND endpoint_id = ? AND order_key = '' AND status IN ('pending', 'leased')"
)
LEAVE_BACKFILL = "UPDATE endpoint SET backfill = NULL WHERE program_id = ? AND id = ?"
LATER = (
    "SELECT id, due_at_ms FROM delivery{using} WHERE program_id = ? AND endpoint_id = ? "
    "AND status IN ('pending', 'leased') AND due_at_ms > ? ORDER BY due_at_ms, position LIMIT ?"
)
WAS_DISABLED = "The endpoint was disabled."
WAS_ACTIVATED = "It was activated again."


class Hand(Struct, frozen=True, kw_only=True):
    """Who changes an endpoint: the request or the command, when, and where new ids come from."""

    cause: str
    at_ms: int
    new_id: Callable[[], str]


class Standing(Struct, frozen=True, kw_only=True):
    """How it stands with an endpoint: the backfill is there while it catches up."""

    status: EndpointStatus
    health: Health
    backfill: Replay | None = None


def revise(
    unit: Unit, program_id: ProgramId, before: Endpoint, after: Endpoint, hand: Hand
) -> None:
    """Store what an endpoint whose row is locked has become, its status included."""
    change_endpoint(unit, program_id, after, hand.at_ms)
    kept = replace(after, status=before.status)
    if after.status == "disabled":
        deactivate(unit, program_id, kept, hand.at_ms)
    else:
        activate(unit, program_id, kept, hand, backfill=True)


def activate(
    unit: Unit, program_id: ProgramId, endpoint: Endpoint, hand: Hand, *, backfill: bool
) -> Standing:
    """Let an endpoint be sent facts again, and first what it missed, unless that is unwanted.

    Shapes: one that is active stays as it is. A healthy one is sent several requests at once, any
    other one at a time until it has answered.
    """
    key = EndpointKey(program_id, endpoint.id)
    at_ms, new_id = hand.at_ms, hand.new_id
    lane = read_lane(unit, key)
    if endpoint.status == "active":
        catching_up = open_backfill(unit, program_id, endpoint.id)
        return Standing(status="active", health=lane.health, backfill=catching_up)
    begun = None
    if backfill and lane.left_at_position is not None:
        begun = _begin(unit, program_id, endpoint, lane.left_at_position, at_ms, new_id)
    health = reopened(lane.health, at_ms)
    change = Change(
        endpoint=key,
        before=lane.health,
        now=health,
        reason=WAS_ACTIVATED,
        cause=hand.cause,
        facts=lane.facts,
    )
    facts = state_changes(unit, [change], new_id, at_ms)[key]
    lane = replace(lane, health=health, facts=facts, left_at_position=None)
    save_lanes(unit, [(key, lane, endpoint.conduct)])
    unit.run(SET, ("active", begun and begun.id, at_ms, *key))
    _hasten(unit, key, at_ms)
    return Standing(status="active", health=health, backfill=begun)


def deactivate(unit: Unit, program_id: ProgramId, endpoint: Endpoint, at_ms: int) -> None:
    """Send an endpoint nothing more, and remember where it was left."""
    if endpoint.status == "disabled":
        return
    key = EndpointKey(program_id, endpoint.id)
    lane = replace(read_lane(unit, key), left_at_position=left_at(unit, key, at_ms))
    save_lanes(unit, [(key, lane, endpoint.conduct)])
    unit.run(SET, ("disabled", None, at_ms, *key))


def left_at(unit: Unit, key: EndpointKey, at_ms: int) -> int:
    """Give the last position up to which all is kept for an endpoint that is about to be disabled.

    Shapes: what was stored later may be kept or not, and a backfill looks; so a batch that commits
    after this and read the endpoint as active or as disabled is right either way. An endpoint that
    was catching up is left where it had come to, and its backfill ends.
    """
    catching_up = open_backfill(unit, key.program_id, key.endpoint_id)
    if catching_up is None:
        return last_settled(unit, key.program_id)
    end_replay(unit, key.program_id, catching_up, WAS_DISABLED, at_ms)
    unit.run(LEAVE_BACKFILL, key)
    assert isinstance(catching_up.cursor, int)
    return catching_up.cursor


def resume(unit: Unit, program_id: ProgramId, endpoint: Endpoint, at_ms: int) -> Standing:
    """End the pause of an endpoint that is not well: what waits for it is tried at once.

    Shapes: its health stays until it answers.
    """
    key = EndpointKey(program_id, endpoint.id)
    lane = read_lane(unit, key)
    lane = replace(lane, health=tried_at_once(lane.health))
    save_lanes(unit, [(key, lane, endpoint.conduct)])
    _hasten(unit, key, at_ms)
    return Standing(
        status=endpoint.status,
        health=lane.health,
        backfill=open_backfill(unit, program_id, endpoint.id),
    )


def reopened(health: Health, at_ms: int) -> Health:
    """Give what an endpoint is when it is active again: if it was not well, it has to climb."""
    if health.state == "healthy":
        return tried_at_once(health)
    return Health(state="degraded", since_ms=at_ms)


def tried_at_once(health: Health) -> Health:
    """Give a health without its pause."""
    return replace(health, pause_until_ms=0)


def _begin(
    unit: Unit,
    program_id: ProgramId,
    endpoint: Endpoint,
    left_at_position: int,
    at_ms: int,
    new_id: Callable[[], str],
) -> Replay:
    begun = Replay(
        id=new_id(),
        endpoint_id=endpoint.id,
        kind="backfill",
        state="running",
        wish=Wish(after=left_at_position),
        cursor=left_at_position,
        created_at_ms=at_ms,
        updated_at_ms=at_ms,
    )
    begun = counted(unit, program_id, endpoint, begun)
    if endpoint.ordering == "endpoint":
        begun = _filled(unit, Audience.of(program_id, endpoint), begun, new_id)
    add_replay(unit, program_id, begun)
    return begun


def _filled(unit: Unit, audience: Audience, begun: Replay, new_id: Callable[[], str]) -> Replay:
    """Make at once what is missing before the last fact that is kept and waits.

    It would be sent now, before what the backfill brings; of one member no such fact is missing.
    """
    newest = NEWEST_KEPT.format(using=unit.dialect.using("ix_delivery_order"))
    [(last,)] = unit.rows(newest, (audience.program_id, audience.endpoint_id))
    until = min(last, last_settled(unit, audience.program_id))
    chosen = choose_facts(unit, audience, begun, begun.wish.after, until, FILLED_MAX)
    make_due(unit, audience, chosen, begun.id, begun.created_at_ms, new_id)
    return replace(begun, queued=len(chosen))


def _hasten(unit: Unit, key: EndpointKey, at_ms: int) -> None:
    """Let what waits to be tried again be due at once; a request's deliveries stay together."""
    later = LATER.format(using=unit.dialect.using("ix_delivery_due"))
    rows = unit.rows(later, (*key, at_ms, HASTENED_MAX + 1))
    if len(rows) > HASTENED_MAX:
        cut_ms = rows[-1][1]
        rows = [row for row in rows if row[1] < cut_ms]
    changes = sorted((id_, due_ms) for id_, due_ms in rows)
    unit.change(
        "delivery",
        ("due_at_ms",),
        ("program_id", "id", "due_at_ms"),
        [(at_ms, key.program_id, id_, due_ms) for id_, due_ms in changes],
    )
