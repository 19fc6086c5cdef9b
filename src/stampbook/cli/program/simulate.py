"""Run a changed program over what really happened."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.definitions import defined, read_source
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, InstantOption, ProgramOption, TomlFile
from stampbook.cli.terminal.output import say, tell
from stampbook.cli.terminal.progress import progress_bar
from stampbook.cli.terminal.settings import configuration
from stampbook.engine.clock import real_ms
from stampbook.simulation.comparison import Report, valued
from stampbook.simulation.run import groups, prepare
from stampbook.simulation.workers import simulate_all
from stampbook.store.programs import Programs
from stampbook.values.instants import from_ms
from stampbook.values.json import encode_text

BUCKETS = ("issued", "earned", "available", "pending", "held", "redeemed", "deducted", "expired")


def command(
    file: TomlFile,
    /,
    *,
    since: Annotated[
        InstantOption | None,
        Parameter(help="When the change would have come (default: before everything)."),
    ] = None,
    json: Annotated[bool, Parameter(help="Print the report as one line of JSON.")] = False,
    processes: Annotated[
        int | None, Parameter(help="How many processes (default: one for each core).")
    ] = None,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Run a program's file over the stored history, store nothing, and say who gains or loses."""
    wanted = defined(read_source(file), file)
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        until = from_ms(real_ms()) if chosen.now is None else chosen.now
        with backend.read() as unit:
            programs = Programs()
            present = programs.definition(unit, chosen.id, chosen.version)
            simulation = prepare(unit, programs, chosen.id, wanted, since=since, until=until)
            members = groups(unit, chosen.id)
    url = configuration(database).settings.database.url
    total, done = sum(map(len, members)), 0
    with progress_bar("Replaying members", total, "members") as progress:

        def advance(number: int) -> None:
            nonlocal done
            done += number
            progress(done)

        report = simulate_all(url, simulation, members, advance, processes=processes)
    report = valued(report, present, wanted)
    if json:
        say(encode_text(report))
    else:
        _show(report, present.currency)


def _show(report: Report, currency: str) -> None:
    say(
        f"{report.members} members: {report.gaining} gain, {report.losing} lose, "
        f"{report.members - report.gaining - report.losing} stay as they are."
    )
    rows: list[tuple[object, ...]] = [
        (name, before, after, after - before)
        for name in BUCKETS
        for before in (getattr(report.before.balances, name),)
        for after in (getattr(report.after.balances, name),)
    ]
    liabilities = report.before.liability, report.after.liability
    worth = f"liability, {currency}"
    rows.append((worth, *liabilities, round(liabilities[1] - liabilities[0], 2)))
    refused = report.before.refused, report.after.refused
    rows.append(("requests refused", *refused, refused[1] - refused[0]))
    tell(("points", "now", "then", "change"), rows, numbers=("now", "then", "change"))
    if report.tier_moves:
        moves = [(move.before, move.after, move.members) for move in report.tier_moves]
        tell(("tier now", "tier then", "members"), moves, numbers=("members",))
    for one in report.biggest:
        say(f"{one.member_id}: {one.after} points, now {one.before} ({one.change:+}).")
        for sentence in one.because:
            say(f"    {sentence}")
    if report.unlike_the_ledger:
        say(
            f"{report.unlike_the_ledger} members stand elsewhere in the ledger than the replay of "
            "the present program: stock, merges and referrals are not replayed in full."
        )
    if report.forgotten:
        say(
            f"{report.forgotten} members are left out: a part of their history is not kept any "
            "more (retention.facts_days)."
        )
