"""Reminders, offers and birthdays, the slow and obvious way: hour by hour, looking at everything.

Every instant of the programs that it is asked about lies on a full hour.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.model import almanac

HOUR = timedelta(hours=1)

Told = tuple[datetime, str, int]
"""When, what, and a number: points, or for an offer nothing."""


@dataclass
class Heap:
    opened: datetime
    expires: datetime | None
    left: int


@dataclass
class Plans:
    """What the program says."""

    zone: str
    expiring_days: tuple[int, ...]
    unused_days: int
    unused_minimum: int
    away_days: int
    bonus: int
    valid_days: int
    cake: int


@dataclass
class Customer:
    plans: Plans
    now: datetime
    last_seen: datetime
    heaps: list[Heap] = field(default_factory=list[Heap])
    blocked: bool = False
    born: date | None = None
    told: list[Told] = field(default_factory=list[Told])
    reminded: set[tuple[date, int]] = field(default_factory=set[tuple[date, int]])
    unused_told_of: datetime | None = None
    offered_for: datetime | None = None
    offer_ends: datetime | None = None
    years: set[int] = field(default_factory=set[int])

    def balance(self) -> int:
        return sum(heap.left for heap in self.heaps)

    def live_until(self, then: datetime) -> None:
        self.look()
        while self.now < then:
            self.now += HOUR
            self.look()

    def look(self) -> None:
        """Do what this hour asks for."""
        for heap in self.heaps:
            if heap.expires is not None and heap.expires <= self.now:
                heap.left = 0
        self._keep_the_birthday()
        self._remind_of_expiry()
        self._remind_of_rest()
        self._win_back()

    def _keep_the_birthday(self) -> None:
        today = almanac.day_of(self.now, self.plans.zone)
        if self.born is None or today.year <= self.born.year or today.year in self.years:
            return
        day = min(self.born.day, almanac.last_day(today.year, self.born.month))
        if (today.month, today.day) == (self.born.month, day):
            self.years.add(today.year)
            if not self.blocked:
                self.get(self.plans.cake, None)
                self.told.append((self.now, "cake", self.plans.cake))

    def _remind_of_expiry(self) -> None:
        today = almanac.day_of(self.now, self.plans.zone)
        if self.now != almanac.midnight(today, self.plans.zone):
            return
        for number in sorted(self.plans.expiring_days):
            day = today + timedelta(number)
            points = sum(
                heap.left
                for heap in self.heaps
                if heap.expires is not None
                and heap.opened < self.now
                and almanac.day_of(heap.expires, self.plans.zone) == day
            )
            if points and (day, number) not in self.reminded:
                self.reminded.add((day, number))
                if not self.blocked:
                    self.told.append((self.now, f"expiring in {number}", points))

    def _is_over(self, days: int) -> bool:
        return self.now >= almanac.days_later(self.last_seen, days, self.plans.zone)

    def _remind_of_rest(self) -> None:
        is_enough = self.balance() >= self.plans.unused_minimum and not self.blocked
        is_new = self.unused_told_of != self.last_seen
        if is_enough and is_new and self._is_over(self.plans.unused_days):
            self.unused_told_of = self.last_seen
            self.told.append((self.now, "unused", self.balance()))

    def _win_back(self) -> None:
        if self.offer_ends is not None and self.offer_ends <= self.now:
            self.offer_ends = None
        is_free = self.offer_ends is None and not self.blocked
        is_new = self.offered_for != self.last_seen
        if is_free and is_new and self._is_over(self.plans.away_days):
            self.offered_for = self.last_seen
            self.offer_ends = almanac.days_later(self.now, self.plans.valid_days, self.plans.zone)
            self.told.append((self.now, "offer", 0))

    # --- what people do

    def get(self, points: int, expires: datetime | None) -> None:
        self.heaps.append(Heap(self.now, expires, points))
        self.last_seen = self.now

    def visit(self, points: int) -> None:
        if self.blocked:
            return
        self.get(points, None)
        if self.offer_ends is not None:
            self.offer_ends = None
            self.get(self.plans.bonus, None)
            self.told.append((self.now, "bonus", self.plans.bonus))

    def lose(self, points: int) -> None:
        """The points that expire first go first."""
        far = self.now + timedelta(days=36_500)
        for heap in sorted(self.heaps, key=lambda heap: heap.expires or far):
            gone = min(points, heap.left)
            heap.left -= gone
            points -= gone
