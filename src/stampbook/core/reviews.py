"""Reviews: what people say of products is moderated, answered, and may be rewarded once.

Source: contract section 1, review facts; docs/decisions/0017.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from stampbook.core.activities import perform
from stampbook.core.book import Book
from stampbook.core.counters import counted
from stampbook.core.counting import count
from stampbook.core.draft import Draft
from stampbook.core.order_money import is_over
from stampbook.core.refusals import (
    REVIEW_GUESTS_REFUSED,
    REVIEW_NOT_FOUND,
    REVIEW_NOT_PENDING,
    REVIEW_NOT_PURCHASED,
    Refused,
    refuse,
)
from stampbook.core.refusing import state_refusal
from stampbook.facts import FactData
from stampbook.facts.points.refused import PointsRefused
from stampbook.facts.review.submitted import ReviewSubmitted
from stampbook.facts.review.updated import ReviewUpdated
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.nouns.review import Review, ReviewStatus
from stampbook.values.calendars import local_day
from stampbook.values.ids import MemberId, ReviewId


def submit(
    draft: Draft, book: Book | None, order: Order | None, said: Mapping[str, Any]
) -> Review | Refused:
    """Take a review, of a member or a guest; it waits for its moderator."""
    if book is None and not draft.definition.reviews.guests:
        return refuse(REVIEW_GUESTS_REFUSED, field="member_id")
    member = book.member if book else None
    review = Review(
        id=ReviewId(draft.ids.take()),
        order=order.id if order else None,
        is_verified=_is_purchase(member, order, said["product_id"]),
        created_at=draft.at,
        modified_at=draft.at,
        **{**_who(member), **said},
    )
    draft.put_review(book, review)
    _state(draft, book, ReviewSubmitted, review)
    return review


def _who(member: Member | None) -> dict[str, Any]:
    if member is None:
        return {"member_id": None}
    name = " ".join(part for part in (member.first_name, member.last_name) if part)
    return {
        "member_id": member.member_id,
        "name": name or None,
        "email_address": member.email_address,
    }


def _is_purchase(member: Member | None, order: Order | None, product_id: str) -> bool:
    """Tell whether an order of the reviewer brought the product, and they kept some of it."""
    if member is None or order is None or order.member_id != member.member_id or is_over(order):
        return False
    bought = sum(
        float(line.get("product_quantity", 1))
        for line in order.attributes.get("products", ())
        if line["product_id"] == product_id
    )
    return bought > order.returned_products.get(product_id, 0)


def known_review(draft: Draft, review_id: ReviewId) -> tuple[Book | None, Review] | Refused:
    """Give a review, with its member's book unless a guest wrote it.

    A member who was deleted has left no review that could be changed.
    """
    review = draft.review(review_id)
    book = draft.book_of(review.member_id) if review and review.member_id else None
    if review is None or (review.member_id is not None and book is None):
        return refuse(REVIEW_NOT_FOUND, field="review_id", review_id=review_id)
    return book, review


def moderate(
    draft: Draft, book: Book | None, review: Review, status: ReviewStatus
) -> Review | Refused:
    """Approve or reject a review that waits; an approved one may be rewarded."""
    if review.status != "pending":
        return refuse(
            REVIEW_NOT_PENDING,
            field="review_id",
            member_id=review.member_id,
            review_id=review.id,
            status=review.status,
        )
    return change(draft, book, review, status=status)


def verify(
    draft: Draft, book: Book | None, review: Review, order: Order | None
) -> Review | Refused:
    """Connect a review with the order that brought the product."""
    member = book.member if book else None
    if not _is_purchase(member, order, review.product_id):
        return refuse(
            REVIEW_NOT_PURCHASED,
            field="order_id",
            member_id=review.member_id,
            review_id=review.id,
            product_id=review.product_id,
        )
    assert order is not None
    return change(draft, book, review, order_id=order.order_id, order=order.id, is_verified=True)


def change(draft: Draft, book: Book | None, review: Review, **news: Any) -> Review:
    """Change what is new of a review, reward it when that is due, and say so."""
    after = replace(review, **news)
    if after == review:
        return review
    after = replace(after, modified_at=draft.at, version=review.version + 1)
    if book is not None:
        after = _rewarded(draft, book, after)
    names = (name for name in Review.__struct_fields__ if name not in {"modified_at", "version"})
    changed = tuple(name for name in names if getattr(after, name) != getattr(review, name))
    draft.put_review(book, after)
    _state(draft, book, ReviewUpdated, after, changed=changed)
    return after


def _rewarded(draft: Draft, book: Book, review: Review) -> Review:
    """Reward an approved review, once for each product of an order."""
    settings = draft.definition.reviews
    is_due = review.status == "approved" and not review.is_rewarded
    if settings.activity is None or not is_due or book.member.status != "active":
        return review
    if settings.only_verified and not review.is_verified:
        return review
    order_id = review.order_id if review.is_verified else None  # anybody can name any order
    subject = f"review:{review.product_id}:{order_id or ''}"
    day = local_day(draft.at, draft.definition.time_zone)
    if counted(book.counters, subject, "lifetime", day).times:
        return review
    attributes = {
        "reason": "review",
        "review_id": review.id,
        "product_id": review.product_id,
        "rating": review.rating,
        **({"order_id": review.order_id} if review.order_id else {}),
    }
    awarded = perform(draft, book, settings.activity, attributes)
    if isinstance(awarded, Refused):
        state_refusal(draft, PointsRefused, awarded)
        return review
    count(draft, book, subject, times=1, points=awarded.points)
    return replace(
        review,
        is_rewarded=True,
        reward_points=awarded.points,
        award=awarded.id,
        activity_id=awarded.activity_id,
    )


def _state(
    draft: Draft, book: Book | None, data: type[FactData], review: Review, **fields: Any
) -> None:
    if book is not None:
        draft.fact(data, book, review=review, **fields)
    else:
        guest = _guest(draft, review)
        draft.fact_of_guest(data, guest, sequence=review.version, review=review, **fields)


def _guest(draft: Draft, review: Review) -> Member:
    """Give a guest as a member of whom only name and address are known.

    Shapes: the id is the review's, so that the facts of one review are one gapless sequence.
    """
    return Member(
        id=MemberId(review.id),
        member_id="",
        status="guest",
        first_name=review.name,
        email_address=review.email_address,
        referral_code="",
        referral_url="",
        enrolled_at=review.created_at,
        modified_at=draft.at,
        last_activity_at=draft.at,
    )
