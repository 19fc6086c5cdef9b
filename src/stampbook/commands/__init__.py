"""Commands: what can be asked for, one verb one file; the path is the name.

A file holds the command (also the request's schema), what it needs loaded, its result (also the
reply's schema) and `decide`. Pure: `decide` maps a draft to a result or a refusal.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from msgspec import Struct

from stampbook.core.draft import Draft
from stampbook.core.due import settle
from stampbook.core.merging import merged_refusal
from stampbook.core.refusals import Refused
from stampbook.core.refusing import state_refusal
from stampbook.facts import FactData
from stampbook.values.ids import MemberId, ReferralId, ReviewId, TransactionId
from stampbook.values.instants import Instant

__all__ = ["Command", "CommandType", "Due", "Needs", "catalogue", "decide", "kind_of"]


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something asked of the engine."""


class Due(Struct, frozen=True):
    """Members with work that falls due: the `limit` earliest whose due_at is at most `until`."""

    until: Instant
    limit: int


class Needs(Struct, frozen=True, kw_only=True):
    """What a command reads; the engine loads and locks it for the whole batch at once.

    Shapes: the owner of each transaction, order, coupon, referral and review is locked too, and
    whoever referred one of these members. An order brings its award, and the definition version
    that valued it; a redemption brings the lots that paid it.
    `rewards` bring their redemption count and free codes, locked after the members.
    `retired` are member_ids to be looked up among the deleted.
    """

    members: tuple[str, ...] = ()
    """By the merchant's member_id."""
    ids: tuple[MemberId, ...] = ()
    transactions: tuple[TransactionId, ...] = ()
    orders: tuple[str, ...] = ()
    coupons: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    """In the spelling of `email_key`: the members who have them, and referrals of such friends."""
    referral_codes: tuple[str, ...] = ()
    referrals: tuple[ReferralId, ...] = ()
    reviews: tuple[ReviewId, ...] = ()
    rewards: tuple[str, ...] = ()
    due: Due | None = None

    @property
    def names_members_only(self) -> bool:
        """Tell whether members are all that it is about, and each is named."""
        return not (
            self.transactions
            or self.orders
            or self.coupons
            or self.emails
            or self.referral_codes
            or self.referrals
            or self.reviews
        )


class CommandType(Struct, frozen=True, kw_only=True):
    """One verb.

    Shapes: `refusal` is the fact that a refusal is stored as when it concerns a known member
    (`Refused.member_id`); None stores none.
    """

    command: type[Command]
    result: type[Struct]
    needs: Callable[[Any], Needs]
    decide: Callable[[Draft, Any], Struct | Refused]
    refusal: type[FactData] | None = None
    takes_merged: bool = False
    """Whether it may be asked of a member who was merged into another one."""

    @property
    def name(self) -> str:
        """The verb, made from the path of the file."""
        return self.command.__module__.removeprefix(f"{__name__}.")


@cache
def catalogue() -> Mapping[str, CommandType]:
    """Give every verb by name, found by walking this folder."""
    found: dict[str, CommandType] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        kind: CommandType = import_module(module.name).COMMAND
        found[kind.name] = kind
    return found


@cache
def kind_of(command: type[Command]) -> CommandType:
    """Give the verb of a command."""
    return catalogue()[command.__module__.removeprefix(f"{__name__}.")]


def decide(draft: Draft, command: Command) -> Struct | Refused:
    """Decide one command: first what fell due for its members, then what it asks.

    Shapes: a refusal changes nothing but what fell due, and is stored as a fact of its member.
    Whatever names a member who was merged into another one is refused.
    Source: decisions/0003, decisions/0016.
    """
    kind = kind_of(type(command))
    needs = kind.needs(command)
    merged = _settle_owners(draft, needs) if needs.due is None else None
    before = draft.changes.size()
    result = merged if merged and not kind.takes_merged else kind.decide(draft, command)
    if isinstance(result, Refused):
        assert draft.changes.size() == before, f"{kind.name} changed something and then refused"
        state_refusal(draft, kind.refusal, result)
    elif draft.program.campaigns and needs.due is None:
        for member in tuple(draft.changes.members):  # what they became may let them enter or leave
            settle(draft, draft.book(member))
    return result


def _settle_owners(draft: Draft, needs: Needs) -> Refused | None:
    """Settle whom a command touches; gives why not, when it names somebody who was merged."""
    refused: Refused | None = None
    for member_id, is_named in _owners(draft, needs).items():
        book = draft.book_of(member_id)
        if book is not None:
            settle(draft, book)
            if is_named and book.member.status == "merged":
                refused = merged_refusal(book)
    return refused


def _owners(draft: Draft, needs: Needs) -> dict[str, bool]:
    """Give the member_ids that a command touches, each once, in a stable order.

    Shapes: with whether it names them, or something of theirs; others are found by an address.
    """
    owners = dict.fromkeys(needs.members, True)
    if needs.names_members_only:  # as most do
        return owners
    named = (draft.book_by_code(code) for code in needs.referral_codes)
    owners.update((book.member.member_id, True) for book in named if book is not None)
    for referral_id in needs.referrals:
        referral = draft.referral(referral_id)
        if referral is not None:
            owners[referral.referrer_member_id] = True
    for review_id in needs.reviews:
        review = draft.review(review_id)
        if review is not None and review.member_id is not None:
            owners[review.member_id] = True
    found = (
        *(draft.transaction(transaction_id) for transaction_id in needs.transactions),
        *(draft.order(order_id) for order_id in needs.orders),
        *(draft.coupon(code) for code in needs.coupons),
    )
    owners.update((record.member_id, True) for record in found if record is not None)
    for email in needs.emails:
        for claim in draft.referrals_of(email):
            owners.setdefault(claim.referrer_member_id, False)
        for book in draft.books_by_email(email):
            owners.setdefault(book.member.member_id, False)
    return owners
