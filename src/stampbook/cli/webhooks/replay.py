"""Send facts of the past to an endpoint again."""

from typing import Annotated

from cyclopts import Parameter
from msgspec.structs import replace

from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.replaying import EndpointArgument, ReplayOptions, run_replay
from stampbook.core.replays import Only, Wish
from stampbook.store.backend import Backend
from stampbook.store.reading.members import find_id
from stampbook.store.reading.page import CursorError, key_of
from stampbook.values.ids import MemberId, ProgramId

NO_OPTIONS = ReplayOptions()


def command(
    endpoint: EndpointArgument,
    /,
    *,
    after: Annotated[str | None, Parameter(help="Facts behind this cursor of the feed.")] = None,
    until: Annotated[str | None, Parameter(help="Facts up to this cursor of the feed.")] = None,
    member: Annotated[str | None, Parameter(help="The member_id of a member: theirs.")] = None,
    only: Annotated[
        Only,
        Parameter(help="By what became of them: those that were given up, or did not arrive."),
    ] = "all",
    options: ReplayOptions = NO_OPTIONS,
) -> int:
    """Send facts of the past to an endpoint again, in their order, each as a new request.

    A fact keeps its id, so the receiver can tell that it has it. Facts that happen from now on are
    no part of it. Ctrl-C lets it rest; the command that it prints goes on.
    """

    def choose(backend: Backend, program_id: ProgramId, wish: Wish) -> Wish:
        return replace(
            wish,
            only=only,
            after=_position(after) or 0,
            until=_position(until),
            member=_member(backend, program_id, member),
        )

    return run_replay("replay", endpoint, options, choose)


def _position(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        position: int = key_of(cursor, int)[0]
    except CursorError as error:
        raise CommandError(f"{cursor} is no cursor.", "Give `next` of the feed.") from error
    return position


def _member(backend: Backend, program_id: ProgramId, member_id: str | None) -> MemberId | None:
    if member_id is None:
        return None
    with backend.read() as unit:
        member = find_id(unit, program_id, member_id)
    if member is None:
        raise CommandError(f"There is no member {member_id}.", "Check the member_id.")
    return member
