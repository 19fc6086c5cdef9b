"""Reject pending awards, one or many at once."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.awards import reject, resolvable
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId

AWARDS_PER_REQUEST_MAX = 500


class RejectPoints(Command, frozen=True, kw_only=True):
    """Pending awards whose points are gone: all, or none when one is not pending."""

    transaction_ids: Annotated[
        tuple[TransactionId, ...], Meta(min_length=1, max_length=AWARDS_PER_REQUEST_MAX)
    ]
    approver: Approver = SYSTEM


class PointsRejected(Struct, frozen=True, kw_only=True):
    """The awards, rejected."""

    transactions: tuple[Transaction, ...]


def _needs(command: RejectPoints) -> Needs:
    return Needs(transactions=command.transaction_ids)


def _decide(draft: Draft, command: RejectPoints) -> PointsRejected | Refused:
    awards = resolvable(draft, command.transaction_ids)
    if isinstance(awards, Refused):
        return awards
    rejected = [reject(draft, book, award, command.approver) for book, award in awards]
    return PointsRejected(transactions=tuple(rejected))


COMMAND = CommandType(
    command=RejectPoints,
    result=PointsRejected,
    needs=_needs,
    decide=_decide,
    refusal=PointsRefused,
)
