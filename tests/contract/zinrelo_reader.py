"""A subscriber that speaks Zinrelo, written from the vendor's page and the contract alone.

It imports nothing of Stampbook: keys, types and formats are spelled here by hand, so that a
mistake in the dialect is not repeated in its check. `check` may read any recorded traffic.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from tests.contract.shapes import (
    Shape,
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

EVENTS_MAX = 100
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


def _transaction(kind: str, approved: Shape, own: Mapping[str, Shape]) -> Shape:
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


def _award(status: str, approved: Shape) -> Shape:
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
    plain = _transaction("award", approved, own)
    receipt = _transaction(
        "award", approved, {**own, "additional_data": open_record({"receipt_uid": name})}
    )

    def check(value: Any, path: str) -> Iterator[str]:
        is_receipt = _at(value, "award_info", "activity_id") == RECEIPT
        yield from (receipt if is_receipt else plain)(value, path)
        products = _at(value, "transaction_attributes", "products")
        if products is not None:
            yield from items(open_record({"product_id": name}))(products, f"{path}.products")

    return check


REDEMPTION = _transaction(
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
DEDUCTION = _transaction(
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
    by_tier = _at(value, "redemption_eligibility_criteria") == "Tier Based"
    wanted = {**REWARD, **(TIER_BASED if by_tier else POINTS_BASED)}
    if _at(value, "reward_sub_type") == "Product Redemption":
        wanted |= PRODUCT
    elif _at(value, "reward_value") is not None:
        wanted |= {"reward_value": _decimal}
    yield from record(wanted)(value, path)


def _rewards(value: Any, path: str) -> Iterator[str]:
    yield from record({"count": count, "rewards": items(_reward, least=1)})(value, path)
    rewards = _at(value, "rewards")
    if isinstance(rewards, list) and _at(value, "count") != len(cast("list[Any]", rewards)):
        yield f"{path}.count: not the number of rewards"


EVENTS: dict[str, Shape] = {
    "event_member_enrol": record({"member_info": MEMBER}),
    "event_member_update": record({"member_info": MEMBER}),
    "event_member_delete": record({"member_info": DELETED_MEMBER}),
    "event_points_earned": record(
        {"member_info": MEMBER, "transaction_info": _award("approved", date)}
    ),
    "event_points_rejected": record(
        {"member_info": MEMBER, "transaction_info": _award("rejected", exactly(""))}
    ),
    "event_points_redeemed": record({"member_info": MEMBER, "transaction_info": REDEMPTION}),
    "event_points_deducted": record({"member_info": MEMBER, "transaction_info": DEDUCTION}),
    "event_points_expired": record({"member_info": MEMBER, "transaction_info": record(EXPIRY)}),
    "event_member_tierupgrade": record({"member_info": MEMBER}),
    "event_member_tierdowngrade": record({"member_info": MEMBER}),
    "event_available_rewards_reminder": record({"member_info": MEMBER, "reward_info": _rewards}),
    "event_rewards_within_reach_reminder": record({"member_info": MEMBER, "reward_info": _rewards}),
}
"""The data of each event type that this reader knows."""


def check(body: bytes, headers: Mapping[str, str], secret: str) -> list[str]:
    """Give everything that is wrong with a request; nothing when it is what the vendor sends."""
    return [*_signature(body, headers, secret), *_body(body)]


def _signature(body: bytes, headers: Mapping[str, str], secret: str) -> Iterator[str]:
    got = {key.lower(): value for key, value in headers.items()}
    nonce = got.get("nonce", "")
    if not nonce.isdecimal() or len(nonce) != len("1700000000000"):
        yield f"nonce: {nonce!r} is no count of milliseconds since 1970"
    wanted = hmac.new(secret.encode(), body + b":" + nonce.encode(), hashlib.sha512).hexdigest()
    if not hmac.compare_digest(got.get("x-zinrelo-signature", ""), wanted):
        yield "x-zinrelo-signature: does not fit the body, the nonce and the secret"
    webhook_id, timestamp = got.get("webhook-id", ""), got.get("webhook-timestamp", "")
    if not webhook_id or not timestamp.isdecimal():
        yield "webhook-id, webhook-timestamp: missing or malformed"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    standard = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if f"v1,{standard}" not in got.get("webhook-signature", "").split(" "):
        yield "webhook-signature: none of them fits"


def _body(body: bytes) -> Iterator[str]:
    try:
        tree: Any = json.loads(body, object_pairs_hook=_object, parse_constant=_no_constant)
    except ValueError as error:
        yield f"body: no JSON: {error}"
        return
    yield from record(
        {
            "request_id": hex_id,
            "total_count": count,
            "events": items(_event, least=1),
            "created_date": date,
        }
    )(tree, "body")
    events = _at(tree, "events")
    if isinstance(events, list):
        yield from _together(tree, cast("list[Any]", events))


def _together(tree: Any, events: list[Any]) -> Iterator[str]:
    if len(events) > EVENTS_MAX:
        yield f"body.events: more than {EVENTS_MAX}"
    if _at(tree, "total_count") != len(events):
        yield "body.total_count: not the number of events"
    if len({str(_at(event, "event_type")) for event in events}) > 1:
        yield "body.events: of more than one type"
    if len({str(_at(event, "id")) for event in events}) < len(events):
        yield "body.events: an id comes twice"


def _event(value: Any, path: str) -> Iterator[str]:
    data = EVENTS.get(str(_at(value, "event_type")), record({}))
    yield from record({"id": hex_id, "event_type": exactly(*EVENTS), "data": data})(value, path)
    transaction = _at(value, "data", "transaction_info")
    member = _at(value, "data", "member_info", "member_id")
    if transaction is not None and _at(transaction, "member_id") != member:
        yield f"{path}.data.transaction_info.member_id: of somebody else"


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key comes twice")
    return fields


def _no_constant(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
