"""Standing: what a member has and may have: lots, tier, rewards and coupons."""

from msgspec import Struct

from stampbook.api.asking import OfMember, OneMember
from stampbook.api.desk import Desk
from stampbook.api.paging import cursors_checked
from stampbook.api.problem import CURSOR_INVALID
from stampbook.api.route import Answer, Submit
from stampbook.commands.override_tier import OverrideTier, TierOverridden
from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.ledger import spending_order
from stampbook.core.refusals import MEMBER_NOT_FOUND, REWARD_OUT_OF_STOCK, TIER_NOT_FOUND
from stampbook.core.rewards import closed_to, is_in_stock
from stampbook.core.tiers import counted_total, standing_of
from stampbook.nouns.coupon import Coupon, CouponStatus
from stampbook.nouns.lot import Lot
from stampbook.nouns.member import TierStanding
from stampbook.store.reading.coupons import coupons


class Lots(Struct, frozen=True, kw_only=True):
    """The lots that have points left or on hold, in the order in which they are spent."""

    items: tuple[Lot, ...]


class MemberCoupons(OfMember, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which coupons of a member to list, the newest first."""

    status: CouponStatus | None = None


class CouponPage(Struct, frozen=True, kw_only=True):
    """Coupons, as they are at the program's now."""

    items: tuple[Coupon, ...]
    next_cursor: str | None


class NextTier(Struct, frozen=True, kw_only=True):
    """The tier above. Units: points, or minor units of the currency when spend counts."""

    tier_id: str
    name: str
    threshold: int
    missing: int


class TierProgress(Struct, frozen=True, kw_only=True):
    """Where the member stands, and what is missing to the next tier.

    Shapes: `standing` is None when the program has no tiers, `next` in the highest.
    Units: `counted` in points, or minor units of the currency when spend counts.
    """

    standing: TierStanding | None
    counted: int
    next: NextTier | None


class MemberReward(Struct, frozen=True, kw_only=True):
    """A reward as it stands for one member.

    Shapes: `is_available` when it can be redeemed now; otherwise `missing` points or `closed_by`,
    the code of the refusal, say why not. Units: points.
    """

    reward_id: str
    name: str
    points: int
    is_available: bool
    missing: int
    closed_by: str | None


class MemberRewards(Struct, frozen=True, kw_only=True):
    """Every reward of the catalogue that is open to the member, or may be later."""

    items: tuple[MemberReward, ...]


def read_lots(desk: Desk, asked: OneMember) -> Lots:
    """Give a member's open lots."""
    with desk.present() as present:
        _, book = present.known(asked.member_id)
        ordered = sorted(book.lots.values(), key=spending_order)
        return Lots(items=tuple(ordered))


def read_tier(desk: Desk, asked: OneMember) -> TierProgress:
    """Give a member's tier."""
    with desk.present() as present:
        draft, book = present.known(asked.member_id)
        return _progress(draft, book)


def read_member_rewards(desk: Desk, asked: OneMember) -> MemberRewards:
    """Give what a member can redeem, now or later."""
    with desk.present() as present:
        rewards = tuple(present.program.definition.reward_by_id)
        draft, book = present.known(asked.member_id, rewards=rewards)
        return MemberRewards(items=_rewards(draft, book))


def read_member_coupons(desk: Desk, asked: MemberCoupons) -> CouponPage:
    """Give a page of a member's coupons."""
    with desk.present() as present, cursors_checked():
        draft, book = present.known(asked.member_id)
        page = coupons(
            present.unit,
            desk.program_id,
            book.member.id,
            status=asked.status,
            limit=asked.limit,
            after=asked.cursor,
        )
        now = (draft.coupon(coupon.code) or coupon for coupon in page.items)
        return CouponPage(items=tuple(now), next_cursor=page.next)


def _progress(draft: Draft, book: Book) -> TierProgress:
    standing, definition = standing_of(draft, book), draft.definition
    if standing is None:
        return TierProgress(standing=None, counted=0, next=None)
    counted = counted_total(definition.tiers, standing)
    above = definition.level_index.get(standing.tier_id, -1) + 1
    if above == len(definition.tiers.levels):
        return TierProgress(standing=standing, counted=counted, next=None)
    level, threshold = definition.tiers.levels[above], definition.thresholds[above]
    following = NextTier(
        tier_id=level.id,
        name=level.name,
        threshold=threshold,
        missing=max(threshold - counted, 0),
    )
    return TierProgress(standing=standing, counted=counted, next=following)


def _rewards(draft: Draft, book: Book) -> tuple[MemberReward, ...]:
    available = book.member.balances.available
    found: list[MemberReward] = []
    for reward in draft.definition.rewards:
        if not reward.is_active:
            continue
        closed = closed_to(draft, book, reward)
        if closed is None and not is_in_stock(draft, reward):
            closed = REWARD_OUT_OF_STOCK
        code = closed.code if closed else None
        missing = max(reward.points - available, 0)
        found.append(
            MemberReward(
                reward_id=reward.id,
                name=reward.name,
                points=reward.points,
                is_available=code is None and missing == 0 and book.member.status == "active",
                missing=missing,
                closed_by=code,
            )
        )
    return tuple(found)


ROUTES = (
    Answer(
        method="GET",
        path="/v1/members/{member_id}/lots",
        summary="Read a member's open lots",
        scope="read",
        asks=OneMember,
        gives=Lots,
        refuses=(MEMBER_NOT_FOUND,),
        answers=read_lots,
    ),
    Answer(
        method="GET",
        path="/v1/members/{member_id}/tier",
        summary="Read a member's tier, and what is missing to the next",
        scope="read",
        asks=OneMember,
        gives=TierProgress,
        refuses=(MEMBER_NOT_FOUND,),
        answers=read_tier,
    ),
    Submit(
        method="PUT",
        path="/v1/members/{member_id}/tier",
        summary="Put a member into a tier by hand",
        scope="write",
        asks=OverrideTier,
        gives=TierOverridden,
        refuses=(MEMBER_NOT_FOUND, TIER_NOT_FOUND),
        example={"tier_id": "gold"},
    ),
    Answer(
        method="GET",
        path="/v1/members/{member_id}/rewards",
        summary="Read which rewards a member can redeem",
        scope="read",
        asks=OneMember,
        gives=MemberRewards,
        refuses=(MEMBER_NOT_FOUND,),
        answers=read_member_rewards,
    ),
    Answer(
        method="GET",
        path="/v1/members/{member_id}/coupons",
        summary="List a member's coupons",
        scope="read",
        asks=MemberCoupons,
        gives=CouponPage,
        refuses=(MEMBER_NOT_FOUND, CURSOR_INVALID),
        answers=read_member_coupons,
    ),
)
