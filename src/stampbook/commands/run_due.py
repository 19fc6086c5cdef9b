"""Run what falls due: expiry, auto-approval, hold time-outs, tier periods, inactivity."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Due, Needs
from stampbook.core.draft import Draft
from stampbook.core.due import run_earliest
from stampbook.values.instants import Instant

MEMBERS_PER_RUN_MAX = 500


class RunDue(Command, frozen=True, kw_only=True):
    """Run the work of the earliest members that is due at `until` or before.

    Shapes: not part of the API; the clockwork submits it until `DueRan.finished`.
    """

    until: Instant
    limit: Annotated[int, Meta(ge=1, le=MEMBERS_PER_RUN_MAX)] = MEMBERS_PER_RUN_MAX


class DueRan(Struct, frozen=True, kw_only=True):
    """What ran: `reached` is the instant up to which nothing is left."""

    items: int
    reached: Instant
    finished: bool


def _needs(command: RunDue) -> Needs:
    return Needs(due=Due(command.until, command.limit))


def _decide(draft: Draft, command: RunDue) -> DueRan:
    items, reached, finished = run_earliest(draft, command.until)
    return DueRan(items=items, reached=reached, finished=finished)


COMMAND = CommandType(command=RunDue, result=DueRan, needs=_needs, decide=_decide)
