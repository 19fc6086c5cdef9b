"""Approve a redemption that is on hold."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.redemptions import capture, held
from stampbook.core.refusals import Refused
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId


class ApproveRedemption(Command, frozen=True, kw_only=True):
    """A hold to approve. The points are spent."""

    transaction_id: TransactionId
    approver: Approver = SYSTEM


class RedemptionApproved(Struct, frozen=True, kw_only=True):
    """The redemption, approved, and the member after it."""

    transaction: Transaction
    member: Member


def _needs(command: ApproveRedemption) -> Needs:
    return Needs(transactions=(command.transaction_id,))


def _decide(draft: Draft, command: ApproveRedemption) -> RedemptionApproved | Refused:
    found = held(draft, command.transaction_id)
    if isinstance(found, Refused):
        return found
    book, hold = found
    return RedemptionApproved(
        transaction=capture(draft, book, hold, command.approver), member=book.member
    )


COMMAND = CommandType(
    command=ApproveRedemption,
    result=RedemptionApproved,
    needs=_needs,
    decide=_decide,
    refusal=RewardRefused,
)
