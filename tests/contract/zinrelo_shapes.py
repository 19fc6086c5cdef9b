"""What Zinrelo says of members, transactions and rewards, from the vendor's page alone."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from tests.contract.shapes import (
    Shape,
    at,
    count,
    date,
    either,
    exactly,
    flag,
    hex_id,
    items,
    name,
    number,
    open_record,
    record,
    text,
    whole,
)

RECEIPT = "submit_a_receipt"

ADDRESS = record(
    dict.fromkeys(("line1", "line2", "city", "state", "postal_code", "country"), either(None, text))
)
TIER = record(
    {
        "current_period_start": either(None, date),
        "loyalty_tier_name": either(None, name),
        "qualified_points": whole,
        "loyalty_tier_id": either(None, name),
        "current_period_end": either(None, date),
    }
)
MEMBER = record(
    {
        "id": hex_id,
        "first_name": either(None, text),
        "last_name": either(None, text),
        "email_address": either(None, text),
        "address": ADDRESS,
        "phone_number": either(None, text),
        "member_id": name,
        "member_status": exactly("active", "inactive", "blocked"),
        "member_tags": items(name),
        "number_of_purchases": count,
        "number_of_redemptions": count,
        "birthdate": either(None, date),
        "enrollment_date": date,
        "last_modified_date": date,
        "first_purchase_date": either(None, date),
        "instagram_handle": either(None, text),
        "last_purchase_date": either(None, date),
        "anniversary_date": either(None, date),
        "twitter_handle": either(None, text),
        "preferred_language": either(None, text),
        "tier_info": TIER,
        "referral_code": name,
        "lifetime_points_earned": count,
        "lifetime_points_expired": count,
        "available_points": whole,  # below zero while the member owes points
        "lifetime_points_deducted": count,
        "lifetime_points_redeemed": count,
        "referral_URL": name,
        "custom_attributes": open_record({}),
        "revenue": number,
        "aov": either(None, number),
        "deleted_date": exactly(None),
    }
)
DELETED_MEMBER = record({"member_id": name})

EXPIRY: dict[str, Shape] = {
    "id": hex_id,
    "transaction_type": exactly("award"),
    "member_id": name,
    "expiry_info": record({"points_status": exactly("expired"), "points": count}),
    "approved_date": date,
    "approver_details": record({"approver_id": either(None, name), "approver_name": name}),
    "last_modified_date": date,
    "created_date": date,
}


def transaction(kind: str, approved: Shape, own: Mapping[str, Shape]) -> Shape:
    return record(
        {
            "id": hex_id,
            "transaction_type": exactly(kind),
            "member_id": name,
            "transaction_attributes": open_record({"tags": items(text)}),
            "approver_details": EXPIRY["approver_details"],
            "approved_date": approved,
            "last_modified_date": date,
            "created_date": date,
            **own,
        }
    )


def award(status: str, approved: Shape) -> Shape:
    own: dict[str, Shape] = {
        "award_info": record(
            {
                "activity_id": name,
                "activity_name": name,
                "points_status": exactly(status),
                "points": count,
            }
        ),
        "points_expiration_date": either("", date),
        "auto_approval_date": either("", date),
    }
    plain = transaction("award", approved, own)
    receipt = transaction(
        "award", approved, {**own, "additional_data": open_record({"receipt_uid": name})}
    )

    def check(value: Any, path: str) -> Iterator[str]:
        is_receipt = at(value, "award_info", "activity_id") == RECEIPT
        yield from (receipt if is_receipt else plain)(value, path)
        products = at(value, "transaction_attributes", "products")
        if products is not None:
            yield from items(open_record({"product_id": name}))(products, f"{path}.products")

    return check


REDEMPTION = transaction(
    "redeem",
    date,
    {
        "reward_info": record(
            {
                "reward_id": name,
                "reward_name": name,
                "points_status": exactly("redeemed"),
                "points": count,
                "coupon_code": either(None, name),
                "reward_link": either(None, text),
            }
        )
    },
)
DEDUCTION = transaction(
    "deduct",
    date,
    {"deduct_info": record({"points_status": exactly("deducted"), "points": count})},
)

REWARD: dict[str, Shape] = {
    "id": hex_id,
    "reward_id": name,
    "reward_name": name,
    "reward_type": name,
    "reward_sub_type": name,
    "points_to_be_redeemed": count,
    "implementation_type": name,
    "is_active": flag,
    "show_on_guest_dashboard": flag,
    "enduser_reward_short_description": text,
    "enduser_reward_confirmation_html": text,
    "enduser_reward_post_confirmation_html": text,
    "reward_card_background_image_url": text,
    "redemption_eligibility_criteria": exactly("Tier Based", "Points Based"),
    "created_date": date,
    "last_modified_date": date,
    "metadata": open_record({}),
}
TIER_BASED: dict[str, Shape] = {"eligible_tiers_list": items(name, least=1)}
POINTS_BASED: dict[str, Shape] = {
    "earning_period_operator": name,
    "points_earned_operator": name,
    "points_earned": count,
}
PRODUCT: dict[str, Shape] = {"product_id": either(None, name), "product_url": either(None, text)}


def _decimal(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str) or not value.replace(".", "", 1).isdecimal():
        yield f"{path}: {value!r} is no number spelled as text"


def _reward(value: Any, path: str) -> Iterator[str]:
    by_tier = at(value, "redemption_eligibility_criteria") == "Tier Based"
    wanted = {**REWARD, **(TIER_BASED if by_tier else POINTS_BASED)}
    if at(value, "reward_sub_type") == "Product Redemption":
        wanted |= PRODUCT
    elif at(value, "reward_value") is not None:
        wanted |= {"reward_value": _decimal}
    yield from record(wanted)(value, path)


def rewards(value: Any, path: str) -> Iterator[str]:
    yield from record({"count": count, "rewards": items(_reward, least=1)})(value, path)
    listed = at(value, "rewards")
    if isinstance(listed, list) and at(value, "count") != len(cast("list[Any]", listed)):
        yield f"{path}.count: not the number of rewards"
