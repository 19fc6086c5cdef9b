"""What a member has, worked out again from everything that ever happened to them.

Nothing is carried over: each look replays the whole story, and between two deeds fires whatever
fell due, earliest first, found by looking at everything there is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from stampbook.core.definition import Activity, Definition, Expiry, Level
from tests.model import almanac


@dataclass
class Lot:
    number: int
    award: int
    points: int
    left: int
    opened: datetime
    expires: datetime | None
    held: int = 0


@dataclass
class Award:
    handle: int
    activity: Activity
    points: int
    made: datetime
    matures: datetime | None
    counts: bool = True
    """Against caps; what is left of a returned order was counted when all of it was awarded."""
    status: str = "pending"
    returned: int = 0


@dataclass
class Spending:
    handle: int
    kind: str
    points: int
    made: datetime
    reward_id: str | None = None
    hold_until: datetime | None = None
    status: str = "deducted"
    shares: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    coupon: str | None = None
    coupon_status: str = ""
    coupon_expires: datetime | None = None


@dataclass(frozen=True)
class Deed:
    """Something that was asked for and granted."""

    at: datetime
    what: str
    data: dict[str, Any]


@dataclass
class Standing:
    level: Level
    start: datetime
    end: datetime | None
    overridden: bool = False


Timer = tuple[datetime, int, int, Callable[[], None]]


class Picture:
    def __init__(self, definition: Definition, enrolled: datetime) -> None:
        self.definition = definition
        self.zone = definition.time_zone
        self.enrolled = enrolled
        self.now = enrolled
        self.last_activity = enrolled
        self.lots: list[Lot] = []
        self.awards: dict[int, Award] = {}
        self.spendings: dict[int, Spending] = {}
        self.lines: list[tuple[str, str, int]] = []
        self.debt = 0
        self.counted: list[tuple[datetime, int, int]] = []
        """What counts towards the tier: when, qualified points, spend in minor units."""
        self.facts: list[str] = []
        self.standing = self._first_standing()

    # --- balances, each by adding up every line

    def balance(self, bucket: str) -> int:
        arrived = sum(points for _, target, points in self.lines if target == bucket)
        left = sum(points for source, _, points in self.lines if source == bucket)
        return arrived - left

    @property
    def available(self) -> int:
        return sum(lot.left for lot in self.lots) - self.debt

    @property
    def issued(self) -> int:
        return sum(points for source, _, points in self.lines if source == "issued")

    @property
    def earned(self) -> int:
        return sum(award.points for award in self.awards.values() if award.status == "approved")

    def move(self, source: str, target: str, points: int) -> None:
        assert points >= 0
        self.lines.append((source, target, points))

    # --- awards

    def award(self, handle: int, activity: Activity, points: int) -> None:
        made = Award(handle, activity, points, self.now, self._matures(activity))
        self.awards[handle] = made
        self.last_activity = self.now
        if activity.approval.method == "immediate":
            self.move("issued", "available", points)
            self._open(made)
        else:
            self.move("issued", "pending", points)
            self.facts.append("points.pended")

    def _matures(self, activity: Activity) -> datetime | None:
        if activity.approval.method != "after_days":
            return None
        return almanac.days_later(self.now, activity.approval.days or 0, self.zone)

    def approve(self, handle: int) -> None:
        award = self.awards[handle]
        self.last_activity = self.now
        self.move("pending", "available", award.points)
        self._open(award)

    def reject(self, handle: int) -> None:
        award = self.awards[handle]
        award.status = "rejected"
        self.move("pending", "rejected", award.points)
        self.facts.append("points.rejected")

    def pend_rest(self, handle: int, award: int, points: int) -> None:
        """What is left of a returned order waits in place of what all of it had earned."""
        whole = self.awards[award]
        self.awards[handle] = Award(
            handle, whole.activity, points, whole.made, whole.matures, counts=False
        )
        self.move("issued", "pending", points)
        self.facts.append("points.pended")

    def _open(self, award: Award) -> None:
        award.status = "approved"
        expires = self._expiry(award.activity.expiry or self.definition.points.expiry)
        self.lots.append(
            Lot(len(self.lots), award.handle, award.points, award.points, self.now, expires)
        )
        self._repay()
        self.facts.append("points.earned")
        if award.activity.qualifies_for_tier:
            self.count(award.points, 0)

    def _expiry(self, expiry: Expiry) -> datetime | None:
        if expiry.days is None and expiry.months is None and expiry.end_of is None:
            return None
        at = almanac.months_later(self.now, expiry.months or 0, self.zone)
        at = almanac.days_later(at, expiry.days or 0, self.zone)
        return at if expiry.end_of is None else almanac.end_of(at, expiry.end_of, self.zone)

    # --- spending

    def spend(self, points: int) -> list[tuple[int, int]]:
        """Take points from the lots: soonest to expire, oldest, lowest; never-expiring last."""
        shares: list[tuple[int, int]] = []
        for lot in sorted(
            self.lots,
            key=lambda lot: (
                lot.expires is None,
                lot.expires or lot.opened,
                lot.opened,
                lot.number,
            ),
        ):
            taken = min(points, lot.left)
            if taken:
                lot.left -= taken
                points -= taken
                shares.append((lot.number, taken))
        self.debt += points
        return shares

    def redeem(self, handle: int, points: int, reward_id: str, **coupon: Any) -> None:
        spending = Spending(handle, "redeem", points, self.now, reward_id, None, "redeemed")
        self.spendings[handle] = spending
        spending.shares = self.spend(points)
        self.last_activity = self.now
        self.move("available", "redeemed", points)
        self.facts.append("points.redeemed")
        self._give_coupon(spending, "issued", **coupon)

    def hold(self, handle: int, points: int, reward_id: str, **coupon: Any) -> None:
        until = self.now + timedelta(minutes=self.definition.points.hold_minutes)
        spending = Spending(handle, "redeem", points, self.now, reward_id, until, "pending")
        self.spendings[handle] = spending
        spending.shares = self.spend(points)
        for number, share in spending.shares:
            self.lots[number].held += share
        self.last_activity = self.now
        self.move("available", "held", points)
        self._give_coupon(spending, "held", **coupon)

    def _give_coupon(
        self, spending: Spending, status: str, coupon: str | None, days: int | None
    ) -> None:
        spending.coupon = coupon
        if coupon is None:
            return
        spending.coupon_status = status
        if days is not None:
            spending.coupon_expires = self.now + timedelta(days=days)
        if status == "issued":
            self.facts.append("coupon.issued")

    def capture(self, handle: int) -> None:
        spending = self.spendings[handle]
        spending.status = "redeemed"
        for number, share in spending.shares:
            self.lots[number].held -= share
        self.move("held", "redeemed", spending.points)
        self.facts.append("points.redeemed")
        if spending.coupon is not None:
            spending.coupon_status = "issued"
            self.facts.append("coupon.issued")

    def release(self, handle: int) -> None:
        spending = self.spendings[handle]
        spending.status = "rejected"
        if spending.coupon is not None:
            spending.coupon_status = "released"
            self.facts.append("coupon.updated")
        for number, share in spending.shares:
            self.lots[number].held -= share
        self.move("held", "available", spending.points)
        self._give_back(spending)

    def cancel(self, handle: int, *, refund: bool) -> None:
        spending = self.spendings[handle]
        spending.coupon_status = "cancelled"
        self.facts.append("coupon.updated")
        if refund:
            spending.status = "refunded"
            self.move("redeemed", "available", spending.points)
            self._give_back(spending)

    def _give_back(self, spending: Spending) -> None:
        """Points that come back to an expired lot are gone; the others first pay a debt."""
        for number, share in spending.shares:
            self.lots[number].left += share
        for number, _ in spending.shares:
            lot = self.lots[number]
            if lot.expires is not None and lot.expires <= self.now:
                self.expire(lot)
        if self.definition.points.inactivity_days and self.inactive_at() <= self.now:
            self.expire_everything()
        self._repay()

    def _repay(self) -> None:
        """Points never lie in a lot while the member owes any."""
        repaid = min(self.debt, sum(lot.left for lot in self.lots))
        self.debt -= repaid
        self.spend(repaid)

    def expire(self, lot: Lot) -> None:
        if lot.left:
            self.move("available", "expired", lot.left)
            self.facts.append("points.expired")
            lot.left = 0

    def use(self, handle: int) -> None:
        self.spendings[handle].coupon_status = "used"
        self.facts.append("coupon.updated")

    def expire_coupon(self, spending: Spending) -> None:
        spending.coupon_status = "expired"
        self.facts.append("coupon.updated")

    def deduct(self, handle: int, points: int, *, qualifies: bool = True) -> None:
        spending = Spending(handle, "deduct", points, self.now)
        self.spendings[handle] = spending
        spending.shares = self.spend(points)
        self.move("available", "deducted", points)
        self.facts.append("points.deducted")
        if qualifies:
            self.count(-points, 0)

    def claw_back(self, award: int, due: int, handle: int, points: int) -> None:
        """The tier loses all that is due, whatever of it is still there to be taken."""
        self.awards[award].returned += due
        if points:
            self.deduct(handle, points, qualifies=False)
        if self.awards[award].activity.qualifies_for_tier:
            self.count(-due, 0)

    def bought(self, spend_minor: int) -> None:
        self.last_activity = self.now
        self.facts.append("order.recorded")
        self.count(0, spend_minor)

    def returned(self, spend_minor: int) -> None:
        self.facts.append("order.updated")
        self.count(0, -spend_minor)

    # --- tiers

    @property
    def levels(self) -> tuple[Level, ...]:
        return self.definition.tiers.levels

    def _first_standing(self) -> Standing | None:
        if not self.levels:
            return None
        return Standing(self.levels[0], *self.period_at(self.enrolled))

    def period_at(self, at: datetime) -> tuple[datetime, datetime | None]:
        period = self.definition.tiers.period
        if period.kind == "cycle":
            first = almanac.block_start(
                almanac.day_of(at, self.zone), period.months, period.start_month
            )
            return (
                almanac.midnight(first, self.zone),
                almanac.midnight(almanac.months_after(first, period.months), self.zone),
            )
        if period.kind == "anniversary":
            years = 0
            while self._anniversary(years + 1) <= at:
                years += 1
            return self._anniversary(years), self._anniversary(years + 1)
        return self.enrolled, None

    def _anniversary(self, years: int) -> datetime:
        joined = almanac.day_of(self.enrolled, self.zone)
        return almanac.midnight(almanac.months_after(joined, 12 * years), self.zone)

    @property
    def rolls(self) -> bool:
        return self.definition.tiers.period.kind == "rolling"

    def counting(self) -> Iterator[tuple[date, int, int]]:
        """What counts towards the tier now, with its day."""
        assert self.standing is not None
        today = almanac.day_of(self.now, self.zone)
        for at, points, spend in self.counted:
            day = almanac.day_of(at, self.zone)
            if self.rolls:
                if (today - day).days < self.definition.tiers.period.days:
                    yield day, points, spend
            elif at >= self.standing.start:
                yield day, points, spend

    def next_day_to_leave(self) -> datetime | None:
        """When the oldest day that counts leaves the rolling window."""
        days: dict[date, list[tuple[int, int]]] = {}
        for day, points, spend in self.counting():
            days.setdefault(day, []).append((points, spend))
        leaving = [
            day
            for day, parts in days.items()
            if sum(points for points, _ in parts) or sum(spend for _, spend in parts)
        ]
        window = timedelta(days=self.definition.tiers.period.days)
        return almanac.midnight(min(leaving) + window, self.zone) if leaving else None

    @property
    def qualified(self) -> int:
        return max(0, sum(points for _, points, _ in self.counting()))

    @property
    def qualified_spend(self) -> int:
        return max(0, sum(spend for _, _, spend in self.counting()))

    @property
    def score(self) -> float:
        spends = self.definition.tiers.basis == "spend"
        return self.qualified_spend / 100 if spends else self.qualified

    def earned_level(self, score: float) -> Level:
        return [level for level in self.levels if level.threshold <= score][-1:][0]

    def count(self, points: int, spend_minor: int) -> None:
        if self.standing is None:
            return
        # what is taken back is never more than what counts
        points, spend_minor = max(points, -self.qualified), max(spend_minor, -self.qualified_spend)
        if not (points or spend_minor):
            return
        before = self.score
        if self.rolls:
            points, spend_minor = self._take_from_oldest(points, spend_minor)
        self.counted.append((self.now, points, spend_minor))
        self._plan_evaluation()
        after = self.score
        earned, current = self.earned_level(after), self.standing.level
        if after > before:
            if self._rank(earned) > self._rank(current):
                self._stand(earned)
        elif after < before and self.definition.tiers.downgrade_on_deduction:
            falls = before >= current.threshold > after
            ends_override = self.standing.overridden and current.threshold > after
            if falls or ends_override:
                self._stand(self._fall_to(earned))

    def _take_from_oldest(self, points: int, spend_minor: int) -> tuple[int, int]:
        """What is taken back comes from the oldest day of the window; gives what is left to add."""
        today = almanac.day_of(self.now, self.zone)
        for place, (at, counted, spent) in enumerate(self.counted):
            age = (today - almanac.day_of(at, self.zone)).days
            if age < self.definition.tiers.period.days:
                less, fewer = min(counted, max(-points, 0)), min(spent, max(-spend_minor, 0))
                self.counted[place] = (at, counted - less, spent - fewer)
                points, spend_minor = points + less, spend_minor + fewer
        return points, spend_minor

    def _plan_evaluation(self) -> None:
        """A rolling tier that could fall is looked at again, if only because time has passed."""
        assert self.standing is not None
        if not self.rolls:
            return
        self.standing.end = self.next_day_to_leave()
        if self.standing.end is None and self._rank(self.standing.level):
            today = almanac.day_of(self.now, self.zone)
            window = timedelta(days=self.definition.tiers.period.days)
            self.standing.end = almanac.midnight(today + window, self.zone)

    def _rank(self, level: Level) -> int:
        return self.levels.index(level)

    def _fall_to(self, earned: Level) -> Level:
        assert self.standing is not None
        if self.definition.tiers.downgrade_to == "one_step":
            return self.levels[self._rank(self.standing.level) - 1]
        return earned

    def _stand(self, level: Level) -> None:
        assert self.standing is not None
        rose = self._rank(level) > self._rank(self.standing.level)
        self.facts.append("tier.upgraded" if rose else "tier.downgraded")
        self.standing.level = level
        self.standing.overridden = False
        self._plan_evaluation()

    def override(self, tier_id: str) -> None:
        assert self.standing is not None
        level = next(level for level in self.levels if level.id == tier_id)
        if level != self.standing.level:
            self._stand(level)
        self.standing.overridden = True

    def end_period(self) -> None:
        """A period has ended, or a day left the window: the tier is what was earned."""
        assert self.standing is not None
        score = self.score if self.rolls else self._score_of_period_that_ends()
        earned, current = self.earned_level(score), self.standing.level
        self.standing.overridden = False
        self._plan_evaluation()
        if not self.rolls:
            self.standing.start, self.standing.end = self.period_at(self.now)
        if self._rank(earned) > self._rank(current):
            self._stand(earned)
        elif self._rank(earned) < self._rank(current):
            self._stand(self._fall_to(earned))
        elif not self.rolls:
            self.facts.append("tier.renewed")

    def _score_of_period_that_ends(self) -> float:
        """The period is half-open: what happens at its last instant belongs to the next one."""
        assert self.standing is not None
        assert self.standing.end is not None
        inside = [
            (points, spend)
            for at, points, spend in self.counted
            if self.standing.start <= at < self.standing.end
        ]
        if self.definition.tiers.basis == "spend":
            return sum(spend for _, spend in inside) / 100
        return sum(points for points, _ in inside)

    # --- time

    def timers(self) -> Iterator[Timer]:
        """Everything that will happen by itself; of the same instant the lower rank goes first."""
        if self.standing is not None:
            end = self.standing.end
            if end is not None:
                yield end, 0, 0, self.end_period
        for lot in self.lots:
            if lot.expires is not None and lot.left:
                yield lot.expires, 3, lot.number, partial(self.expire, lot)
        yield from self._spending_timers()
        for award in self.awards.values():
            if award.status == "pending" and award.matures is not None:
                yield (
                    award.matures,
                    1,
                    award.handle,
                    partial(self.approve, award.handle),
                )
        if self.definition.points.inactivity_days and any(lot.left for lot in self.lots):
            yield self.inactive_at(), 4, 0, self.expire_everything

    def _spending_timers(self) -> Iterator[Timer]:
        for spending in self.spendings.values():
            number = spending.handle
            if spending.status == "pending" and spending.hold_until is not None:
                yield spending.hold_until, 2, number, partial(self.release, number)
            if spending.coupon_status == "issued" and spending.coupon_expires is not None:
                yield spending.coupon_expires, 5, number, partial(self.expire_coupon, spending)

    def inactive_at(self) -> datetime:
        days = self.definition.points.inactivity_days or 0
        return almanac.days_later(self.last_activity, days, self.zone)

    def expire_everything(self) -> None:
        for lot in self.lots:
            self.expire(lot)

    def pass_time(self, until: datetime) -> None:
        while due := [timer for timer in self.timers() if timer[0] <= until]:
            at, _, _, fire = min(due, key=lambda timer: timer[:3])
            self.now = max(self.now, at)
            fire()
        self.now = until


def look(definition: Definition, enrolled: datetime, story: list[Deed], until: datetime) -> Picture:
    """Replay a member's story up to an instant."""
    picture = Picture(definition, enrolled)
    for deed in story:
        picture.pass_time(deed.at)
        getattr(picture, deed.what)(**deed.data)
    picture.pass_time(until)
    return picture
