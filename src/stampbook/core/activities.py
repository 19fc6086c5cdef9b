"""Activities: a member did something; it earns, and what hangs on it follows.

Shapes: whoever awards what a member really did comes through here. Bonuses that follow from it
are awarded directly, so that nothing follows from them.
"""

from collections.abc import Mapping
from typing import Any

from stampbook.core.awards import award
from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.referral_completion import complete_by
from stampbook.core.refusals import Refused
from stampbook.core.winback import pay_winback
from stampbook.nouns.transaction import Transaction


def perform(
    draft: Draft,
    book: Book,
    activity_id: str,
    attributes: Mapping[str, Any],
    *,
    read: Mapping[str, Any] | None = None,
    points: int | None = None,
    additional_data: Mapping[str, Any] | None = None,
    order_id: str | None = None,
) -> Transaction | Refused:
    """Award an activity that a member did."""
    awarded = award(
        draft,
        book,
        activity_id,
        attributes,
        read=read,
        points=points,
        additional_data=additional_data,
        order_id=order_id,
    )
    # an order was made whether or not it earned; a refused request was no activity
    was_done = order_id is not None or not isinstance(awarded, Refused)
    order = draft.order(order_id) if order_id else None
    if was_done and book.agenda.offer is not None:
        pay_winback(draft, book, activity_id, order.created_at if order else draft.at)
    if was_done and book.agenda.referred_by is not None:
        complete_by(draft, book, activity_id, order)
    return awarded
