"""Clawbacks: an order is worth less than it earned, and the difference is taken back.

The clawback is what the order earned less what remains of it is worth, by the rule version and the
inputs that valued it first.

Source: contract section 2, returns; decisions/0009.
"""

from msgspec.structs import replace

from stampbook.core.awards import pend, reject
from stampbook.core.book import Book
from stampbook.core.deductions import deduct, refuses_deduction
from stampbook.core.draft import Draft
from stampbook.core.order_money import as_rules_read, is_over, remaining
from stampbook.core.refusals import Refused
from stampbook.core.rules.evaluate import evaluate
from stampbook.core.tiers import count_towards, qualifying, reconsider
from stampbook.nouns.lot import SYSTEM
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId


def award_of(draft: Draft, order: Order) -> Transaction | None:
    """Give the award that an order earned."""
    return draft.transaction(order.award_id) if order.award_id else None


def worth(draft: Draft, order: Order, award: Transaction) -> int:
    """Give what is left of an order earns by the rule version that valued it. Units: points."""
    definition = draft.state.past[award.rule_version]
    activity = definition.activity_by_id.get(award.activity_id or "")
    if activity is None or is_over(order):
        return 0
    left = as_rules_read(order, remaining(order, award.attributes), definition.currency)
    valuation = evaluate(activity, left, award.inputs)
    return 0 if isinstance(valuation, Refused) else min(valuation.points, award.points)


def owed(award: Transaction, left: int) -> int:
    """Give what is to be taken back of an award when so much of it is left. Units: points."""
    return max(0, award.points - award.returned_points - left)


def is_less(before: Order, after: Order) -> bool:
    """Tell whether less is left of an order than before."""
    return (
        after.returned_amount != before.returned_amount
        or after.returned_products != before.returned_products
        or is_over(after) != is_over(before)
    )


def refuses_clawback(draft: Draft, book: Book, before: Order, order: Order) -> Refused | None:
    """Tell whether the program refuses to take back what an order no longer earns."""
    if draft.definition.points.clawback != "refuse" or not is_less(before, order):
        return None
    award = award_of(draft, order)
    if award is None or award.status != "approved":
        return None
    points = owed(award, worth(draft, order, award))
    refused = refuses_deduction(draft, book, points) if points else None
    if refused is None:
        return None
    return replace(refused, facts={**refused.facts, "order_id": order.order_id})


def claw_back(
    draft: Draft, book: Book, order: Order, reason: str
) -> tuple[TransactionId | None, Transaction | None]:
    """Take back what an order no longer earns; gives its award now, and what was deducted."""
    award = award_of(draft, order)
    if award is None:
        return None, None
    left = worth(draft, order, award)
    points = owed(award, left)
    if points and award.status == "pending":
        return _pend_again(draft, book, award, left), None
    if points and award.status == "approved":
        return award.id, _deducted(draft, book, order, award, points, reason)
    return award.id, None


def _pend_again(draft: Draft, book: Book, award: Transaction, left: int) -> TransactionId | None:
    """Reject a pending award, and let what the remainder earns wait in its place.

    A pending award resolves once, so a smaller one is another award.
    """
    reject(draft, book, award, SYSTEM)
    if not left:
        return None
    award_id = TransactionId(draft.ids.take())
    pend(draft, book, replace(award, id=award_id, points=left, modified_at=draft.at))
    return award_id


def _deducted(
    draft: Draft, book: Book, order: Order, award: Transaction, points: int, reason: str
) -> Transaction | None:
    """Deduct from an award; the tier loses it even where it is spent."""
    draft.put_transaction(
        book,
        replace(award, returned_points=award.returned_points + points, modified_at=draft.at),
    )
    qualified = points if award.qualifies else 0
    deducted = deduct(
        draft,
        book,
        points,
        {"order_id": order.order_id, "reason": reason, "award_id": award.id},
        qualified=qualified,
        rule_version=award.rule_version,
        order_id=order.order_id,
    )
    if isinstance(deducted, Transaction):
        return deducted
    counted = qualifying(book, -qualified)
    if counted:
        draft.enter(book, "disqualify", 0, award.id, qualified=counted)
    reconsider(draft, book, count_towards(draft, book, points=counted))
    return None
