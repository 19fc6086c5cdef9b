"""Tiers: what counts towards them, and how members move between them.

Source: contract section 2, tiers: up at once; down at the end of a period and, by setting, when a
deduction drops the member under the threshold; an override lasts until the next evaluation.
"""

from bisect import bisect_right
from datetime import date, timedelta

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.counting import add_to_day, take_from_days
from stampbook.core.definition import Definition, Tiers
from stampbook.core.draft import Draft
from stampbook.core.refusals import TIER_NOT_FOUND, Refused, refuse
from stampbook.facts.member.updated import MemberUpdated
from stampbook.facts.tier.downgraded import TierDowngraded
from stampbook.facts.tier.renewed import TierRenewed
from stampbook.facts.tier.upgraded import TierUpgraded
from stampbook.nouns.member import TierReason, TierStanding
from stampbook.values.calendars import add_months, local_day, start_of_day
from stampbook.values.instants import Instant

YEAR_MONTHS = 12
GONE = -1
"""The place of a tier that the definition has no longer: below the lowest."""


def standing_at(definition: Definition, enrolled_at: Instant, at: Instant) -> TierStanding | None:
    """Give the standing of a member with nothing counted; None when the program has no tiers."""
    if not definition.tiers.levels:
        return None
    start, end = period_at(definition, enrolled_at, at)
    lowest = definition.tiers.levels[0]
    return TierStanding(tier_id=lowest.id, name=lowest.name, period_start=start, period_end=end)


def period_at(
    definition: Definition, enrolled_at: Instant, at: Instant
) -> tuple[Instant, Instant | None]:
    """Give the half-open period that holds an instant.

    Shapes: a lifetime has no end; a rolling window ends with the instant at which the next day
    leaves it, which is known only when something is counted.
    """
    period, zone = definition.tiers.period, definition.time_zone
    today = local_day(at, zone)
    match period.kind:
        case "lifetime":
            return enrolled_at, None
        case "rolling":
            return start_of_day(today - timedelta(days=period.days - 1), zone), None
        case "cycle":
            start = _cycle_start(today, period.start_month, period.months)
            return start_of_day(start, zone), start_of_day(add_months(start, period.months), zone)
        case "anniversary":
            joined = local_day(enrolled_at, zone)
            years = today.year - joined.year
            if add_months(joined, years * YEAR_MONTHS) > today:
                years -= 1
            start = add_months(joined, years * YEAR_MONTHS)
            end = add_months(joined, (years + 1) * YEAR_MONTHS)
            return start_of_day(start, zone), start_of_day(end, zone)


def _cycle_start(today: date, start_month: int, months: int) -> date:
    """Give the first day of the cycle; cycles are counted from the start month of the year 1."""
    index = (today.year * YEAR_MONTHS + today.month) - start_month
    start = index - index % months + start_month - 1
    return date(start // YEAR_MONTHS, start % YEAR_MONTHS + 1, 1)


def counted_total(tiers: Tiers, standing: TierStanding) -> int:
    """Give what counts: points, or minor units when spend is the basis."""
    return (
        standing.qualified_points if tiers.basis == "qualified_points" else standing.qualified_spend
    )


def level_earned(definition: Definition, total: int) -> int:
    """Give the index of the highest tier whose threshold a total reaches."""
    return max(bisect_right(definition.thresholds, total) - 1, 0)


def standing_of(draft: Draft, book: Book) -> TierStanding | None:
    """Give the member's standing, opened now when tiers came after they enrolled."""
    member = book.member
    if member.tier is None:
        return standing_at(draft.definition, member.enrolled_at, draft.at)
    return member.tier


def multiplier_of(definition: Definition, standing: TierStanding | None) -> float:
    """Give what the member's tier multiplies earnings by."""
    level = definition.level_by_id.get(standing.tier_id) if standing else None
    return level.multiplier if level else 1


def qualifying(book: Book, points: int) -> int:
    """Give how far a change of points moves the counter, which never falls below zero."""
    standing = book.member.tier
    return max(points, -standing.qualified_points if standing else 0)


def count_towards(
    draft: Draft, book: Book, *, points: int = 0, spend: int = 0
) -> TierStanding | None:
    """Count points or spend towards the tier, or take them back; gives the standing before.

    Shapes: the member does not move yet, so that the fact of what counted stands before the fact
    of the move; `reconsider` moves them. None when nothing counts.
    Units: points; spend in minor units; below zero takes back and never goes below zero.
    """
    before = standing_of(draft, book)
    if before is None or (not points and not spend):
        return None
    spend = max(spend, -before.qualified_spend)
    add_to_day(draft, book, qualified=max(points, 0), spend=max(spend, 0))
    if points < 0 or spend < 0:
        take_from_days(draft, book, qualified=max(-points, 0), spend=max(-spend, 0))
    recount(draft, book, before, points=points, spend=spend)
    return before


def recount(draft: Draft, book: Book, before: TierStanding, *, points: int, spend: int) -> None:
    """Change what counts since a standing; the days have it already.

    Units: points; spend in minor units.
    """
    after = replace(
        before,
        qualified_points=max(0, before.qualified_points + points),
        qualified_spend=max(0, before.qualified_spend + spend),
    )
    draft.change_member(book, tier=_rolled(draft, book, after))


def fall_back(draft: Draft, book: Book, tier_id: str | None) -> None:
    """Move the member down to what they earn, but no lower than a tier that they had before."""
    standing, definition = book.member.tier, draft.definition
    if standing is None or standing.overridden or not definition.tiers.levels:
        return
    earned = level_earned(definition, counted_total(definition.tiers, standing))
    floor = max(earned, definition.level_index.get(tier_id or "", 0))
    if floor < _index(draft, standing):
        move(draft, book, floor, "merge")


def reconsider(draft: Draft, book: Book, before: TierStanding | None) -> None:
    """Move the member when what was counted since a standing earns them another tier."""
    after = book.member.tier
    if before is None or after is None:
        return
    definition, tiers = draft.definition, draft.definition.tiers
    total, total_before = counted_total(tiers, after), counted_total(tiers, before)
    earned, current = level_earned(definition, total), _index(draft, after)
    if total > total_before:
        if earned > current:
            move(draft, book, earned, "earned")
    elif total < total_before and earned < current and tiers.downgrade_on_deduction:
        was_earned = level_earned(definition, total_before) >= current
        if was_earned or after.overridden:
            move(draft, book, _down_to(tiers, earned, current), "deduction")


def _index(draft: Draft, standing: TierStanding) -> int:
    return draft.definition.level_index.get(standing.tier_id, GONE)


def _down_to(tiers: Tiers, earned: int, current: int) -> int:
    return earned if tiers.downgrade_to == "earned" else max(earned, current - 1)


def _rolled(draft: Draft, book: Book, standing: TierStanding) -> TierStanding:
    """Give a standing whose counters are the sums of the rolling window that ends today.

    Shapes: it is evaluated again when the oldest day that counts leaves the window; with nothing
    left to leave, a window from now, unless there is no lower tier to fall to. Standings of other
    periods stay as they are.
    """
    definition = draft.definition
    if definition.tiers.period.kind != "rolling":
        return standing
    zone, window = definition.time_zone, definition.tiers.period.days
    today = local_day(draft.at, zone)
    first = today - timedelta(days=window - 1)
    days = {day: value for day, value in book.counters.days.items() if day >= first}
    counting = [day for day, value in days.items() if value.qualified or value.spend]
    oldest = min(counting, default=today if _index(draft, standing) else None)
    return replace(
        standing,
        period_start=start_of_day(first, zone),
        period_end=start_of_day(oldest + timedelta(days=window), zone) if oldest else None,
        qualified_points=sum(value.qualified for value in days.values()),
        qualified_spend=sum(value.spend for value in days.values()),
    )


def move(draft: Draft, book: Book, index: int, reason: TierReason) -> None:
    """Move the member to a tier, up or down, and say so."""
    standing = book.member.tier
    assert standing is not None
    level = draft.definition.tiers.levels[index]
    current = _index(draft, standing)
    moved = replace(standing, tier_id=level.id, name=level.name, overridden=reason == "override")
    draft.change_member(book, tier=_rolled(draft, book, moved))
    draft.fact(
        TierUpgraded if index > current else TierDowngraded,
        book,
        rule_version=draft.version,
        from_tier=standing.tier_id,
        to_tier=level.id,
        reason=reason,
    )


def end_period(draft: Draft, book: Book) -> None:
    """Evaluate the tier at the end of its period, and open the next one."""
    standing, definition = book.member.tier, draft.definition
    assert standing is not None
    if not definition.tiers.levels:
        draft.change_member(book, tier=None)
        return
    rolling = definition.tiers.period.kind == "rolling"
    standing = _rolled(draft, book, standing)
    earned = level_earned(definition, counted_total(definition.tiers, standing))
    current = _index(draft, standing)
    if not rolling:
        start, end = period_at(definition, book.member.enrolled_at, draft.at)
        standing = replace(
            standing, period_start=start, period_end=end, qualified_points=0, qualified_spend=0
        )
    draft.change_member(book, tier=replace(standing, overridden=False))
    if earned < current:
        move(draft, book, _down_to(definition.tiers, earned, current), "period_end")
    elif earned > current:
        move(draft, book, earned, "period_end")
    elif not rolling:
        draft.fact(
            TierRenewed,
            book,
            rule_version=draft.version,
            tier=standing.tier_id,
            period_start=standing.period_start,
            period_end=standing.period_end,
        )


def override(draft: Draft, book: Book, tier_id: str) -> Refused | None:
    """Put the member into a tier by hand."""
    index = draft.definition.level_index.get(tier_id)
    if index is None:
        return refuse(TIER_NOT_FOUND, field="tier_id", tier_id=tier_id)
    standing = standing_of(draft, book)
    assert standing is not None
    draft.change_member(book, tier=standing)
    if standing.tier_id == tier_id:
        draft.change_member(book, tier=replace(standing, overridden=True))
    else:
        move(draft, book, index, "override")
    draft.fact(MemberUpdated, book, changed=("tier",))
    return None
