"""Record an order; it may earn points, enrol its customer, and complete a referral."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.due import settle
from stampbook.core.guest_orders import complete_by_guest
from stampbook.core.members import active_book, auto_enrol
from stampbook.core.orders import record
from stampbook.core.purchases import Purchase, Terms, checked, customer
from stampbook.core.referral_attribution import Arrival, Bringing, brought_by, settle_arrival
from stampbook.core.refusals import MEMBER_BLOCKED, PROGRAM_AUTO_ENROL_OFF, Refused
from stampbook.core.self_referral import payment_of, remember_payment, traits_of, traits_of_member
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Key
from stampbook.values.contacts import email_key


class RecordOrder(Purchase, Command, frozen=True, kw_only=True, omit_defaults=True):
    """An order as the shop knows it.

    Shapes: `referral_code` is that of the member who brought a new customer. The attribute
    `payment_fingerprint` tells who pays like whom.
    """

    referral_code: Key | None = None


class OrderRecorded(Struct, frozen=True, kw_only=True):
    """The order; the award that it earned, or why it earned nothing; the member after it.

    Shapes: award and refusal are None while it does not count yet; `coupon` is the one that it
    used, `coupon_refused` says why it used none; `member` is None for a guest, whose order
    completed the `referral`.
    """

    order: Order
    transaction: Transaction | None
    refused: Refused | None
    member: Member | None
    coupon: Coupon | None = None
    coupon_refused: Refused | None = None
    referral: Referral | None = None


def _needs(command: RecordOrder) -> Needs:
    return Needs(
        members=(command.member_id,),
        orders=(command.order_id,),
        coupons=(command.coupon_code,) if command.coupon_code else (),
        emails=(email_key(command.email_address),) if command.email_address else (),
        referral_codes=(command.referral_code,) if command.referral_code else (),
    )


def _decide(draft: Draft, command: RecordOrder) -> OrderRecorded | Refused:
    terms = checked(draft, command)
    if isinstance(terms, Refused):
        return terms
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        brought = _brought(draft, command)
        book = auto_enrol(draft, command.member_id, customer(command), book, brought)
        if isinstance(book, Refused):
            return _of_guest(draft, command, terms, brought, book)
        settle(draft, book)  # they may have entered a campaign, like members who order
    elif _may_be_new(book.member, command):
        settle_arrival(draft, book, _brought(draft, command, book), gives_coupon=False)
    brought_as = book.agenda.referred_by
    effects = record(draft, book, command, terms)
    remember_payment(draft, book, payment_of(command.attributes))
    return OrderRecorded(
        order=effects.order,
        transaction=effects.transaction,
        refused=effects.refused,
        member=book.member,
        coupon=effects.coupon,
        coupon_refused=effects.coupon_refused,
        referral=draft.referral(brought_as.id) if brought_as else None,
    )


def _brought(
    draft: Draft, command: RecordOrder, known: Book | None = None
) -> Bringing | Refused | None:
    said = {**customer(command), "member_id": command.member_id}
    traits = traits_of(said, payment_of(command.attributes))
    # a guest proves by a claim that they came by somebody
    is_guest = known is None and not draft.definition.auto_enrol
    return brought_by(
        draft,
        Arrival(
            traits=(traits,) if known is None else (traits, traits_of_member(known.member)),
            email_address=command.email_address,
            referral_code=None if is_guest else command.referral_code,
            coupon_code=command.coupon_code,
        ),
    )


def _may_be_new(member: Member, command: RecordOrder) -> bool:
    """Tell whether a first order may say by whom its member came."""
    if member.referred_by is not None or member.number_of_purchases:
        return False
    said = (command.email_address, command.referral_code, command.coupon_code)
    return any(each is not None for each in said)


def _of_guest(
    draft: Draft,
    command: RecordOrder,
    terms: Terms,
    brought: Bringing | Refused | None,
    refused: Refused,
) -> OrderRecorded | Refused:
    """Complete the referral of somebody whom the program does not enrol, or refuse the order."""
    if refused.code != PROGRAM_AUTO_ENROL_OFF.code or brought is None:
        return refused
    if isinstance(brought, Refused):
        is_of_friend = brought.code != MEMBER_BLOCKED.code  # that would be about the referrer
        return brought if is_of_friend else refused
    completed = complete_by_guest(draft, brought, command, terms)
    if completed is None:
        return refused
    order, referral = completed
    return OrderRecorded(
        order=order, transaction=None, refused=None, member=None, referral=referral
    )


COMMAND = CommandType(
    command=RecordOrder, result=OrderRecorded, needs=_needs, decide=_decide, refusal=PointsRefused
)
