"""Approve pending awards, one or many at once."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.awards import approve, resolvable
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId

AWARDS_PER_REQUEST_MAX = 500


class ApprovePoints(Command, frozen=True, kw_only=True):
    """Pending awards whose points become spendable: all, or none when one is not pending."""

    transaction_ids: Annotated[
        tuple[TransactionId, ...], Meta(min_length=1, max_length=AWARDS_PER_REQUEST_MAX)
    ]
    approver: Approver = SYSTEM


class PointsApproved(Struct, frozen=True, kw_only=True):
    """The awards, approved."""

    transactions: tuple[Transaction, ...]


def _needs(command: ApprovePoints) -> Needs:
    return Needs(transactions=command.transaction_ids)


def _decide(draft: Draft, command: ApprovePoints) -> PointsApproved | Refused:
    awards = resolvable(draft, command.transaction_ids)
    if isinstance(awards, Refused):
        return awards
    approved = [approve(draft, book, award, command.approver) for book, award in awards]
    return PointsApproved(transactions=tuple(approved))


COMMAND = CommandType(
    command=ApprovePoints,
    result=PointsApproved,
    needs=_needs,
    decide=_decide,
    refusal=PointsRefused,
)
