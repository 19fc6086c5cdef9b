"""Claim the incentive of a member's referral link, as their friend."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import Email
from stampbook.core.referrals import claim
from stampbook.core.refusals import Refused
from stampbook.core.self_referral import Traits
from stampbook.facts.referral.refused import ReferralRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import Address
from stampbook.nouns.referral import Referral
from stampbook.values.amounts import Key, Line
from stampbook.values.contacts import email_key


class ClaimReferral(Command, frozen=True, kw_only=True):
    """A friend who came by a member's link.

    Shapes: telephone, address and payment are compared with the referrer's, and not kept.
    """

    referral_code: Key
    email_address: Email
    name: Line | None = None
    phone_number: Line | None = None
    address: Address = Address()
    payment_fingerprint: Line | None = None


class ReferralClaimed(Struct, frozen=True, kw_only=True):
    """The referral, and the friend's coupon if the program gives one."""

    referral: Referral
    coupon: Coupon | None


def _needs(command: ClaimReferral) -> Needs:
    return Needs(
        emails=(email_key(command.email_address),), referral_codes=(command.referral_code,)
    )


def _decide(draft: Draft, command: ClaimReferral) -> ReferralClaimed | Refused:
    friend = Traits(
        email_address=command.email_address,
        phone_number=command.phone_number,
        address=command.address,
        payment_fingerprint=command.payment_fingerprint,
    )
    claimed = claim(draft, command.referral_code, friend, command.name)
    if isinstance(claimed, Refused):
        return claimed
    referral, coupon = claimed
    return ReferralClaimed(referral=referral, coupon=coupon)


COMMAND = CommandType(
    command=ClaimReferral,
    result=ReferralClaimed,
    needs=_needs,
    decide=_decide,
    refusal=ReferralRefused,
)
