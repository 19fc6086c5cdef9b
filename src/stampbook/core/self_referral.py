"""Self-referral: who a friend shares an address, a telephone or a card with is the same person.

Source: contract section 2, referrals.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.nouns.member import Address, Member
from stampbook.values.contacts import mailbox_key, phone_key

PAYMENTS_KEPT = 4
"""Units: ways of paying that are remembered of a member, the newest last."""

POSTAL_PARTS = ("line1", "postal_code", "city")
"""What an address must have to be compared: a country alone is shared by millions."""


class Traits(Struct, frozen=True, kw_only=True):
    """What a friend can be recognised by; nothing of it is kept by comparing.

    Shapes: `payment_fingerprint` is what the shop's payment service calls a card or an account.
    """

    member_id: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    address: Address = Address()
    payment_fingerprint: str | None = None


def traits_of(profile: Mapping[str, Any], payment_fingerprint: str | None = None) -> Traits:
    """Give the traits among the fields of a profile."""
    return Traits(
        member_id=profile.get("member_id"),
        email_address=profile.get("email_address"),
        phone_number=profile.get("phone_number"),
        address=profile.get("address") or Address(),
        payment_fingerprint=payment_fingerprint,
    )


def traits_of_member(member: Member) -> Traits:
    """Give what is known of a member."""
    return Traits(
        member_id=member.member_id,
        email_address=member.email_address,
        phone_number=member.phone_number,
        address=member.address,
    )


def shared_trait(referrer: Book, friend: Iterable[Traits]) -> str | None:
    """Give the first trait that makes friend and referrer one person; None when they are two.

    Shapes: a friend may be known by several sets of traits.
    """
    return next((same for one in friend if (same := _shared(referrer, one))), None)


def _shared(referrer: Book, friend: Traits) -> str | None:
    own = referrer.member
    pairs = {
        "member_id": (own.member_id, friend.member_id),
        "email_address": (_mailbox(own.email_address), _mailbox(friend.email_address)),
        "phone_number": (_phone(own.phone_number), _phone(friend.phone_number)),
        "address": (_postal(own.address), _postal(friend.address)),
    }
    for name, (mine, theirs) in pairs.items():
        if mine is not None and mine == theirs:
            return name
    if friend.payment_fingerprint is None:
        return None
    paid = _hash(friend.payment_fingerprint)
    return "payment_fingerprint" if paid in referrer.agenda.payments else None


def remember_payment(draft: Draft, book: Book, payment_fingerprint: str | None) -> None:
    """Remember, as a hash, how a member paid."""
    if payment_fingerprint is None:
        return
    paid, known = _hash(payment_fingerprint), book.agenda.payments
    if paid not in known:
        draft.change_agenda(book, payments=(*known, paid)[-PAYMENTS_KEPT:])


def payment_of(attributes: Mapping[str, Any]) -> str | None:
    """Give how an order was paid, if its attributes say so."""
    said = attributes.get("payment_fingerprint")
    return said if isinstance(said, str) and said else None


def _mailbox(address: str | None) -> str | None:
    return mailbox_key(address) if address else None


def _phone(number: str | None) -> str | None:
    return (phone_key(number) if number else None) or None


def _postal(address: Address) -> tuple[str, ...] | None:
    if not all(getattr(address, part) for part in POSTAL_PARTS):
        return None
    return tuple("".join((part or "").split()).casefold() for part in astuple(address))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
