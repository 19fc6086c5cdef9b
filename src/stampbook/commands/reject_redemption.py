"""Reject a redemption that is on hold."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.redemptions import held, release
from stampbook.core.refusals import Refused
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId


class RejectRedemption(Command, frozen=True, kw_only=True):
    """A hold to reject. Points and coupon go back."""

    transaction_id: TransactionId
    approver: Approver = SYSTEM


class RedemptionRejected(Struct, frozen=True, kw_only=True):
    """The redemption, rejected, and the member after it."""

    transaction: Transaction
    member: Member


def _needs(command: RejectRedemption) -> Needs:
    return Needs(transactions=(command.transaction_id,))


def _decide(draft: Draft, command: RejectRedemption) -> RedemptionRejected | Refused:
    found = held(draft, command.transaction_id)
    if isinstance(found, Refused):
        return found
    book, hold = found
    return RedemptionRejected(
        transaction=release(draft, book, hold, command.approver), member=book.member
    )


COMMAND = CommandType(
    command=RejectRedemption,
    result=RedemptionRejected,
    needs=_needs,
    decide=_decide,
    refusal=RewardRefused,
)
