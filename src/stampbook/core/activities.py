"""Activities: a member did something; it earns, and what hangs on it follows.

Shapes: whoever awards what a member really did comes through here. Bonuses that follow from it
are awarded directly, so that nothing follows from them.
"""

from collections.abc import Mapping
from typing import Any

from stampbook.core.awards import award
from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.nouns.transaction import Transaction


def perform(
    draft: Draft,
    book: Book,
    activity_id: str,
    attributes: Mapping[str, Any],
    *,
    points: int | None = None,
    additional_data: Mapping[str, Any] | None = None,
    order_id: str | None = None,
) -> Transaction | Refused:
    """Award an activity that a member did."""
    return award(
        draft,
        book,
        activity_id,
        attributes,
        points=points,
        additional_data=additional_data,
        order_id=order_id,
    )
