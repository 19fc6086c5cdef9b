"""Attribution: by whose claim, coupon or code a newcomer came.

Source: contract section 2, referrals.
"""

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.referrals import (
    bind,
    close,
    new_referral,
    referrer_of,
    refused_friend,
)
from stampbook.core.refusals import REFERRAL_CODE_UNKNOWN, Refused, refuse
from stampbook.core.refusing import state_refusal
from stampbook.core.self_referral import Traits
from stampbook.facts.referral.refused import ReferralRefused
from stampbook.nouns.referral import Referral
from stampbook.values.contacts import email_key


class Arrival(Struct, frozen=True, kw_only=True):
    """How somebody came, as far as the shop knows.

    Shapes: `email_address` is the one that the request names; of a member more traits are known.
    """

    traits: tuple[Traits, ...]
    email_address: str | None
    referral_code: str | None = None
    coupon_code: str | None = None


class Bringing(Struct, frozen=True):
    """Who brought somebody, by a claim that is stored or a referral that begins now."""

    referrer: Book
    referral: Referral


def brought_by(draft: Draft, arrival: Arrival) -> Bringing | Refused | None:
    """Give by whom somebody came, or why that does not count; None when they came by nobody.

    Shapes: a claim by the e-mail address comes before the coupon, and both before a code.
    """
    if not draft.definition.referrals.is_active:
        return None
    claim = _claim_of(draft, arrival)
    if claim is not None:
        referrer = referrer_of(draft, claim)
        if referrer is None:  # deleted, and all that they brought with them
            return None
    elif arrival.referral_code is None:
        return None
    else:
        referrer = draft.book_by_code(arrival.referral_code)
        if referrer is None:
            return refuse(REFERRAL_CODE_UNKNOWN, field="referral_code")
    refused = refused_friend(draft, referrer, arrival.traits, arrival.email_address, by_claim=claim)
    if refused is not None:
        return refused
    return Bringing(
        referrer, claim or new_referral(draft, referrer, "code", friend_email=arrival.email_address)
    )


def _claim_of(draft: Draft, arrival: Arrival) -> Referral | None:
    email, code = arrival.email_address, arrival.coupon_code
    found = draft.referrals_of(email_key(email)) if email else []
    coupon = draft.coupon(code) if code else None
    if coupon is not None and coupon.referral_id is not None:
        by_coupon = draft.referral(coupon.referral_id)
        found += [replace(by_coupon, mode="coupon")] if by_coupon else []
    open_ones = (one for one in found if one.status == "claimed" and not one.friend_is_enrolled)
    return next(open_ones, None)


def settle_arrival(
    draft: Draft, friend: Book, brought: Bringing | Refused | None, *, gives_coupon: bool
) -> Referral | None:
    """Bind a member to who brought them; a referral that does not count is said to be refused."""
    if isinstance(brought, Bringing):
        return bind(draft, friend, brought.referrer, brought.referral, gives_coupon=gives_coupon)
    if brought is not None:
        turn_away(draft, brought)
    return None


def turn_away(draft: Draft, refused: Refused) -> None:
    """State why somebody was not referred; the claim that they came by is closed."""
    claim = draft.referral(refused.facts.get("referral_id", ""))
    referrer = draft.book_of(claim.referrer_member_id) if claim else None
    if claim is not None and referrer is not None:
        close(draft, referrer, claim, refused)
    else:
        state_refusal(draft, ReferralRefused, refused)
