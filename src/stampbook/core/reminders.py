"""Reminders: points that expire soon, and points and coupons that nobody uses.

Shapes: each is stated once for its cause, at the instant that makes it due. What was not there at
that instant is not reminded of later; nobody reminds members who are blocked or inactive.
Source: contract section 2, reminders.
"""

from datetime import date, timedelta
from functools import lru_cache

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.draft import Draft, Program
from stampbook.core.ledger import NEVER
from stampbook.facts.coupon.unused import CouponUnused
from stampbook.facts.points.expiring import PointsExpiring
from stampbook.facts.points.unused import PointsUnused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.lot import Lot
from stampbook.values.calendars import after_days, local_day, start_of_day
from stampbook.values.instants import MILLISECOND, Instant

DAYS_KEPT = 4096
LONGEST_LOCAL_DAYS = 2
"""Units: days; more than the time of a day and all shifts of its zone."""
ZONES_APART = timedelta(hours=26)
"""Between the beginnings of one day at both ends of the world."""


@lru_cache(maxsize=DAYS_KEPT)
def _instants_before(
    end: Instant, days: tuple[int, ...], zone: str
) -> tuple[tuple[Instant, int], ...]:
    """Give when points that expire at an instant are reminded of."""
    return _instants(local_day(end, zone), days, zone)


@lru_cache(maxsize=DAYS_KEPT)
def _instants(day: date, days: tuple[int, ...], zone: str) -> tuple[tuple[Instant, int], ...]:
    """Give when points that expire on a day are reminded of, with the days before, in order."""
    return tuple(
        (start_of_day(day - timedelta(days=number), zone), number)
        for number in sorted(set(days), reverse=True)
    )


@lru_cache(maxsize=256)
def _reach(days: tuple[int, ...]) -> timedelta:
    """Give how long before an expiry no reminder of it has come yet."""
    return timedelta(days=max(days) + LONGEST_LOCAL_DAYS)


def next_expiring(book: Book, program: Program) -> Instant | None:
    """Give when points that expire are next to be reminded of.

    Shapes: an instant before the member's last change was not due when it came, or is done.
    """
    days = program.definition.reminders.expiring_days
    if not days or not book.lots:
        return None
    zone, reach = program.definition.time_zone, _reach(days)
    reminded, done = book.agenda.reminded_to, book.member.modified_at - MILLISECOND
    if reminded is not None and reminded > done:
        done = reminded
    found = later = NEVER
    for lot in book.lots.values():
        end = lot.expires_at
        # nothing of a lot that expires much later comes sooner, so most calendars stay shut
        if end is None or end >= later or not lot.remaining:
            continue
        for at, _ in _instants_before(end, days, zone):
            if at > done and at > lot.opened_at:
                if at < found:
                    found, later = at, at + reach
                break
    return None if found is NEVER else found


def remind_expiring(draft: Draft, book: Book) -> None:
    """State what expires on each day that is now the days of the setting away."""
    definition, zone = draft.definition, draft.definition.time_zone
    at = next_expiring(book, draft.program)
    assert at is not None, "nothing is due"
    is_over = _is_over(draft.program, book.agenda.reminded_to, at)
    draft.change_agenda(book, reminded_to=at)
    if is_over or book.member.status != "active":
        return
    due: dict[tuple[date, int], list[Lot]] = {}
    for lot in book.lots.values():
        if lot.remaining and lot.expires_at is not None and lot.opened_at < at:
            day = local_day(lot.expires_at, zone)
            for instant, number in _instants(day, definition.reminders.expiring_days, zone):
                if instant == at:
                    due.setdefault((day, number), []).append(lot)
    for (_, number), lots in sorted(due.items()):
        draft.fact(
            PointsExpiring,
            book,
            rule_version=draft.version,
            expires_at=min(lot.expires_at for lot in lots if lot.expires_at is not None),
            points=sum(lot.remaining for lot in lots),
            days=number,
        )


def _is_over(program: Program, before: Instant | None, at: Instant) -> bool:
    """Tell whether a day was over when the rules came, or has begun once in another zone."""
    zone = program.definition.time_zone
    if local_day(at, zone) < local_day(program.since("reminders"), zone):
        return True
    if before is None or before >= program.since("time_zone"):
        return False
    return at - before <= ZONES_APART


def next_unused_points(book: Book, program: Program) -> Instant | None:
    """Give when a balance that nobody touches is to be reminded of, once for each activity."""
    reminders, member = program.definition.reminders, book.member
    days = reminders.unused_points_days
    if days is None or member.status != "active":
        return None
    if member.balances.available < reminders.unused_points_minimum:
        return None
    if book.agenda.unused_since == member.last_activity_at:
        return None
    at = after_days(member.last_activity_at, days, program.definition.time_zone)
    return max(at, program.since("reminders"))


def remind_unused_points(draft: Draft, book: Book) -> None:
    """State that the balance was left alone."""
    member = book.member
    draft.change_agenda(book, unused_since=member.last_activity_at)
    draft.fact(
        PointsUnused,
        book,
        rule_version=draft.version,
        points=member.balances.available,
        days=draft.definition.reminders.unused_points_days,
    )


def _coupon_instants(book: Book, program: Program) -> list[tuple[Instant, Coupon]]:
    """Give when each coupon that may still be used is to be reminded of."""
    days = program.definition.reminders.unused_coupon_days
    if days is None or book.member.status != "active":
        return []
    zone, since = program.definition.time_zone, program.since("reminders")
    return [
        (max(after_days(coupon.issued_at, days, zone), since), coupon)
        for coupon in book.coupons.values()
        # a friend's coupon is only kept here: the friend is reminded by the referral
        if coupon.status == "issued" and coupon.reminded_at is None and coupon.friend_email is None
    ]


def next_unused_coupon(book: Book, program: Program) -> Instant | None:
    """Give when a coupon that nobody uses is next to be reminded of, once for each coupon."""
    if not book.coupons:
        return None
    return min((at for at, _ in _coupon_instants(book, program)), default=None)


def remind_unused_coupons(draft: Draft, book: Book) -> None:
    """State the coupons that were not used in time, the oldest first."""
    due = [coupon for at, coupon in _coupon_instants(book, draft.program) if at <= draft.at]
    for coupon in sorted(due, key=lambda coupon: coupon.id):
        reminded = replace(coupon, reminded_at=draft.at)
        draft.put_coupon(book, reminded)
        draft.fact(CouponUnused, book, rule_version=draft.version, coupon=reminded)
