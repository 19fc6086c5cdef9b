"""Clock: a sandbox's test clock shows the time that it was told, and moves forward on request."""

import time
from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from stampbook.api.decoding import YEAR_MAX
from stampbook.api.desk import Desk
from stampbook.api.problem import (
    ENGINE_BUSY,
    ENGINE_UNAVAILABLE,
    REQUEST_INVALID,
    ProblemError,
    RefusedError,
)
from stampbook.api.route import Answer, Run
from stampbook.clockwork.advance import advance
from stampbook.clockwork.sweep import Progress, SweepError
from stampbook.core.refusals import CLOCK_BACKWARDS, CLOCK_IS_REAL, Refused
from stampbook.engine.queue import QueueFullError
from stampbook.values.calendars import after_days, after_months
from stampbook.values.instants import Instant, from_ms, to_ms

STEP_SECONDS_MAX = 5.0
"""How long one request moves the clock before it answers how far it came."""


class ReadClock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clock of the key's program."""


class Clock(Struct, frozen=True, kw_only=True):
    """A program's clock."""

    clock: Literal["real", "test"]
    now: Instant
    target: Instant | None
    """Where a test clock is being moved to."""


class AdvanceClock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to move a test clock: to an instant, or by some time.

    Shapes: `to` alone, or at least one of the others, which add up. Days and months keep the local
    time of day in the program's time zone.
    """

    to: Instant | None = None
    months: Annotated[int, Meta(ge=1, le=120)] | None = None
    days: Annotated[int, Meta(ge=1, le=3660)] | None = None
    hours: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class ClockAdvanced(Struct, frozen=True, kw_only=True):
    """How far the clock came.

    Shapes: when not `finished`, send the same request again with the same Idempotency-Key, or
    without a key one with `to` set to `target`: what is done is done, and the rest goes on from
    `now`.
    """

    before: Instant
    now: Instant
    target: Instant
    items: int
    """What fell due and was done by this request: expiries, approvals, ends of periods."""
    left: int
    """What broke or was refused: the log says which, and the next advance tries again."""
    finished: bool


class ClockMove(Struct, frozen=True, kw_only=True):
    """Where the clock was when the move was first asked for, and where it goes."""

    before: Instant
    target: Instant


class EnoughError(Exception):
    """The request has had its time."""


def read_clock(desk: Desk, asked: ReadClock) -> Clock:
    """Give the clock."""
    del asked
    with desk.present() as present:
        return Clock(
            clock="real" if present.test_ms is None else "test",
            now=present.now,
            target=None if present.target_ms is None else from_ms(present.target_ms),
        )


def aim_clock(desk: Desk, asked: AdvanceClock) -> ClockMove:
    """Say where a move ends, once: by some days it is another instant when it is asked again."""
    with desk.present() as present:
        target = _target(asked, present.now, present.program.definition.time_zone)
        return ClockMove(before=present.now, target=target)


def advance_clock(desk: Desk, move: ClockMove) -> ClockAdvanced:
    """Move the clock, and have done what falls due on the way, for a bounded time."""
    with desk.present() as present:
        now, going_to_ms = present.now, present.target_ms
    before, target = move.before, move.target
    if before < target <= now and to_ms(target) != going_to_ms:
        # an earlier try came there, and nobody was told
        return ClockAdvanced(before=before, now=now, target=target, items=0, left=0, finished=True)
    until = time.monotonic() + STEP_SECONDS_MAX
    latest = Progress(items=0, reached=now, finished=False)

    def watch(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        if not progress.finished and time.monotonic() > until:
            raise EnoughError

    try:
        report = advance(
            desk.parts.engine, desk.program_id, target, cause=desk.request_id, on_progress=watch
        )
    except EnoughError:
        return ClockAdvanced(
            before=before,
            now=latest.reached,
            target=target,
            items=latest.items,
            left=latest.left,
            finished=False,
        )
    except QueueFullError as error:
        raise ProblemError(ENGINE_BUSY) from error
    except SweepError as error:
        raise ProblemError(ENGINE_UNAVAILABLE) from error
    if isinstance(report, Refused):
        raise RefusedError(report)
    return ClockAdvanced(
        before=before,
        now=report.now,
        target=target,
        items=report.items,
        left=report.left,
        finished=True,
    )


def _target(asked: AdvanceClock, now: Instant, zone: str) -> Instant:
    by = (asked.months, asked.days, asked.hours)
    if (asked.to is not None) == any(by):
        raise ProblemError(REQUEST_INVALID, "Send `to` alone, or any of months, days and hours.")
    if asked.to is not None:
        return asked.to
    target = after_months(now, asked.months, zone) if asked.months else now
    target = after_days(target, asked.days, zone) if asked.days else target
    target += timedelta(hours=asked.hours or 0)
    if target.year >= YEAR_MAX:
        raise ProblemError(REQUEST_INVALID, f"The clock stays before the year {YEAR_MAX}.")
    return target


ROUTES = (
    Answer(
        method="GET",
        path="/v1/clock",
        summary="Read the clock",
        scope="read",
        asks=ReadClock,
        gives=Clock,
        answers=read_clock,
    ),
    Run(
        method="POST",
        path="/v1/clock/advance",
        summary="Move a test clock forward",
        scope="admin",
        asks=AdvanceClock,
        gives=ClockAdvanced,
        refuses=(CLOCK_IS_REAL, CLOCK_BACKWARDS, ENGINE_BUSY),
        prepares=aim_clock,
        prepared=ClockMove,
        runs=advance_clock,
        example={"days": 30},
    ),
)
