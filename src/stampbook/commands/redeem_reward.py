"""Spend points on a reward, at once or on hold."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import active_book
from stampbook.core.redemptions import redeem
from stampbook.core.refusals import Refused
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Attributes, Key
from stampbook.values.points import SomePoints


class RedeemReward(Command, frozen=True, kw_only=True):
    """A reward for a member.

    Shapes: `points` is for a flexible amount. `hold` sets the points aside until the redemption is
    approved or rejected, or the hold times out.
    """

    member_id: Key
    reward_id: Key
    points: SomePoints | None = None
    hold: bool = False
    transaction_attributes: Attributes = {}


class RewardRedeemed(Struct, frozen=True, kw_only=True):
    """The redemption with its coupon, and the member after it."""

    transaction: Transaction
    coupon: Coupon | None
    member: Member


def _needs(command: RedeemReward) -> Needs:
    return Needs(members=(command.member_id,), rewards=(command.reward_id,))


def _decide(draft: Draft, command: RedeemReward) -> RewardRedeemed | Refused:
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        return book
    redeemed = redeem(
        draft,
        book,
        command.reward_id,
        points=command.points,
        hold=command.hold,
        attributes=command.transaction_attributes,
    )
    if isinstance(redeemed, Refused):
        return redeemed
    transaction, coupon = redeemed
    return RewardRedeemed(transaction=transaction, coupon=coupon, member=book.member)


COMMAND = CommandType(
    command=RedeemReward,
    result=RewardRedeemed,
    needs=_needs,
    decide=_decide,
    refusal=RewardRefused,
)
