"""Merging: two members turn out to be one person, or turn out not to be after all.

Shapes: the source is left as it was but for what moved, so that undoing takes exactly its part out
of the target again.
Source: decisions/0016.
"""

from msgspec import Struct

from stampbook.core.agenda import Before, Merge, MovedLot
from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.expiry import expire_returned
from stampbook.core.ledger import spending_order
from stampbook.core.merged_counters import apart, together
from stampbook.core.moving import move_award, move_coupon, move_lots, return_lots
from stampbook.core.order_effects import revenue_fields
from stampbook.core.refusals import (
    MEMBER_MERGED,
    MERGE_DEBT_OPEN,
    MERGE_HOLD_OPEN,
    MERGE_SAME_MEMBER,
    Refused,
    refuse,
)
from stampbook.core.rewards import announce
from stampbook.core.tiers import fall_back, reconsider, recount, standing_of
from stampbook.facts.member.updated import MemberUpdated
from stampbook.nouns.lot import Approver
from stampbook.nouns.member import Member
from stampbook.values.instants import Instant

MERGED_FIELDS = (
    "aov",
    "balances",
    "first_purchase_at",
    "last_purchase_at",
    "merged_into",
    "number_of_purchases",
    "number_of_redemptions",
    "revenue",
    "status",
    "tier",
)
"""What a merge may change of a member."""


class Moved(Struct, frozen=True, kw_only=True):
    """What changed hands. Units: `points` are those in lots; awards still wait."""

    points: int
    awards: int
    coupons: int


def merged_refusal(book: Book) -> Refused:
    """Refuse what is asked of a member who was merged into another one."""
    member = book.member
    return refuse(
        MEMBER_MERGED,
        field="member_id",
        member_id=member.member_id,
        merged_into=member.merged_into,
    )


def refuses_merge(source: Book, target: Book) -> Refused | None:
    """Tell why two active members may not be merged."""
    about = source.member.member_id
    if source.member.id == target.member.id:
        return refuse(MERGE_SAME_MEMBER, field="into", member_id=about)
    if source.holds:
        held = source.member.balances.held
        return refuse(MERGE_HOLD_OPEN, field="member_id", member_id=about, held=held)
    for book in (source, target):
        if book.member.balances.debt:
            owes = book.member
            return refuse(
                MERGE_DEBT_OPEN,
                field="member_id",
                member_id=about,
                owing_member=owes.member_id,
                debt=owes.balances.debt,
            )
    return None


def merge(draft: Draft, source: Book, target: Book, approver: Approver) -> Moved:
    """Move all that is open to the target, and count there what the source has done."""
    before, was = target.member, source.member
    leaving, balance = was.balances.available, before.balances.available
    lots = sorted(source.lots.values(), key=spending_order)
    opened = move_lots(draft, source, target, lots, approver)
    awards, coupons = tuple(sorted(source.pending)), tuple(sorted(source.coupons))
    for award in awards:
        move_award(draft, source, target, source.pending[award])
    for code in coupons:
        move_coupon(draft, source, target, code)
    standing = standing_of(draft, target)
    _count_in(draft, source.member, source, target)
    if standing is not None and source.member.tier is not None:
        brought = source.member.tier
        recount(
            draft,
            target,
            standing,
            points=brought.qualified_points,
            spend=brought.qualified_spend,
        )
    draft.change_agenda(
        source,
        merge=Merge(
            into=target.member.id,
            points=leaving,
            lots=tuple(MovedLot(*pair) for pair in opened.items()),
            awards=awards,
            coupons=coupons,
            before=_kept(before, target.member),
        ),
    )
    absorbed = (*target.agenda.absorbed, source.member.member_id)
    draft.change_agenda(target, absorbed=absorbed)
    draft.change_member(source, status="merged", merged_into=target.member.member_id)
    _tell(draft, source, was)
    _tell(draft, target, before)
    reconsider(draft, target, standing)
    announce(draft, target, balance)
    return Moved(points=leaving, awards=len(awards), coupons=len(coupons))


def _kept(before: Member, after: Member) -> Before:
    return Before(
        tier_id=before.tier.tier_id if before.tier else None,
        period_start=after.tier.period_start if after.tier else None,
        first_purchase_at=before.first_purchase_at,
        last_purchase_at=before.last_purchase_at,
        last_activity_at=before.last_activity_at,
    )


def _count_in(draft: Draft, past: Member, source: Book, target: Book) -> None:
    """Count into the target what the source had done."""
    counters = together(target.counters, source.counters)
    draft.change_counters(target, counters)
    member = target.member
    purchases = member.number_of_purchases + past.number_of_purchases
    draft.change_member(
        target,
        number_of_purchases=purchases,
        number_of_redemptions=member.number_of_redemptions + past.number_of_redemptions,
        first_purchase_at=_first(member.first_purchase_at, past.first_purchase_at),
        last_purchase_at=_last(member.last_purchase_at, past.last_purchase_at),
        last_activity_at=max(member.last_activity_at, past.last_activity_at),
        **revenue_fields(draft, counters.revenue_minor, purchases),
    )


def _first(ours: Instant | None, theirs: Instant | None) -> Instant | None:
    return min((one for one in (ours, theirs) if one is not None), default=None)


def _last(ours: Instant | None, theirs: Instant | None) -> Instant | None:
    return max((one for one in (ours, theirs) if one is not None), default=None)


def _tell(draft: Draft, book: Book, before: Member) -> None:
    """Say which fields of a member a merge or its undoing changed."""
    changed = tuple(
        name for name in MERGED_FIELDS if getattr(book.member, name) != getattr(before, name)
    )
    if changed:
        draft.fact(MemberUpdated, book, changed=changed)


def undo(draft: Draft, source: Book, target: Book, done: Merge, approver: Approver) -> Moved:
    """Take out of the target what the source had brought, as far as it is still there."""
    before, was = target.member, source.member
    balance = was.balances.available
    opened = {lot.source: lot.target for lot in done.lots}
    points = return_lots(draft, source, target, opened, approver)
    awards = [award for award in done.awards if award in target.pending]
    coupons = [code for code in done.coupons if code in target.coupons]
    for award in awards:
        move_award(draft, target, source, target.pending[award])
    for code in coupons:
        move_coupon(draft, target, source, code)
    _count_out(draft, was, source, target, done.before)
    draft.change_agenda(source, merge=None)
    absorbed = tuple(one for one in target.agenda.absorbed if one != was.member_id)
    draft.change_agenda(target, absorbed=absorbed)
    draft.change_member(
        source,
        status="active",
        merged_into=None,
        last_activity_at=max(was.last_activity_at, before.last_activity_at),
    )
    _tell(draft, source, was)
    _tell(draft, target, before)
    fall_back(draft, target, done.before.tier_id)
    expire_returned(draft, source)
    announce(draft, source, balance)
    return Moved(points=points, awards=len(awards), coupons=len(coupons))


def _count_out(draft: Draft, past: Member, source: Book, target: Book, before: Before) -> None:
    """Take what the source had done out of the target's counters."""
    counters = apart(target.counters, source.counters)
    draft.change_counters(target, counters)
    member = target.member
    purchases = max(0, member.number_of_purchases - past.number_of_purchases)
    redemptions = max(0, member.number_of_redemptions - past.number_of_redemptions)
    draft.change_member(
        target,
        number_of_purchases=purchases,
        number_of_redemptions=redemptions,
        **revenue_fields(draft, counters.revenue_minor, purchases),
        **_dates(member, past, before),
    )
    standing = member.tier
    if standing is not None and past.tier is not None:
        is_same_period = standing.period_start == before.period_start
        points, spend = past.tier.qualified_points, past.tier.qualified_spend
        if not is_same_period:  # what had come in was counted in a period that is over
            points = spend = 0
        recount(draft, target, standing, points=-points, spend=-spend)


def _dates(member: Member, past: Member, before: Before) -> dict[str, Instant | None]:
    """Give the dates that were the source's back to what the target's own were."""
    dates: dict[str, Instant | None] = {}
    for name in ("first_purchase_at", "last_purchase_at", "last_activity_at"):
        own = getattr(before, name)
        if getattr(member, name) == getattr(past, name) != own:
            dates[name] = own
    return dates
