"""Erasure: no text of a record is forgotten, and what is left of a record still reads."""

from collections.abc import Iterator
from typing import Any, cast, get_args, get_origin, get_type_hints

import pytest
from msgspec import Struct
from msgspec.structs import fields, replace

from stampbook.core.erasure import PERSONAL, erased, erased_mention
from stampbook.facts import FactData, catalogue
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import Address, Member
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.nouns.review import Review
from stampbook.nouns.transaction import Transaction
from stampbook.values.json import decode, encode_text

MARKER = "zaphod-zzq"
RECORDS = (Member, Transaction, Order, Coupon, Referral, Review)
ABOUT_MEMBERS = [name for name, fact in catalogue().items() if issubclass(fact.data, FactData)]

OF_THE_PROGRAM = {
    "Activity", "CampaignStep", "CatalogueActivity", "CatalogueReward", "Campaign", "Computation",
    "Condition", "Promotion", "Reward", "Rule", "TierStanding", "WinbackOffer",
}  # fmt: skip
"""Records whose texts come from the program's definition."""

KEYS = {
    "activity_id", "cause", "code", "member_id", "offer_id", "order_id", "product_id", "reward_id",
}  # fmt: skip
"""Ids and keys, in whatever record they are."""

NAMES_NOBODY: dict[str, set[str]] = {
    "Address": {"line1", "line2", "city", "state", "postal_code", "country"},  # erased as a whole
    "Approver": {"id", "name"},  # of the program's staff
    "Coupon": {
        "description", "link", "name", "reference_id", "reference_source", "reward_name",
        "used_by_order_id",
    },
    "MemberUpdated": {"changed"},
    "Member": {"merged_into", "referral_code", "referral_url", "referred_by"},
    "Order": {
        "coupon_code", "currency", "delivery_status", "financial_status", "returned_products",
        "said_at", "status",
    },
    "OrderUpdated": {"changed"},
    "PointsRefused": {"detail", "remedy", "rule"},
    "Referral": {
        "friend_coupon", "friend_member_id", "referral_code", "referrer_coupon", "refusal",
        "referrer_member_id",
    },
    "ReferralCompleted": {"activity_name"},
    "ReferralLinkShared": {"channel"},
    "ReferralRefused": {"detail", "remedy", "rule"},
    "Review": {
        "product_link", "product_name", "product_source", "reference_id", "reference_source",
    },
    "ReviewRequested": {"link"},
    "ReviewUpdated": {"changed"},
    "RewardRefused": {"detail", "remedy", "rule"},
    "TierDowngraded": {"from_tier", "to_tier"},
    "TierRenewed": {"tier"},
    "TierUpgraded": {"from_tier", "to_tier"},
    "Transaction": {"activity_name", "coupon_code", "reward_link", "reward_name"},
}  # fmt: skip
"""Texts that name nobody who can be deleted, by record: what is not here must be erased."""


def structs_of(kind: Any) -> Iterator[type[Struct]]:
    """Every record within a type."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
        for hint in get_type_hints(kind).values():
            yield from structs_of(hint)
    else:
        for part in get_args(kind):
            yield from structs_of(part)


def holds_text(kind: Any) -> bool:
    """Whether a value of the type may hold a text that somebody wrote; our own ids do not."""
    return kind in {str, Any} or any(holds_text(part) for part in get_args(kind))


def test_every_text_of_every_record_is_erased_or_known_to_name_nobody() -> None:
    roots = (*RECORDS, *(catalogue()[name].data for name in ABOUT_MEMBERS))
    forgotten = {
        f"{kind.__name__}.{name}"
        for root in roots
        for kind in structs_of(root)
        for name, hint in get_type_hints(kind).items()
        if holds_text(hint)
        and kind.__name__ not in OF_THE_PROGRAM
        and name not in KEYS
        and name not in PERSONAL.get(kind, ())
        and name not in NAMES_NOBODY.get(kind.__name__, ())
    }
    assert forgotten == set()


def test_only_fields_that_exist_are_named() -> None:
    for kind, names in PERSONAL.items():
        assert set(names) <= set(kind.__struct_fields__), kind


def marked(record: Any) -> Any:
    """Give a record with a marker in each personal field, wherever it is."""
    if isinstance(record, tuple):
        return tuple(map(marked, cast("tuple[Any, ...]", record)))
    if not isinstance(record, Struct):
        return record
    personal = PERSONAL.get(type(record), ())
    hints = {field.name: field.type for field in fields(record)}
    news = {name: marked(getattr(record, name)) for name in hints if name not in personal}
    return replace(record, **news, **{name: _filled(hints[name], name) for name in personal})


def _filled(kind: Any, name: str) -> Any:
    origin = get_origin(kind) or kind
    if "date" in name:
        return None  # a date bears no marker
    if dict in {origin, *(get_origin(part) for part in get_args(kind))}:
        return {MARKER: [MARKER]}
    if origin is tuple:
        return (MARKER,)
    return Address(line1=MARKER, country=MARKER) if kind is Address else MARKER


@pytest.mark.parametrize("name", ABOUT_MEMBERS)
def test_an_erased_fact_says_what_it_said_of_points_and_names_nobody(name: str) -> None:
    fact = catalogue()[name]
    filled: FactData = marked(fact.example())
    assert MARKER in encode_text(filled)
    bare = erased(filled)
    text = encode_text(bare)
    assert MARKER not in text
    assert decode(text, fact.data) == bare
    assert erased(bare) is bare
    for kept in ("sequence", "cause", "rule_version"):
        assert getattr(bare, kept) == getattr(filled, kept)
    assert bare.member.balances == filled.member.balances
    assert bare.member.member_id == filled.member.member_id


@pytest.mark.parametrize("name", [name for name in catalogue() if name.startswith("referral.")])
def test_a_mention_is_erased_and_the_member_of_the_fact_stays(name: str) -> None:
    filled: FactData = marked(catalogue()[name].example())
    bare = erased_mention(filled)
    assert bare.member == filled.member
    assert MARKER not in encode_text(replace(bare, member=erased(bare.member)))
