"""Coupons: ids are unique, values fit their class, and whoever names a coupon names a known one."""

from collections.abc import Iterator

from stampbook.core.definition import CouponOffer, Definition
from stampbook.program.problems import Flaw, Path, choose_from, repeated

VALUED = {"amount", "percent"}
PERCENT_MAX = 100


def _check(definition: Definition) -> Iterator[Flaw]:
    yield from repeated((coupon.id for coupon in definition.coupons), ("coupons",))
    for index, coupon in enumerate(definition.coupons):
        yield from _value_flaws(coupon, ("coupons", index))
    for path, wanted in _named(definition):
        if wanted not in definition.coupon_by_id:
            remedy = choose_from(wanted, definition.coupon_by_id)
            yield Flaw(path, f"{wanted} is no coupon of the program.", remedy)


def _value_flaws(coupon: CouponOffer, path: Path) -> Iterator[Flaw]:
    if coupon.value_class in VALUED and not coupon.value:
        yield Flaw(path, f"is of {coupon.value_class} and has no value.", "Give value.")
    if coupon.value_class == "percent" and (coupon.value or 0) > PERCENT_MAX:
        yield Flaw((*path, "value"), "is more than the whole.", f"Give at most {PERCENT_MAX}.")


def _named(definition: Definition) -> Iterator[tuple[Path, str]]:
    for index, activity in enumerate(definition.activities):
        if activity.coupon is not None:
            yield ("activities", index, "coupon"), activity.coupon
    for index, campaign in enumerate(definition.campaigns):
        if campaign.promotion.coupon is not None:
            yield ("campaigns", index, "promotion", "coupon"), campaign.promotion.coupon
    if definition.referrals.friend_coupon is not None:
        yield ("referrals", "friend_coupon"), definition.referrals.friend_coupon


CHECK = _check
