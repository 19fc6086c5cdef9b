"""Growth: the settings of a program beyond earning and spending.

Shapes: everything is off or at the contract's default until the program says otherwise.
Source: contract section 2.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from stampbook.nouns.activity import Days
from stampbook.nouns.coupon import CouponTarget, ValueClass
from stampbook.nouns.reward import Limit
from stampbook.values.amounts import Key, Line, Link, Text

COUPONS_MAX = 200
CAMPAIGNS_MAX = 200
RATES_MAX = 200

Worth = Annotated[float, Meta(ge=0, le=1_000_000_000)]
"""Units: the program's currency, or percent."""


class CouponOffer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coupon that activities, referrals and campaigns give; each copy has a code of its own.

    Units: `value` is an amount in the program's currency or a percentage. `{code}` in `link`
    stands for the code.
    """

    id: Key
    name: Line
    value_class: ValueClass = "amount"
    value: Worth | None = None
    target: CouponTarget = "cart"
    minimum_order_amount: Worth | None = None
    days: Days | None = None
    """How long a copy may be used; None is for ever."""
    code_prefix: Annotated[str, Meta(max_length=16, pattern="^[A-Z0-9-]*$")] = ""
    link: Link | None = None
    reference_id: Line | None = None
    """The shop's own coupon behind it."""
    reference_source: Line | None = None
    description: Text = ""


class Referrals(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How members bring friends.

    Shapes: `activity` rewards the referrer and `friend_activity` an enrolled friend: points, a
    coupon or both, held by the activity's approval. `friend_coupon` is given when a friend claims.
    A claim is completed by the friend's first activity among `completed_by` within `claim_days`.
    """

    is_active: bool = False
    activity: Key | None = None
    friend_activity: Key | None = None
    friend_coupon: Key | None = None
    completed_by: tuple[Key, ...] = ("made_a_purchase",)
    minimum_subtotal: Annotated[float, Meta(ge=0, le=1_000_000_000)] = 0
    claim_days: Days | None = None
    limit: Limit | None = None
    """How many completed referrals pay one referrer."""
    claims_limit: Limit | None = Limit(times=100, per="day")
    """How many friends may claim by one link."""
    refuse_disposable: bool = False
    """Refuse e-mail addresses of throw-away services."""
    remind_after_days: Days | None = None


class Winback(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An offer to members who have been away. Units: points, days."""

    after_days: Days
    activity: Key
    """What the member must do."""
    bonus_activity: Key
    """A fixed activity as which the bonus is awarded."""
    bonus_points: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    valid_days: Days


class Reminders(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What members are reminded of, and when; None is never."""

    expiring_days: Annotated[tuple[Days, ...], Meta(max_length=8)] = (30, 15, 7, 2)
    """How many days before points expire."""
    unused_points_days: Days | None = None
    unused_points_minimum: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    unused_coupon_days: Days | None = None
    review_days: Days | None = None
    """How many days after an order is fulfilled."""


class OneTimePasswords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Six digits that prove who a member is."""

    minutes_valid: Annotated[int, Meta(ge=1, le=60)] = 5
    tries: Annotated[int, Meta(ge=1, le=20)] = 5
    per_hour: Annotated[int, Meta(ge=1, le=100)] = 5
    """How many a member may ask for in an hour."""


class Reviews(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How products are reviewed."""

    activity: Key | None = None
    """What an approved review earns, once for each product of an order."""
    guests: bool = True
    only_verified: bool = False
    """Whether only a review of a purchase is rewarded."""
    link: Link = "https://shop.example/review/{order_id}"
    """Of a review request; `{order_id}` stands for the order."""


class Orders(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What orders must be before they earn, and what a change of them does.

    Shapes: all but `skip_tags` are compared, without regard to case, with the three statuses of an
    order; `earn_when` with its tags too. An order that meets any of `earn_when` counts and earns;
    empty is at once. Source: decisions/0013.
    """

    earn_when: Annotated[tuple[Key, ...], Meta(max_length=32)] = ()
    cancel_when: Annotated[tuple[Key, ...], Meta(max_length=32)] = (
        "cancelled",
        "canceled",
        "voided",
    )
    refund_when: Annotated[tuple[Key, ...], Meta(max_length=32)] = ("refunded",)
    """What says that all of an order was refunded."""
    fulfilled_when: Annotated[tuple[Key, ...], Meta(max_length=32)] = ("fulfilled", "delivered")
    skip_tags: Annotated[tuple[Key, ...], Meta(max_length=32)] = ()
    """An order with such a tag, like an exchange, does not count while it has it."""
    restore_coupon: Literal["never", "cancelled", "refunded"] = "never"
    """When the coupon that an order used comes back; `refunded` is when all of it was, or when it
    was cancelled."""
    restore_as: Literal["coupon", "points"] = "coupon"
    """`coupon` may be used again; `points` cancels it and gives back the points that bought it, if
    points did."""
    rates: Annotated[
        dict[
            Annotated[str, Meta(pattern="^[A-Z]{3}$")], Annotated[float, Meta(gt=0, le=1_000_000)]
        ],
        Meta(max_length=RATES_MAX),
    ] = {}
    """What one unit of another currency is worth in the program's."""
    link: Link | None = None
    """Where a member sees an order; `{order_id}` stands for it."""
