"""Erasure: what of a record could name a person, and the record without it. Pure.

What is not named here stays when a member is deleted: points, dates, amounts, ids, and the texts of
the program. A test walks every record and fails on a text that is neither named here nor known to
say nothing of a person.

Source: decisions/0015.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, cast

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import replace

from stampbook.facts import FactData
from stampbook.facts.member.otp_generated import MemberOtpGenerated
from stampbook.facts.points.refused import PointsRefused
from stampbook.facts.referral.completed import ReferralCompleted
from stampbook.facts.referral.link_shared import ReferralLinkShared
from stampbook.facts.referral.refused import ReferralRefused
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Friend, Referral
from stampbook.nouns.review import Review
from stampbook.nouns.transaction import Transaction

S = TypeVar("S", bound=Struct)
F = TypeVar("F", bound=FactData)

PERSONAL: Mapping[type[Struct], tuple[str, ...]] = MappingProxyType(
    {
        Member: (
            "first_name",
            "last_name",
            "email_address",
            "phone_number",
            "address",
            "tags",
            "birthdate",
            "anniversary_date",
            "preferred_language",
            "instagram_handle",
            "twitter_handle",
            "custom_attributes",
        ),
        Transaction: ("attributes", "additional_data", "inputs"),
        Order: (
            "attributes",
            "name",
            "link",
            "cart_token",
            "source",
            "driven_by",
            "coupon_driven_by",
            "payment_medium",
            "payment_source",
            "utm_campaign",
            "utm_medium",
            "utm_source",
        ),
        Coupon: ("friend_email",),
        Referral: ("friend_email", "friend_name"),
        Friend: ("email_address", "name"),
        Review: ("name", "email_address", "title", "description", "media", "reply"),
        MemberOtpGenerated: ("otp",),
        PointsRefused: ("facts",),
        RewardRefused: ("facts",),
        ReferralRefused: ("facts",),
        ReferralLinkShared: ("friend_emails",),
        ReferralCompleted: ("order_attributes",),
    }
)
"""The fields of each record that could name a person, or that hold whatever a caller sent."""

EMPTY: dict[type, Any] = {str: "", dict: {}}
"""What a field is emptied to that has no default."""


@cache
def nothing(kind: type[Struct]) -> Mapping[str, Any]:
    """Give the personal fields of a kind of record, each as it is when nothing is known."""
    personal = PERSONAL.get(kind, ())
    return MappingProxyType(
        {
            field.name: _empty(field)
            for field in msgspec.structs.fields(kind)
            if field.name in personal
        }
    )


def _empty(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not NODEFAULT:
        return field.default
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return EMPTY[getattr(field.type, "__origin__", field.type)]


def erased(record: S) -> S:
    """Give a record without what could name a person, in itself and in the records that it holds.

    Shapes: the same object when there was nothing to erase.
    """
    news: dict[str, Any] = {}
    empty = nothing(type(record))
    for name in record.__struct_fields__:
        value = getattr(record, name)
        new = empty[name] if name in empty else _erased_within(value)
        if new is not value and new != value:
            news[name] = new
    return replace(record, **news) if news else record


def _erased_within(value: Any) -> Any:
    if isinstance(value, Struct):
        return erased(value)
    if isinstance(value, tuple):
        records = cast("tuple[Any, ...]", value)
        if any(isinstance(one, Struct) for one in records):
            return tuple(_erased_within(one) for one in records)
    return cast("Any", value)


def erased_mention(fact: F) -> F:
    """Give another member's fact without what it says of somebody else."""
    return replace(erased(fact), member=fact.member)
