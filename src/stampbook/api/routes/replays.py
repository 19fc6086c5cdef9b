"""Replays: facts that are sent to an endpoint again, and dead letters that are set free."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.api.desk import Desk
from stampbook.api.paging import Cursor, Paged, cursors_checked
from stampbook.api.problem import (
    CURSOR_INVALID,
    ENDPOINT_NOT_FOUND,
    FACT_TYPE_UNKNOWN,
    REPLAY_NOT_FOUND,
    ProblemError,
    RefusedError,
)
from stampbook.api.route import Answer, Write
from stampbook.core.refusals import (
    ENDPOINT_IS_CATCHING_UP,
    ENDPOINT_IS_DISABLED,
    MEMBER_NOT_FOUND,
    REPLAY_IS_OVER,
    REPLAY_TOO_MANY,
    Refused,
    refuse,
)
from stampbook.core.replays import (
    Only,
    PerSecond,
    Replay,
    ReplayKind,
    ReplayState,
    Turn,
    Wish,
)
from stampbook.store.backend import Unit
from stampbook.store.endpoints import Endpoint, find_endpoint
from stampbook.store.reading.members import find_id
from stampbook.store.reading.page import key_of
from stampbook.store.replays import find_replay, replays, start_replay, turn_replay
from stampbook.store.subscriptions import spoken
from stampbook.values.amounts import Key
from stampbook.values.ids import EndpointId, MemberId
from stampbook.values.instants import Instant, from_ms, optional_ms

EventTypes = Annotated[tuple[Key, ...], Meta(max_length=200)]


class CreateReplay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Facts to send to an endpoint again: new requests with the ids that the facts have.

    Shapes: what is left out chooses nothing away. Facts that happen from now on are no part of it,
    and those that were stored without webhooks are never sent, nor are those whose content has had
    its time.
    """

    endpoint_id: EndpointId
    types: EventTypes = ()
    """Native names; none is what the endpoint is sent."""
    recorded_from: Instant | None = None
    recorded_to: Instant | None = None
    """Facts recorded before."""
    after: Cursor | None = None
    """`next` of the feed: facts behind it."""
    until: Cursor | None = None
    """`next` of the feed: facts up to it."""
    member_id: Key | None = None
    only: Only = "all"
    """Whatever became of them; those that were given up; or those that the endpoint neither has
    received nor has on their way to it."""
    per_second: PerSecond | None = None
    """The most facts in a second; without it, as fast as the endpoint takes them."""
    dry_run: bool = False
    """Count them, and send nothing."""


class CreateRedrive(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dead letters to send again, as the requests that they were, from their first try."""

    endpoint_id: EndpointId
    types: EventTypes = ()
    """Native names; none is all."""
    recorded_from: Instant | None = None
    recorded_to: Instant | None = None
    """Facts recorded before."""
    per_second: PerSecond | None = None
    """The most facts in a second; without it, as fast as the endpoint takes them."""
    dry_run: bool = False
    """Count them, and send nothing."""


class OneReplay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A replay by its id."""

    endpoint_id: EndpointId
    replay_id: str


class PauseReplay(OneReplay, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A replay that is to rest. While a backfill rests, its endpoint gets nothing else either."""


class ResumeReplay(OneReplay, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A replay that rests and is to go on."""


class CancelReplay(OneReplay, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A replay to end; what it has queued goes out all the same.

    Shapes: with a backfill that is cancelled, the endpoint gets what happens from now on, without
    the rest of what it missed.
    """


class ListReplays(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The replays of an endpoint, the newest first."""

    endpoint_id: EndpointId


class ReplayInfo(Struct, frozen=True, kw_only=True):
    """A replay and how far it is.

    Shapes: a `backfill` brings an endpoint what it missed while it was disabled. `matched` is how
    many facts there were when it began, or at least so many where it is not `matched_exactly`;
    `queued` is how many of them wait for the endpoint or were sent to it. `expired` are facts that
    are left out, because what they say was not kept any more when it began. `reason` is why it
    ended before its end, where nobody asked for that.
    """

    id: str
    endpoint_id: EndpointId
    kind: ReplayKind
    state: ReplayState
    types: tuple[str, ...]
    only: Only
    recorded_from: Instant | None
    recorded_to: Instant | None
    member: MemberId | None
    per_second: float | None
    matched: int
    matched_exactly: bool
    expired: int
    queued: int
    reason: str
    created_at: Instant
    updated_at: Instant
    finished_at: Instant | None


class ReplayAsked(Struct, frozen=True, kw_only=True):
    """How many facts there are to send, and the replay that sends them; none in a dry run.

    Shapes: where it is not `matched_exactly` there may be more. `expired` are facts that are left
    out, because what they say is not kept any more.
    """

    matched: int
    matched_exactly: bool
    expired: int
    replay: ReplayInfo | None


class ReplayPage(Struct, frozen=True, kw_only=True):
    """Replays."""

    items: tuple[ReplayInfo, ...]
    next_cursor: str | None


def create_replay(desk: Desk, unit: Unit, asked: CreateReplay) -> ReplayAsked:
    """Begin a replay of facts."""
    endpoint = _known(desk, unit, asked.endpoint_id)
    _check_types(endpoint, asked.types)
    member = None
    if asked.member_id is not None:
        member = find_id(unit, desk.program_id, asked.member_id)
        if member is None:
            raise RefusedError(refuse(MEMBER_NOT_FOUND, field="/member_id"))
    wish = Wish(
        types=asked.types,
        only=asked.only,
        after=_position(asked.after, "/after") or 0,
        until=_position(asked.until, "/until"),
        from_ms=optional_ms(asked.recorded_from),
        to_ms=optional_ms(asked.recorded_to),
        member=member,
        per_second=asked.per_second,
    )
    return _start(desk, unit, endpoint, wish, "replay", dry_run=asked.dry_run)


def create_redrive(desk: Desk, unit: Unit, asked: CreateRedrive) -> ReplayAsked:
    """Begin to set dead letters free."""
    endpoint = _known(desk, unit, asked.endpoint_id)
    _check_types(endpoint, asked.types)
    wish = Wish(
        types=asked.types,
        from_ms=optional_ms(asked.recorded_from),
        to_ms=optional_ms(asked.recorded_to),
        per_second=asked.per_second,
    )
    return _start(desk, unit, endpoint, wish, "redrive", dry_run=asked.dry_run)


def list_replays(desk: Desk, asked: ListReplays) -> ReplayPage:
    """Give a page of replays."""
    with desk.present() as present, cursors_checked():
        if find_endpoint(present.unit, desk.program_id, asked.endpoint_id) is None:
            raise ProblemError(ENDPOINT_NOT_FOUND)
        page = replays(
            present.unit, desk.program_id, asked.endpoint_id, limit=asked.limit, after=asked.cursor
        )
        return ReplayPage(items=tuple(map(info_of, page.items)), next_cursor=page.next)


def read_replay(desk: Desk, asked: OneReplay) -> ReplayInfo:
    """Give one replay."""
    with desk.present() as present:
        found = find_replay(present.unit, desk.program_id, asked.endpoint_id, asked.replay_id)
    if found is None:
        raise ProblemError(REPLAY_NOT_FOUND)
    return info_of(found)


def pause_replay(desk: Desk, unit: Unit, asked: PauseReplay) -> ReplayInfo:
    """Let a replay rest."""
    return _turn(desk, unit, asked, "pause")


def resume_replay(desk: Desk, unit: Unit, asked: ResumeReplay) -> ReplayInfo:
    """Let a replay go on."""
    return _turn(desk, unit, asked, "resume")


def cancel_replay(desk: Desk, unit: Unit, asked: CancelReplay) -> ReplayInfo:
    """End a replay; what it has queued goes out."""
    return _turn(desk, unit, asked, "cancel")


def info_of(found: Replay) -> ReplayInfo:
    """Give a replay as the API shows it."""
    wish = found.wish
    return ReplayInfo(
        id=found.id,
        endpoint_id=found.endpoint_id,
        kind=found.kind,
        state=found.state,
        types=wish.types,
        only=wish.only,
        recorded_from=_instant(wish.from_ms),
        recorded_to=_instant(wish.to_ms),
        member=wish.member,
        per_second=wish.per_second,
        matched=found.matched,
        matched_exactly=found.is_exact,
        expired=found.expired,
        queued=found.queued,
        reason=found.reason,
        created_at=from_ms(found.created_at_ms),
        updated_at=from_ms(found.updated_at_ms),
        finished_at=_instant(found.finished_at_ms),
    )


def _start(
    desk: Desk, unit: Unit, endpoint: Endpoint, wish: Wish, kind: ReplayKind, *, dry_run: bool
) -> ReplayAsked:
    begun = start_replay(
        unit,
        desk.program_id,
        endpoint,
        wish,
        kind=kind,
        at_ms=desk.parts.engine.clock.real_ms(),
        new_id=desk.parts.new_id,
        dry_run=dry_run,
    )
    if isinstance(begun, Refused):
        raise RefusedError(begun)
    return ReplayAsked(
        matched=begun.matched,
        matched_exactly=begun.is_exact,
        expired=begun.expired,
        replay=None if dry_run else info_of(begun),
    )


def _turn(desk: Desk, unit: Unit, asked: OneReplay, turn: Turn) -> ReplayInfo:
    at_ms = desk.parts.engine.clock.real_ms()
    turned = turn_replay(unit, desk.program_id, asked.endpoint_id, asked.replay_id, turn, at_ms)
    if turned is None:
        raise ProblemError(REPLAY_NOT_FOUND)
    if isinstance(turned, Refused):
        raise RefusedError(turned)
    return info_of(turned)


def _known(desk: Desk, unit: Unit, endpoint_id: str) -> Endpoint:
    endpoint = find_endpoint(unit, desk.program_id, endpoint_id, lock=True)
    if endpoint is None:
        raise ProblemError(ENDPOINT_NOT_FOUND)
    return endpoint


def _check_types(endpoint: Endpoint, types: tuple[str, ...]) -> None:
    for name in types:
        if name not in spoken(endpoint.dialect):
            raise ProblemError(
                FACT_TYPE_UNKNOWN, f"The dialect has no fact {name}.", field="/types"
            )


def _position(cursor: str | None, field: str) -> int | None:
    if cursor is None:
        return None
    with cursors_checked():
        position: int = key_of(cursor, int)[0]
    if not 0 <= position < 1 << 63:
        raise ProblemError(CURSOR_INVALID, field=field)
    return position


def _instant(at_ms: int | None) -> Instant | None:
    return None if at_ms is None else from_ms(at_ms)


STARTING = (
    ENDPOINT_NOT_FOUND,
    FACT_TYPE_UNKNOWN,
    ENDPOINT_IS_DISABLED,
    ENDPOINT_IS_CATCHING_UP,
    REPLAY_TOO_MANY,
)
TURNING = (REPLAY_NOT_FOUND, REPLAY_IS_OVER)

ROUTES = (
    Answer(
        method="GET",
        path="/v1/endpoints/{endpoint_id}/replays",
        summary="List an endpoint's replays",
        scope="read",
        asks=ListReplays,
        gives=ReplayPage,
        refuses=(ENDPOINT_NOT_FOUND, CURSOR_INVALID),
        answers=list_replays,
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/replays",
        summary="Send facts to an endpoint again",
        scope="admin",
        asks=CreateReplay,
        gives=ReplayAsked,
        refuses=(*STARTING, MEMBER_NOT_FOUND, CURSOR_INVALID),
        writes=create_replay,
        example={
            "types": ["points.earned"],
            "recorded_from": "2026-03-01T00:00:00Z",
            "recorded_to": "2026-03-02T00:00:00Z",
            "only": "undelivered",
            "dry_run": True,
        },
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/redrive",
        summary="Send an endpoint's dead letters again",
        scope="admin",
        asks=CreateRedrive,
        gives=ReplayAsked,
        refuses=STARTING,
        writes=create_redrive,
        example={"per_second": 50},
    ),
    Answer(
        method="GET",
        path="/v1/endpoints/{endpoint_id}/replays/{replay_id}",
        summary="Read how far a replay is",
        scope="read",
        asks=OneReplay,
        gives=ReplayInfo,
        refuses=(REPLAY_NOT_FOUND,),
        answers=read_replay,
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/replays/{replay_id}/pause",
        summary="Pause a replay",
        scope="admin",
        asks=PauseReplay,
        gives=ReplayInfo,
        refuses=TURNING,
        writes=pause_replay,
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/replays/{replay_id}/resume",
        summary="Let a paused replay go on",
        scope="admin",
        asks=ResumeReplay,
        gives=ReplayInfo,
        refuses=TURNING,
        writes=resume_replay,
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/replays/{replay_id}/cancel",
        summary="Cancel a replay",
        scope="admin",
        asks=CancelReplay,
        gives=ReplayInfo,
        refuses=TURNING,
        writes=cancel_replay,
    ),
)
