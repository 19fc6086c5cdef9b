"""Transactions: awards, redemptions and deductions, and why an award is worth what it is."""

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.paging import Paged, cursors_checked
from stampbook.api.present import Present
from stampbook.api.problem import CURSOR_INVALID, RefusedError
from stampbook.api.route import Answer
from stampbook.commands import Needs
from stampbook.core.order_money import as_rules_read
from stampbook.core.refusals import (
    MEMBER_NOT_FOUND,
    TRANSACTION_NOT_FOUND,
    TRANSACTION_WRONG_KIND,
    Refused,
    refuse,
)
from stampbook.core.rules.evaluate import evaluate
from stampbook.core.rules.explain import Explanation, explain
from stampbook.nouns.transaction import Transaction, TransactionKind, TransactionStatus
from stampbook.store.reading.members import find_id
from stampbook.store.reading.orders import find_order
from stampbook.store.reading.points import find_transaction, transactions
from stampbook.values.amounts import Key
from stampbook.values.ids import TransactionId


class ListTransactions(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which transactions to list, the newest first; every filter that is given must hold."""

    member_id: Key | None = None
    kind: TransactionKind | None = None
    status: TransactionStatus | None = None


class TransactionPage(Struct, frozen=True, kw_only=True):
    """Transactions, as they are at the program's now."""

    items: tuple[Transaction, ...]
    next_cursor: str | None


class OneTransaction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A transaction by its id."""

    transaction_id: TransactionId


class AwardExplained(Struct, frozen=True, kw_only=True):
    """Why an award is worth its points.

    Shapes: the explanation is what the rules of `rule_version` say; `points` were awarded. They
    differ when a cap cut the award or the request named its points. `explanation` is None when
    that version has no such activity or cannot value it.
    """

    transaction: Transaction
    points: int
    rule_version: int
    explanation: Explanation | None
    sentences: tuple[str, ...]


def list_transactions(desk: Desk, asked: ListTransactions) -> TransactionPage:
    """Give a page of transactions."""
    with desk.present() as present, cursors_checked():
        member = None
        if asked.member_id is not None:
            member = find_id(present.unit, desk.program_id, asked.member_id)
            if member is None:
                raise RefusedError(refuse(MEMBER_NOT_FOUND, field="member_id"))
        page = transactions(
            present.unit,
            desk.program_id,
            member=member,
            kind=asked.kind,
            status=asked.status,
            limit=asked.limit,
            after=asked.cursor,
        )
        return TransactionPage(items=_now(present, page.items), next_cursor=page.next)


def read_transaction(desk: Desk, asked: OneTransaction) -> Transaction:
    """Give one transaction."""
    with desk.present() as present:
        return _known(present, asked.transaction_id)


def explain_transaction(desk: Desk, asked: OneTransaction) -> AwardExplained:
    """Say why an award is worth its points, by the version that valued it."""
    with desk.present() as present:
        award = _known(present, asked.transaction_id)
        if award.kind != "award":
            raise RefusedError(refuse(TRANSACTION_WRONG_KIND, kind_found=award.kind))
        definition = present.definition(award.rule_version)
        order_id = award.order_id
        order = find_order(present.unit, desk.program_id, order_id) if order_id else None
    activity = definition.activity_by_id.get(award.activity_id or "")
    read = award.attributes
    if order is not None:
        read = as_rules_read(order, read, definition.currency)
    valued = activity and evaluate(activity, read, award.inputs)
    known = None if valued is None or isinstance(valued, Refused) else explain(valued)
    return AwardExplained(
        transaction=award,
        points=award.points,
        rule_version=award.rule_version,
        explanation=known,
        sentences=known.sentences() if known else (),
    )


def _known(present: Present, transaction_id: str) -> Transaction:
    found = find_transaction(present.unit, present.program_id, transaction_id)
    if found is None:
        raise RefusedError(
            refuse(TRANSACTION_NOT_FOUND, field="transaction_id", transaction_id=transaction_id)
        )
    return _now(present, (found,))[0]


def _now(present: Present, stored: tuple[Transaction, ...]) -> tuple[Transaction, ...]:
    """Give transactions as they are now: only one that is still pending may have moved on."""
    pending = tuple(one.id for one in stored if one.status == "pending")
    if not pending:
        return stored
    draft = present.draft(Needs(transactions=pending))
    return tuple(draft.transaction(one.id) or one for one in stored)


ROUTES = (
    Answer(
        method="GET",
        path="/v1/transactions",
        summary="List transactions",
        scope="read",
        asks=ListTransactions,
        gives=TransactionPage,
        refuses=(MEMBER_NOT_FOUND, CURSOR_INVALID),
        answers=list_transactions,
    ),
    Answer(
        method="GET",
        path="/v1/transactions/{transaction_id}",
        summary="Read a transaction",
        scope="read",
        asks=OneTransaction,
        gives=Transaction,
        refuses=(TRANSACTION_NOT_FOUND,),
        answers=read_transaction,
    ),
    Answer(
        method="GET",
        path="/v1/transactions/{transaction_id}/explanation",
        summary="Read why an award is worth its points",
        scope="read",
        asks=OneTransaction,
        gives=AwardExplained,
        refuses=(TRANSACTION_NOT_FOUND, TRANSACTION_WRONG_KIND),
        answers=explain_transaction,
    ),
)
