"""A member whose due work breaks holds up nobody else, and is tried again later."""

import pytest
from msgspec import Struct

from stampbook.clockwork.runs import SET_ASIDE_MAX
from stampbook.clockwork.sweep import SweepError
from stampbook.commands import Command, decide
from stampbook.commands.run_due import RunDue
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from tests.clockwork.stage import DAY, START, fill, moved, opened, sound
from tests.engine.shop import START_MS


class Breaking:
    """Decides as ever, but breaks over the due work of some members."""

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)

    def __call__(self, draft: Draft, command: Command) -> Struct | Refused:
        if isinstance(command, RunDue):
            books = (draft.book(member) for member in draft.state.due)
            due = {book.member.member_id for book in books}
            assert not due & self.broken, "this member's work breaks"
        return decide(draft, command)


def test_a_member_whose_work_breaks_is_set_aside(database_url: str) -> None:
    breaking = Breaking("m3")
    with opened(database_url, test_clock_ms=START_MS, decide=breaking) as shop:
        fill(shop, 12)
        report = moved(shop, START + 190 * DAY)
        assert (report.items, report.left) == (11 * 3, 1)
        left = shop.rows("SELECT member_id FROM member WHERE available > 0")
        assert left == [("m3",)]
        breaking.broken.clear()
        report = moved(shop, START + 191 * DAY)
        assert (report.items, report.left) == (3, 0)
        assert shop.rows("SELECT DISTINCT available FROM member") == [(0,)]
        assert sound(shop)


def test_a_sweep_over_too_many_broken_members_stops(database_url: str) -> None:
    members = SET_ASIDE_MAX + 3
    breaking = Breaking(*(f"m{number}" for number in range(members)))
    with opened(database_url, test_clock_ms=START_MS, decide=breaking) as shop:
        fill(shop, members)
        with pytest.raises(SweepError):
            moved(shop, START + 3 * DAY)
        assert shop.rows("SELECT target_ms FROM program") != [(None,)]
