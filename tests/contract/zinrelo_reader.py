"""A subscriber that speaks Zinrelo, written from the vendor's page and the contract alone.

It imports nothing of Stampbook: keys, types and formats are spelled here by hand, so that a
mistake in the dialect is not repeated in its check. `check` may read any recorded traffic.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, cast

from tests.contract import standard_webhook, zinrelo_growth
from tests.contract.shapes import Shape, at, count, date, exactly, hex_id, items, read_json, record
from tests.contract.zinrelo_shapes import (
    DEDUCTION,
    DELETED_MEMBER,
    EXPIRY,
    MEMBER,
    REDEMPTION,
    award,
    rewards,
)

EVENTS_MAX = 100

EVENTS: dict[str, Shape] = {
    "event_member_enrol": record({"member_info": MEMBER}),
    "event_member_update": record({"member_info": MEMBER}),
    "event_member_delete": record({"member_info": DELETED_MEMBER}),
    "event_member_otp_generation": zinrelo_growth.OTP,
    "event_points_earned": record(
        {"member_info": MEMBER, "transaction_info": award("approved", date)}
    ),
    "event_points_rejected": record(
        {"member_info": MEMBER, "transaction_info": award("rejected", exactly(""))}
    ),
    "event_points_redeemed": record({"member_info": MEMBER, "transaction_info": REDEMPTION}),
    "event_points_deducted": record({"member_info": MEMBER, "transaction_info": DEDUCTION}),
    "event_points_expired": record({"member_info": MEMBER, "transaction_info": record(EXPIRY)}),
    "event_points_expiration_reminder": zinrelo_growth.EXPIRATION_REMINDER,
    "event_member_tierupgrade": record({"member_info": MEMBER}),
    "event_member_tierdowngrade": record({"member_info": MEMBER}),
    "event_available_rewards_reminder": record({"member_info": MEMBER, "reward_info": rewards}),
    "event_rewards_within_reach_reminder": record({"member_info": MEMBER, "reward_info": rewards}),
    "event_referral_link_share": zinrelo_growth.link_share,
    "event_friend_incentive_request": zinrelo_growth.incentive_request,
    "event_referral_success": zinrelo_growth.referral_success,
    "event_winback_offer": zinrelo_growth.WINBACK,
    "event_campaign_entered": zinrelo_growth.CAMPAIGN,
    "event_campaign_exited": zinrelo_growth.CAMPAIGN,
}
"""The data of each event type of the vendor's page."""


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
    yield from standard_webhook.signature(body, got, secret)


def _body(body: bytes) -> Iterator[str]:
    try:
        tree: Any = read_json(body)
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
    events = at(tree, "events")
    if isinstance(events, list):
        yield from _together(tree, cast("list[Any]", events))


def _together(tree: Any, events: list[Any]) -> Iterator[str]:
    if len(events) > EVENTS_MAX:
        yield f"body.events: more than {EVENTS_MAX}"
    if at(tree, "total_count") != len(events):
        yield "body.total_count: not the number of events"
    if len({str(at(event, "event_type")) for event in events}) > 1:
        yield "body.events: of more than one type"
    if len({str(at(event, "id")) for event in events}) < len(events):
        yield "body.events: an id comes twice"


def _event(value: Any, path: str) -> Iterator[str]:
    data = EVENTS.get(str(at(value, "event_type")), record({}))
    yield from record({"id": hex_id, "event_type": exactly(*EVENTS), "data": data})(value, path)
    transaction = at(value, "data", "transaction_info")
    member = at(value, "data", "member_info", "member_id")
    if transaction is not None and at(transaction, "member_id") != member:
        yield f"{path}.data.transaction_info.member_id: of somebody else"
