"""What the clock tests share: members with work that falls due, and jobs that enrol people."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from stampbook.clockwork.advance import AdvanceReport, advance
from stampbook.clockwork.jobs import Job
from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.core.definition import Definition
from stampbook.core.draft import Program
from stampbook.core.growth import Reminders
from stampbook.engine.submission import Done
from stampbook.store.backend import Unit
from stampbook.store.verify import verify
from stampbook.values.instants import Instant, from_ms
from tests.engine.shop import DEFINITION, PROGRAM, START_MS, Shop
from tests.engine.shop import opened as opened_shop

START = from_ms(START_MS)
DAY = timedelta(days=1)
DAY_MS = 86_400_000
QUIET = replace(DEFINITION, reminders=Reminders(expiring_days=()))

Opened = AbstractContextManager[Shop]


def fill(shop: Shop, members: int = 5) -> None:
    """Enrol members; each has points that expire in six months and an award that waits two days."""
    for number in range(members):
        key = f"m{number}"
        for command in (
            EnrollMember(member_id=key),
            AwardPoints(member_id=key, activity_id="visit"),
            AwardPoints(member_id=key, activity_id="wait"),
        ):
            assert isinstance(shop.do(command), Done)


def moved(shop: Shop, to: Instant, **options: Any) -> AdvanceReport:
    report = advance(shop.engine, PROGRAM, to, cause="advance", **options)
    assert isinstance(report, AdvanceReport)
    return report


def sound(shop: Shop) -> bool:
    with shop.backend.read() as unit:
        return not list(verify(unit, PROGRAM))


def opened(url: str, *, definition: Definition = QUIET, **options: Any) -> Opened:
    """Open a shop that reminds nobody, so that tests can count what falls due."""
    return opened_shop(url, definition=definition, **options)


class Enrolments:
    """A job's work: people who are to be enrolled, each at an instant; `asked` counts questions.

    Shapes: somebody enrolled is not due any more. Who is in `nobodys` gets points without being a
    member, which is refused and leaves the work due; for the `stubborn` the member "m0" gets them,
    which leaves it due as well.
    """

    def __init__(
        self, due: dict[str, Instant], nobodys: Sequence[str] = (), stubborn: Sequence[str] = ()
    ) -> None:
        self.due = due
        self.stubborn = stubborn
        self.nobodys = nobodys
        self.asked = 0

    def job(self, rank: int = 10) -> Job:
        return Job(rank=rank, next_at=self.next_at, commands=self.commands)

    def next_at(self, unit: Unit, program: Program) -> Instant | None:
        return min((at for at, _ in self._left(unit, program)), default=None)

    def commands(self, unit: Unit, program: Program, until: Instant, limit: int) -> list[Command]:
        self.asked += 1
        due = sorted((at, key) for at, key in self._left(unit, program) if at <= until)
        return [self._command(key) for _, key in due[:limit]]

    def _left(self, unit: Unit, program: Program) -> list[tuple[Instant, str]]:
        rows = unit.rows("SELECT member_id FROM member WHERE program_id = ?", (program.id,))
        there = {row[0] for row in rows}
        return [(at, key) for key, at in self.due.items() if key not in there]

    def _command(self, key: str) -> Command:
        if key in self.nobodys:
            return AwardPoints(member_id=key, activity_id="visit")
        if key in self.stubborn:
            return AwardPoints(member_id="m0", activity_id="visit")
        return EnrollMember(member_id=key)


class Departures(Enrolments):
    """Members who are to be deleted, many by one command; with a nobody among them it is refused.

    Shapes: they are due in the order of their names.
    """

    def _left(self, unit: Unit, program: Program) -> list[tuple[Instant, str]]:
        sql = "SELECT member_id FROM member WHERE program_id = ? AND status <> 'deleted'"
        there = {row[0] for row in unit.rows(sql, (program.id,))}.union(self.nobodys)
        return [(at, key) for key, at in self.due.items() if key in there]

    def commands(self, unit: Unit, program: Program, until: Instant, limit: int) -> list[Command]:
        self.asked += 1
        due = sorted((at, key) for at, key in self._left(unit, program) if at <= until)
        return [DeleteMembers(member_ids=tuple(key for _, key in due[:limit]))] if due else []
