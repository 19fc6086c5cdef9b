"""A subscriber that speaks Nector, written from the vendor's page and the contract alone.

It imports nothing of Stampbook: keys, types and formats are spelled here by hand, so that a
mistake in the dialect is not repeated in its check. `check` may read any recorded traffic.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, cast

from tests.contract import standard_webhook
from tests.contract.nector_shapes import (
    COUPON,
    EXPIRY,
    LEAD,
    ORDER,
    REVIEW,
    TIER,
    WALLET,
    digest_fits,
    plain,
    read_instant,
    read_written,
    referral,
    uuid,
)
from tests.contract.shapes import Shape, at, name, read_json

TOPICS: dict[str, Shape] = {
    "lead_create": plain(LEAD),
    "lead_update": plain(LEAD),
    "coupon_create": plain(COUPON),
    "coupon_update": plain(COUPON),
    "unusedcouponrequest_create": plain(COUPON),
    "order_create": plain(ORDER),
    "order_update": plain(ORDER),
    "reviewrequest_create": plain({**ORDER, "order_review_link": name}),
    "walletreward_create": plain(WALLET),
    "wallettrasaction_update": plain(WALLET),
    "unusedwalletcoinrequest_create": plain(WALLET),
    "review_create": plain(REVIEW),
    "review_update": plain(REVIEW),
    "refereenotify_create": referral,
    "referrernotify_create": referral,
    "incompletereferralrequest_create": referral,
    "coinexpirynotify_create": plain(EXPIRY),
    "viptier_create": plain(TIER),
}
"""The body of each topic of the vendor's page."""

WALLET_TOPICS = frozenset(
    {"walletreward_create", "wallettrasaction_update", "unusedwalletcoinrequest_create"}
)
REMINDERS_OF_FRIENDS = frozenset({"refereenotify_create", "incompletereferralrequest_create"})
REFERRALS = REMINDERS_OF_FRIENDS | {"referrernotify_create"}
WRITTEN_AS_WELL = {
    "expire": "formatted_expire",
    "coupon_expire": "coupon_formatted_expire",
    "wallet_expiry_estimated_on": "wallet_expiry_formatted_estimated_on",
}


def check(body: bytes, headers: Mapping[str, str], secret: str) -> list[str]:
    """Give everything that is wrong with a request; nothing when it is what the vendor sends."""
    got = {key.lower(): value for key, value in headers.items()}
    return [*_signature(body, got, secret), *_body(body, got.get("x-nector-topic", ""))]


def _signature(body: bytes, got: Mapping[str, str], secret: str) -> Iterator[str]:
    timestamp = got.get("x-nector-timestamp", "")
    if not timestamp.isdecimal() or len(timestamp) != len("1700000000"):
        yield f"x-nector-timestamp: {timestamp!r} is no count of seconds since 1970"
    yield from uuid(got.get("x-nector-delivery-id"), "x-nector-delivery-id")
    for algorithm in ("x-nector-webhook-hmac-algo", "x-nector-webhook-secret-algo"):
        if got.get(algorithm) != "sha256":
            yield f"{algorithm}: {got.get(algorithm)!r} is not sha256"
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(got.get("x-nector-webhook-hmac", ""), wanted):
        yield "x-nector-webhook-hmac: does not fit the body and the secret"
    named = hashlib.sha256(secret.encode()).hexdigest()
    if not hmac.compare_digest(got.get("x-nector-webhook-secret", ""), named):
        yield "x-nector-webhook-secret: is not the digest of the secret"
    yield from standard_webhook.signature(body, got, secret)


def _body(body: bytes, topic: str) -> Iterator[str]:
    try:
        tree: Any = read_json(body)
    except ValueError as error:
        yield f"body: no JSON: {error}"
        return
    shape = TOPICS.get(topic)
    if shape is None:
        yield f"x-nector-topic: {topic!r} is none of the vendor's"
        return
    yield from shape(tree, "body")
    if isinstance(tree, dict):
        yield from _together(cast("dict[str, Any]", tree), topic)


def _together(fields: dict[str, Any], topic: str) -> Iterator[str]:
    """Look at what must fit together."""
    yield from _spellings(fields)
    if topic in WALLET_TOPICS:
        yield from _wallet(fields, topic)
    if topic.startswith("lead_"):
        for contact, digest in (("email", "eid"), ("mobile", "mid")):
            if not digest_fits(fields.get(contact), fields.get(digest)):
                yield f"body.{digest}: is not the digest of {contact}"
    if topic in REFERRALS:
        yield from _referral(fields, topic)


def _spellings(fields: dict[str, Any]) -> Iterator[str]:
    for key, value in fields.items():
        if value is None or value is False or isinstance(value, dict | list):
            yield f"body.{key}: {value!r} is never sent"
    for spelled, as_read in WRITTEN_AS_WELL.items():
        if spelled in fields and not _same_second(fields[spelled], fields.get(as_read)):
            yield f"body.{as_read}: is not the instant of {spelled}"
    day, full_day = str(fields.get("user_dob")), str(fields.get("user_full_dob"))
    if not full_day.startswith(day) or bool(day) != bool(full_day):
        yield "body.user_full_dob: is not the day of user_dob"


def _same_second(spelled: Any, as_read: Any) -> bool:
    first, second = read_instant(spelled), read_written(as_read)
    if first is None or second is None:
        return spelled == as_read
    return first.replace(microsecond=0) == second


def _wallet(fields: dict[str, Any], topic: str) -> Iterator[str]:
    totals = [fields.get(key) for key in ("consolidated_cr", "consolidated_dr", "closing_balance")]
    came, went, left = (total if isinstance(total, int) else 0 for total in totals)
    if came - went != left:
        yield "body.closing_balance: is not what came in less what went out"
    if topic == "walletreward_create" and fields.get("status") == "failed":
        yield "body.status: a new transaction has not failed"
    if topic == "wallettrasaction_update" and fields.get("status") == "pending":
        yield "body.status: an update resolves what was pending"


def _referral(fields: dict[str, Any], topic: str) -> Iterator[str]:
    """Want the person that the event is for among the common fields."""
    side = "to" if topic in REMINDERS_OF_FRIENDS else "by"
    if not digest_fits(fields.get("user_email"), fields.get(f"referred_{side}_eid")):
        yield f"body.referred_{side}_eid: is not the digest of user_email"
    for reward, described in (("wallettransaction", "title"), ("coupon", "value")):
        is_there = at(fields, f"{reward}_{described}") is not None
        if is_there != (fields.get(f"{reward}_id") not in {"", None}):
            yield f"body.{reward}_id: does not fit what describes it"
