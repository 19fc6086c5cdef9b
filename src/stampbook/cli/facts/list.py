"""List the newest facts of a program."""

import time
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct

from stampbook.cli.terminal.interrupts import interruptible
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say, spell_time
from stampbook.store.backend import Backend, Unit
from stampbook.store.reading.facts import FactLine, FactsExpiredError, Feed, feed
from stampbook.store.reading.page import PAGE_MAX, cursor_of
from stampbook.values.ids import ProgramId
from stampbook.values.json import decode

FOLLOW_SECONDS = 0.5
BEFORE_TAIL = (
    "SELECT position FROM fact WHERE program_id = ? ORDER BY position DESC LIMIT 1 OFFSET ?"
)


class WhoseFact(Struct):
    """The member's own key, of a fact's member."""

    member_id: str


class FactHead(Struct):
    """Of a fact's data, what the list shows."""

    member: WhoseFact


def command(
    *,
    last: Annotated[int, Parameter(help=f"How many (default: 20); at most {PAGE_MAX}.")] = 20,
    type_: Annotated[
        tuple[str, ...],
        Parameter(name="--type", help="Only this kind of fact; may be given several times."),
    ] = (),
    follow: Annotated[bool, Parameter(help="Go on with new ones, until Ctrl-C.")] = False,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """List the newest facts of a program, oldest of them first."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        after = _before_tail(backend, chosen.id, min(max(last, 0), PAGE_MAX))
        with interruptible() as wants_to_stop:
            while not wants_to_stop():
                with backend.read() as unit:
                    found = _feed(unit, chosen.id, type_, after)
                for fact in found.items:
                    say(_line(fact))
                after = found.next
                if not found.has_more:
                    if not follow:
                        return
                    time.sleep(FOLLOW_SECONDS)


def _feed(unit: Unit, program_id: ProgramId, types: tuple[str, ...], after: str) -> Feed:
    """Give a piece of the feed; what is not kept any more is left out."""
    try:
        return feed(unit, program_id, types=types, limit=PAGE_MAX, after=after)
    except FactsExpiredError as error:
        return feed(unit, program_id, types=types, limit=PAGE_MAX, after=error.next)


def _before_tail(backend: Backend, program_id: ProgramId, facts: int) -> str:
    """Give the cursor behind which so many facts stand."""
    with backend.read() as unit:
        rows = unit.rows(BEFORE_TAIL, (program_id, facts))
    return cursor_of(rows[0][0] if rows else 0)


def _line(fact: FactLine) -> str:
    who = decode(bytes(fact.data), FactHead).member.member_id
    at = spell_time(fact.occurred_at)
    return f"{at}  {fact.type:<26}  {who}  #{fact.sequence}  {fact.cause}"
