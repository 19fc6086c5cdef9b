"""What Nector says of people, coins, coupons, orders and reviews, from the vendor's page alone."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.contract.shapes import Shape, at, count, exactly, name, number, record, text, whole

VERSION_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
WRITTEN = re.compile(r"[A-Z][a-z]+ (\d{1,2})(st|nd|rd|th) \d{4}, \d{1,2}:\d\d:\d\d (am|pm)")
HEX_40 = re.compile(r"[0-9a-f]{40}")
SHA_256 = re.compile(r"[0-9a-f]{64}")
DAY = re.compile(r"\d\d-\d\d")
FULL_DAY = re.compile(r"\d\d-\d\d-\d{4}")


def _matching(pattern: re.Pattern[str], what: str) -> Shape:
    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield f"{path}: {value!r} is no {what}"

    return check


uuid = _matching(VERSION_4, "UUID of version 4")
hex_40 = _matching(HEX_40, "hash of 40 lower-case hex digits")
sha_256 = _matching(SHA_256, "hex SHA-256")
day = _matching(DAY, "DD-MM")
full_day = _matching(FULL_DAY, "DD-MM-YYYY")


def instant(value: Any, path: str) -> Iterator[str]:
    if read_instant(value) is None:
        yield f"{path}: {value!r} is no instant in ISO 8601 with milliseconds and Z"


def read_instant(value: Any) -> datetime | None:
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def written(value: Any, path: str) -> Iterator[str]:
    if read_written(value) is None:
        yield f"{path}: {value!r} is no instant as a person reads it"


def read_written(value: Any) -> datetime | None:
    found = WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or not isinstance(value, str):
        return None
    wanted = "th" if found[1] in {"11", "12", "13"} else ENDINGS.get(found[1][-1], "th")
    plain = value.replace(f"{found[1]}{found[2]} ", f"{found[1]} ", 1)
    try:
        read = datetime.strptime(plain, "%B %d %Y, %I:%M:%S %p").replace(tzinfo=UTC)
    except ValueError:
        return None
    return read if found[2] == wanted else None


ENDINGS = {"1": "st", "2": "nd", "3": "rd"}


def unset_or(shape: Shape) -> Shape:
    """Want a shape, or the empty text that stands for absent, null and false."""

    def check(value: Any, path: str) -> Iterator[str]:
        if value != "":
            yield from shape(value, path)

    return check


truth = unset_or(exactly(True))  # noqa: FBT003 - the value itself
some_number = unset_or(number)
some_uuid = unset_or(uuid)

COMMON: dict[str, Shape] = {
    "business_name": name,
    "business_uri": text,
    "nector_business_uri": text,
    "business_coin_name": name,
    "business_currency_code": name,
    "business_currency_symbol": name,
    "user_customer_id": text,
    "user_name": text,
    "user_email": text,
    "user_mobile": text,
    "user_tier": text,
    "user_referral_code": text,
    "user_referral_coupon_code": text,
    "user_referral_link": text,
    "user_new_referral_link": text,
    "user_available_balance": whole,
    "user_balance": whole,
    "user_dob": unset_or(day),
    "user_full_dob": unset_or(full_day),
    "user_country": text,
    "user_transaction_amount": number,
}

LEAD: dict[str, Shape] = {
    "entity_id": uuid,
    "referral_code": name,
    "customer_id": name,
    "referred_by_referral_code": text,
    "name": text,
    "available": whole,
    "tier": text,
    "transaction_amount": some_number,
    "last_transaction": unset_or(instant),
    "accept_email": truth,
    "accept_mobile": truth,
    "accept_smartdiscountapply": truth,
    "dob": unset_or(day),
    "full_dob": unset_or(full_day),
    "mid": unset_or(sha_256),
    "mobile": text,
    "country": text,
    "eid": unset_or(sha_256),
    "email": text,
    "email_status": text,
    "is_freezed": truth,
    "created_at": instant,
    "updated_at": instant,
}

COUPON: dict[str, Shape] = {
    "entity_id": uuid,
    "lead_id": uuid,
    "activity_id": some_uuid,
    "offer_id": some_uuid,
    "reference_coupon_id": text,
    "reference_coupon_source": text,
    "name": text,
    "description": text,
    "type": name,
    "value": name,
    "fiat_class": name,
    "fiat_value": some_number,
    "fiat_target": name,
    "minimumcart_amount": some_number,
    "meta__lead_name": text,
    "status": name,
    "redirect_link": text,
    "expire": unset_or(instant),
    "formatted_expire": unset_or(written),
    "updated_at": instant,
    "created_at": instant,
}

WALLET: dict[str, Shape] = {
    "entity_id": uuid,
    "lead_id": uuid,
    "activity_id": some_uuid,
    "title": name,
    "description": text,
    "amount": count,
    "closing_balance": whole,
    "consolidated_cr": count,
    "consolidated_dr": count,
    "hash": hex_40,
    "meta__lead_name": text,
    "operation": exactly("cr", "dr"),
    "type": name,
    "status": exactly("pending", "success", "failed"),
    "updated_at": instant,
    "created_at": instant,
}

REVIEW: dict[str, Shape] = {
    "entity_id": uuid,
    "lead_id": some_uuid,  # a guest is no lead
    "order_id": some_uuid,
    "activity_id": some_uuid,
    "reference_product_name": text,
    "reference_product_source": text,
    "reference_product_id": name,
    "reference_product_redirect_link": text,
    "reference_review_source": text,
    "reference_review_id": text,
    "type": exactly("review"),
    "name": text,
    "rating": exactly(1, 2, 3, 4, 5),
    "title": text,
    "description": text,
    "reply_to": text,
    "meta__coin_reward": count,
    "meta__is_rewarded": truth,
    "is_verified": truth,
    "is_approved": truth,
    "is_featured": truth,
    "updated_at": instant,
    "created_at": instant,
}

ORDER: dict[str, Shape] = {
    "entity_id": uuid,
    "lead_id": uuid,
    "reference_order_name": text,
    "reference_order_id": name,
    "reference_order_source": text,
    "activity_id": some_uuid,
    "currency_code": name,
    "reference_cart_token": text,
    "fiat_amount": number,
    "fiat_discount": number,
    "fiat_tax": number,
    "payment_source": text,
    "payment_medium": text,
    "utm_source": text,
    "utm_medium": text,
    "utm_campaign": text,
    "order_driven_by": text,
    "couponredeem_driven_by": text,
    "status": text,
    "financial_status": text,
    "delivery_status": text,
    "meta__lead_name": text,
    "meta__coin_spent": count,
    "meta__coin_reward": count,
    "meta__is_rewarded": truth,
    "meta__currency_code": name,
    "meta__redirect_link": text,
    "updated_at": instant,
    "created_at": instant,
}

REFERRAL: dict[str, Shape] = {
    "entity_id": uuid,
    "coupon_id": some_uuid,
    "wallettransaction_id": some_uuid,
    "order_id": some_uuid,
    "referral_mode": name,
    "referred_by_name": text,
    "referred_by_lead_id": uuid,
    "referred_by_eid": unset_or(sha_256),
    "referred_by_mid": unset_or(sha_256),
    "referred_to_name": text,
    "referred_to_lead_id": some_uuid,
    "referred_to_eid": unset_or(sha_256),
    "referred_to_mid": unset_or(sha_256),
    "meta__referred_by_coupon_id": some_uuid,
    "meta__referred_to_coupon_id": some_uuid,
    "meta__incompletereferralrequest_count": count,
    "meta__incompletereferralrequest_sentat": unset_or(instant),
    "meta__referred_by_wallettransaction_id": some_uuid,
    "meta__referred_to_wallettransaction_id": some_uuid,
    "status": name,
    "created_at": instant,
    "updated_at": instant,
    "version": count,
}
REFERRAL_COINS: dict[str, Shape] = {
    "wallettransaction_title": name,
    "wallettransaction_description": text,
    "wallettransaction_amount": count,
    "wallettransaction_closing_balance": whole,
}
REFERRAL_COUPON: dict[str, Shape] = {
    "coupon_name": text,
    "coupon_description": text,
    "coupon_value": name,
    "coupon_fiat_value": some_number,
    "coupon_fiat_target": name,
    "coupon_fiat_class": name,
    "coupon_minimumcart_amount": some_number,
    "coupon_formatted_expire": unset_or(written),
    "coupon_expire": unset_or(instant),
    "coupon_redirect_link": text,
}

EXPIRY: dict[str, Shape] = {
    "wallet_expiry_unit": exactly("month", "week", "day"),
    "wallet_expiry_amount": count,
    "wallet_expiry_notify_generated_on": instant,
    "wallet_expiry_estimated_on": instant,
    "wallet_expiry_formatted_estimated_on": written,
}

TIER: dict[str, Shape] = {
    "entity_id": uuid,
    "lead_id": uuid,
    "tier": name,
    "formatted_tier": name,
    "direction": exactly("up", "down"),
    "created_at": instant,
    "updated_at": instant,
}


def plain(fields: dict[str, Shape]) -> Shape:
    """Want the common fields and those of a topic, exactly."""
    return record({**COMMON, **fields})


def referral(value: Any, path: str) -> Iterator[str]:
    """Want what describes the reward where there is one, and none of it where there is none."""
    wanted = {**COMMON, **REFERRAL}
    if at(value, "wallettransaction_title") is not None:
        wanted |= REFERRAL_COINS
    if at(value, "coupon_value") is not None:
        wanted |= REFERRAL_COUPON
    yield from record(wanted)(value, path)


def digest_fits(contact: Any, digest: Any) -> bool:
    """Tell whether a digest is that of a contact, or both are unset."""
    if not isinstance(contact, str) or not contact:
        return digest == ""
    return digest == hashlib.sha256(contact.encode()).hexdigest()
