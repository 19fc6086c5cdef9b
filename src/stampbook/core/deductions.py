"""Deductions: points are taken by hand or by a return.

Source: contract section 2, deducting: `only_available`, `allow_debt` or `refuse`.
"""

from collections.abc import Mapping
from typing import Any

from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.ledger import spend, spendable, taken
from stampbook.core.refusals import POINTS_INSUFFICIENT, Refused, refuse
from stampbook.core.tiers import count_towards, qualifying, reconsider
from stampbook.facts.points.deducted import PointsDeducted
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId


def refuses_deduction(draft: Draft, book: Book, points: int) -> Refused | None:
    """Tell whether the program refuses to take so many points."""
    available = book.member.balances.available
    clawback = draft.definition.points.clawback
    refuses = (clawback == "refuse" and available < points) or (
        clawback == "only_available" and available <= 0
    )
    if not refuses:
        return None
    return refuse(
        POINTS_INSUFFICIENT,
        field="points",
        member_id=book.member.member_id,
        rule="points.clawback",
        rule_version=draft.version,
        available=available,
        needed=points,
    )


def deduct(
    draft: Draft,
    book: Book,
    points: int,
    attributes: Mapping[str, Any],
    *,
    approver: Approver = SYSTEM,
    qualified: int | None = None,
    rule_version: int | None = None,
    order_id: str | None = None,
) -> Transaction | Refused:
    """Take points, as far as the program lets the balance go.

    Units: the result's points are what was taken, in the lots or as debt; `qualified` is what
    no longer counts towards the tier, as much as is taken unless it says otherwise.
    """
    refused = refuses_deduction(draft, book, points)
    if refused is not None:
        return refused
    asked, held = points, spendable(book)
    if draft.definition.points.clawback == "only_available":
        points = min(points, held)
    shares = spend(draft, book, min(points, held))
    deduction = Transaction(
        id=TransactionId(draft.ids.take()),
        member_id=book.member.member_id,
        kind="deduct",
        status="deducted",
        points=points,
        asked=asked,
        created_at=draft.at,
        modified_at=draft.at,
        approved_at=draft.at,
        approver=approver,
        attributes=dict(attributes),
        order_id=order_id,
        rule_version=rule_version or draft.version,
        paid=shares,
    )
    draft.put_transaction(book, deduction)
    counted = qualifying(book, -(points if qualified is None else qualified))
    draft.enter(
        book,
        "deduct",
        points,
        deduction.id,
        debt=points - min(points, held),
        qualified=counted,
        moves=taken(shares),
    )
    standing = count_towards(draft, book, points=counted)
    draft.fact(PointsDeducted, book, rule_version=rule_version, transaction=deduction)
    reconsider(draft, book, standing)
    return deduction
