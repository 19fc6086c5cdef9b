"""What Zinrelo says of passwords, referrals, campaigns and offers, from the vendor's page alone."""

import re
from collections.abc import Iterator
from typing import Any, cast

from tests.contract.shapes import (
    Shape,
    anything,
    at,
    count,
    date,
    deadline,
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
)
from tests.contract.zinrelo_shapes import MEMBER, award, transaction

OTP_DIGITS = re.compile("[0-9]{6}")


def _otp(value: Any, path: str) -> Iterator[str]:
    """Want six digits, or nothing once the password has had its time."""
    if not isinstance(value, str) or (value and not OTP_DIGITS.fullmatch(value)):
        yield f"{path}: {value!r} is no password of six digits"


OTP = record(
    {
        "member_info": MEMBER,
        "otp_info": record({"otp": _otp, "minutes_valid": count, "valid_till": deadline}),
    }
)
EXPIRATION_REMINDER = record(
    {
        "member_info": MEMBER,
        "expiry_info": record({"expiration_date": date, "points": count, "days_to_expire": count}),
    }
)

SHARED: dict[str, Shape] = {"member_info": MEMBER, "share_info": record({"channel_shared": name})}
MAILED: dict[str, Shape] = {"email_share_info": record({"friend_email": items(name, least=1)})}


def link_share(value: Any, path: str) -> Iterator[str]:
    """Want the friends of a share by e-mail, and of no other."""
    mailed = at(value, "share_info", "channel_shared") == "email"
    yield from record({**SHARED, **MAILED} if mailed else SHARED)(value, path)


INCENTIVE = record(
    {
        "coupon": either(None, name),
        "referrer_info": record({"referral_link": name, "member_id": name, "id": hex_id}),
    }
)
CLAIM_OF_UNKNOWN = record(
    {"friend_info": record({"email_address": name}), "incentive_info": INCENTIVE}
)
CLAIM_OF_ENROLLED = record({"friend_info": MEMBER})
GUEST = record({"email_address": either(None, name), "member_id": name})


def incentive_request(value: Any, path: str) -> Iterator[str]:
    """Want an unknown friend with an incentive, or an enrolled one in full without."""
    is_enrolled = at(value, "friend_info", "id") is not None
    yield from (CLAIM_OF_ENROLLED if is_enrolled else CLAIM_OF_UNKNOWN)(value, path)


def _friend(value: Any, path: str) -> Iterator[str]:
    yield from (GUEST if at(value, "id") is None else MEMBER)(value, path)


COUPON_AWARD = transaction(
    "coupon_award",
    date,
    {
        "award_info": record(
            {
                "coupon_code": name,
                "activity_id": name,
                "activity_name": name,
                "points_status": exactly("approved"),
                "points": exactly(0),
            }
        )
    },
)
APPROVED_AWARD = award("approved", date)
SUCCESS_ACTIVITY = record(
    {
        "activity_id": name,
        "activity_name": name,
        "order_info": either(None, open_record({"order_id": name})),
    }
)


def _referrer_reward(value: Any, path: str) -> Iterator[str]:
    is_coupon = at(value, "transaction_type") == "coupon_award"
    yield from (COUPON_AWARD if is_coupon else APPROVED_AWARD)(value, path)


def referral_success(value: Any, path: str) -> Iterator[str]:
    """Want both people, what the friend did, and what the referrer got for it."""
    yield from record(
        {
            "friend_info": _friend,
            "referrer_info": MEMBER,
            "referral_success_activity_info": SUCCESS_ACTIVITY,
            "referrer_reward_info": items(_referrer_reward),
        }
    )(value, path)
    rewards = at(value, "referrer_reward_info")
    for reward in cast("list[Any]", rewards) if isinstance(rewards, list) else []:
        if at(reward, "member_id") != at(value, "referrer_info", "member_id"):
            yield f"{path}.referrer_reward_info: of somebody else"


RULE = record(
    {
        "rule_type": name,
        "rule_value": number,
        "is_active": flag,
        "conditions_matching_policy": exactly("match_all", "match_any"),
        "conditions": items(open_record({"operator": name, "attribute": name, "value": anything})),
    }
)
MULTIPLIED = record(
    {
        "points_computation_type": exactly("multiplier_based"),
        "attribute_to_multiply": name,
        "multiplier": number,
    }
)
FIXED = record({"points_computation_type": exactly("fixed"), "points": count})


def _points_config(value: Any, path: str) -> Iterator[str]:
    is_fixed = at(value, "points_computation_type") == "fixed"
    yield from (FIXED if is_fixed else MULTIPLIED)(value, path)


ACTIVITY = record(
    {
        "id": hex_id,
        "activity_id": name,
        "metadata": open_record({}),
        "activity_name": name,
        "is_active": flag,
        "approval_method": name,
        "show_on_guest_dashboard": flag,
        "activity_card_background_image_url": text,
        "enduser_activity_short_description": text,
        "enduser_activity_description_html": text,
        "last_modified_date": date,
        "created_date": date,
        "is_qualified_for_tier_upgrade": flag,
        "rules_config": items(RULE),
        "activity_benefit_type": exactly("points", "coupon"),
        "points_config": _points_config,
    }
)
WINBACK = record(
    {
        "member_info": MEMBER,
        "offer_info": record(
            {
                "offer_valid_till": deadline,
                "bonus_points": count,
                "activity_to_complete": ACTIVITY,
            }
        ),
    }
)

CAMPAIGN = record(
    {
        "member_info": MEMBER,
        "campaign_info": record(
            {
                "event_name": name,
                "event_ID": name,
                "delay_in_days": count,
                "campaign_name": name,
                "campaign_ID": name,
                "promotion_info": record(
                    {
                        "promotion_id": hex_id,
                        "promotion_type": name,
                        "configuration_settings": either(None, open_record({})),
                    }
                ),
            }
        ),
    }
)
