"""Reminders, offers and birthdays in any order of clock moves and commands, against the model."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.update_member import UpdateMember
from stampbook.core.definition import Activity, Computation, Definition, Expiry
from stampbook.core.growth import Reminders, Winback
from stampbook.core.refusals import Refused
from stampbook.facts import Fact
from stampbook.facts.points.earned import PointsEarned
from stampbook.facts.points.expiring import PointsExpiring
from stampbook.facts.points.unused import PointsUnused
from stampbook.facts.winback.offered import WinbackOffered
from tests.model import almanac
from tests.model.attention import Customer, Plans, Told
from tests.property.harness import Harness
from tests.property.invariants import check

pytestmark = pytest.mark.timeout(1800)  # the deep profile walks for minutes

ADA = "ada"
EXPIRIES = {
    "short": Expiry(days=9),
    "long": Expiry(days=16),
    "month": Expiry(end_of="month"),
    "ever": Expiry(),
}
STARTS = [
    ("UTC", datetime(2027, 12, 20, tzinfo=UTC)),
    ("UTC", datetime(2028, 2, 10, 7, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 10, 9, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 5, 22, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 2, 20, 23, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 10, 20, 12, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 1, 3, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2026, 3, 15, 5, tzinfo=UTC)),
]
WAITS = [1, 5, 24, 24, 3 * 24, 7 * 24 - 1, 20 * 24, 60 * 24]
"""Units: hours."""

OFTEN = timedelta(hours=7)

Step = tuple[str, Any]


def plans_of(zone: str) -> Plans:
    return Plans(
        zone=zone,
        expiring_days=(7, 4, 2),
        unused_days=5,
        unused_minimum=40,
        away_days=8,
        bonus=30,
        valid_days=3,
        cake=10,
    )


def definition_of(plans: Plans) -> Definition:
    def fixed(name: str, **fields: Any) -> Activity:
        computation = Computation(kind="fixed", points=plans.cake)
        return Activity(id=name, name=name, computation=computation, **fields)

    return Definition(
        name="Attentive",
        time_zone=plans.zone,
        activities=(
            *(fixed(name, expiry=expiry) for name, expiry in EXPIRIES.items()),
            fixed("cake", on="birthday"),
            fixed("visit"),
            fixed("bonus"),
        ),
        reminders=Reminders(
            expiring_days=plans.expiring_days,
            unused_points_days=plans.unused_days,
            unused_points_minimum=plans.unused_minimum,
        ),
        winback=Winback(
            after_days=plans.away_days,
            activity="visit",
            bonus_activity="bonus",
            bonus_points=plans.bonus,
            valid_days=plans.valid_days,
        ),
    )


class Pair:
    """One member in the core and in the model."""

    def __init__(self, zone: str, start: datetime) -> None:
        plans = plans_of(zone)
        self.core = Harness(definition_of(plans), start)
        self.model = Customer(plans, start, start)
        self.run(EnrollMember(member_id=ADA))

    def run(self, command: Command) -> Any:
        result = self.core.run(command)
        check(self.core)
        return result

    def step(self, what: str, value: Any) -> None:
        self.model.live_until(self.core.now)
        match what:
            case "wait":
                self.core.now += timedelta(hours=value)
            case "sweep":
                self.core.sweep()
            case "get":
                self.get(*value)
            case "visit":
                self.run(AwardPoints(member_id=ADA, activity_id="visit"))
                self.model.visit(self.model.plans.cake)
            case "lose":
                points = min(value, self.model.balance())
                command = DeductPoints(member_id=ADA, points=max(points, 1))
                if not isinstance(self.run(command), Refused):
                    self.model.lose(points)
            case "block":
                self.run(UpdateMember(member_id=ADA, status="blocked" if value else "active"))
                self.model.blocked = value
            case _:
                born = self.core.now.date() + timedelta(days=value)
                born = born.replace(year=1992) if value % 2 else date(1996, 2, 29)
                self.run(UpdateMember(member_id=ADA, birthdate=born))
                self.model.born = born

    def get(self, activity: str, points: int) -> None:
        self.run(AwardPoints(member_id=ADA, activity_id=activity, points=points))
        if self.model.blocked:
            return
        zone, now, expiry = self.model.plans.zone, self.core.now, EXPIRIES[activity]
        expires = almanac.days_later(now, expiry.days, zone) if expiry.days else None
        if expiry.end_of:
            expires = almanac.end_of(now, expiry.end_of, zone)
        self.model.get(points, expires)

    def told(self) -> list[Told]:
        found = (_told(fact) for fact in self.core.everything.facts)
        return [one for one in found if one is not None]


def _told(fact: Fact) -> Told | None:
    match fact.data:
        case PointsExpiring(days=days, points=points):
            return fact.occurred_at, f"expiring in {days}", points
        case PointsUnused(points=points):
            return fact.occurred_at, "unused", points
        case WinbackOffered():
            return fact.occurred_at, "offer", 0
        case PointsEarned(transaction=award) if award.activity_id in {"cake", "bonus"}:
            return fact.occurred_at, award.activity_id or "", award.points
        case _:
            return None


def steps() -> SearchStrategy[list[Step]]:
    """Waits and what people do, by turns; mostly they get points, and mostly they wait long."""
    waits = st.tuples(st.just("wait"), st.sampled_from(WAITS))
    get = st.tuples(st.sampled_from(sorted(EXPIRIES)), st.sampled_from([10, 25, 60]))
    does = st.one_of(
        st.tuples(st.just("get"), get),
        st.tuples(st.just("get"), get),
        st.tuples(st.just("sweep"), st.none()),
        st.tuples(st.just("visit"), st.none()),
        st.tuples(st.just("lose"), st.sampled_from([5, 30])),
        st.tuples(st.just("block"), st.sampled_from([False, False, True])),
        st.tuples(st.just("born"), st.integers(-2, 40)),
    )
    turns = st.lists(st.tuples(does, waits), min_size=8, max_size=24)
    return turns.map(lambda pairs: [step for pair in pairs for step in pair])


@given(st.sampled_from(STARTS), steps())
def test_the_core_tells_what_the_model_tells(start: tuple[str, datetime], walk: list[Step]) -> None:
    pair = Pair(*start)
    for step in walk:
        pair.step(*step)
    pair.model.live_until(pair.core.now)
    pair.core.sweep()
    assert pair.told() == pair.model.told
    assert pair.core.settled(ADA).member.balances.available == pair.model.balance()
    for _, what, _ in pair.model.told:
        event(what)
    years = Counter(
        almanac.day_of(at, start[0]).year for at, what, _ in pair.told() if what == "cake"
    )
    assert set(years.values()) <= {1}


@given(st.sampled_from(STARTS), steps())
def test_late_is_in_time(start: tuple[str, datetime], walk: list[Step]) -> None:
    """Whoever sweeps, and however often: the same is told in the same order."""
    late, timely = Pair(*start), Pair(*start)
    for what, value in walk:
        if what == "wait":
            late.core.now += timedelta(hours=value)
            while timely.core.now < late.core.now:
                timely.core.now = min(timely.core.now + OFTEN, late.core.now)
                timely.core.sweep()
        elif what != "sweep":
            late.step(what, value)
            timely.step(what, value)
    late.core.sweep()
    timely.core.sweep()
    assert [rows(fact) for fact in late.core.everything.facts] == [
        rows(fact) for fact in timely.core.everything.facts
    ]


def rows(fact: Fact) -> tuple[Any, ...]:
    """What a fact says, but for ids."""
    member = fact.data.member
    return fact.type, fact.occurred_at, fact.data.sequence, member.balances, member.last_activity_at
