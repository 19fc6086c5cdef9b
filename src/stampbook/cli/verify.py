"""Work out everything again from the ledger, and name what differs."""

from itertools import chain, islice
from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.errors import FAILED, complain
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption
from stampbook.cli.terminal.output import say, tell
from stampbook.store.reading.programs import programs
from stampbook.store.verify import Verified, verify

SHOWN_MAX = 1000
"""Differences that are named; the rest is counted."""


def command(
    *,
    program: Annotated[str | None, Parameter(help="Id or name of one (default: all).")] = None,
    database: DatabaseOption = None,
) -> int:
    """Work out everything again from the ledger, and name what differs from what is stored.

    Balances, lots, tiers, counters, facts and deliveries of every member are compared, of one
    program or of all. It may run while the server is at work. It exits with 1 when anything
    differs.
    """
    seen = Verified()
    with opened_backend(database) as backend:
        chosen = None if program is None else choose_program(backend, program).id
        with backend.read() as unit:
            wanted = [one.id for one in programs(unit)] if chosen is None else [chosen]
            found = chain.from_iterable(verify(unit, each, seen) for each in wanted)
            shown = list(islice(found, SHOWN_MAX))
            others = sum(1 for _ in found)
    looked = f"{seen.members:,} members, {seen.entries:,} entries and {seen.facts:,} facts"
    if not shown:
        say(f"Sound: {looked} agree.")
        return 0
    tell(
        ["program", "member", "what", "by the ledger", "stored"],
        [[one.program, one.member, one.what, one.expected, one.found] for one in shown],
    )
    complain(
        f"{len(shown) + others:,} differences in {looked}.",
        "Stop the server, keep a copy of the database, and report it with this table.",
    )
    return FAILED
