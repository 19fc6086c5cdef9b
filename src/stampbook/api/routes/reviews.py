"""Reviews: what people say of products is moderated, featured, answered and verified."""

from html import escape

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.paging import Paged, cursors_checked
from stampbook.api.problem import CURSOR_INVALID, RefusedError
from stampbook.api.route import Answer, Submit
from stampbook.commands import Needs
from stampbook.commands.approve_review import ApproveReview, ReviewApproved
from stampbook.commands.feature_review import FeatureReview, ReviewFeatured
from stampbook.commands.reject_review import RejectReview, ReviewRejected
from stampbook.commands.reply_to_review import ReplyToReview, ReviewAnswered
from stampbook.commands.submit_review import ReviewSubmitted, SubmitReview
from stampbook.commands.verify_review import ReviewVerified, VerifyReview
from stampbook.core.refusals import (
    MEMBER_BLOCKED,
    MEMBER_NOT_FOUND,
    REVIEW_GUESTS_REFUSED,
    REVIEW_NOT_FOUND,
    REVIEW_NOT_PENDING,
    REVIEW_NOT_PURCHASED,
    refuse,
)
from stampbook.nouns.review import Review, ReviewStatus
from stampbook.store.reading.members import find_id
from stampbook.store.reading.reviews import reviews
from stampbook.values.amounts import Key
from stampbook.values.ids import ReviewId


class ListReviews(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which reviews to list, the newest first; every filter that is given must hold."""

    product_id: Key | None = None
    member_id: Key | None = None
    status: ReviewStatus | None = None


class ShownReview(Struct, frozen=True, kw_only=True):
    """A review, and its texts escaped so that a page may show them as they are.

    Shapes: what people wrote is plain text and never trusted as HTML.
    """

    review: Review
    title_html: str
    description_html: str
    reply_html: str


class ReviewPage(Struct, frozen=True, kw_only=True):
    """Reviews, the newest first."""

    items: tuple[ShownReview, ...]
    next_cursor: str | None


class OneReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A review by its id."""

    review_id: ReviewId


def list_reviews(desk: Desk, asked: ListReviews) -> ReviewPage:
    """Give a page of reviews."""
    with desk.present() as present, cursors_checked():
        member = None
        if asked.member_id is not None:
            member = find_id(present.unit, desk.program_id, asked.member_id)
            if member is None:
                raise RefusedError(refuse(MEMBER_NOT_FOUND, field="member_id"))
        page = reviews(
            present.unit,
            desk.program_id,
            product_id=asked.product_id,
            member=member,
            status=asked.status,
            limit=asked.limit,
            after=asked.cursor,
        )
        return ReviewPage(items=tuple(map(_shown, page.items)), next_cursor=page.next)


def read_review(desk: Desk, asked: OneReview) -> ShownReview:
    """Give one review."""
    with desk.present() as present:
        review = present.draft(Needs(reviews=(asked.review_id,))).review(asked.review_id)
    if review is None:
        raise RefusedError(refuse(REVIEW_NOT_FOUND, field="review_id"))
    return _shown(review)


def _shown(review: Review) -> ShownReview:
    return ShownReview(
        review=review,
        title_html=escape(review.title),
        description_html=escape(review.description),
        reply_html=escape(review.reply or ""),
    )


ROUTES = (
    Submit(
        method="POST",
        path="/v1/reviews",
        summary="Submit a review",
        scope="write",
        asks=SubmitReview,
        gives=ReviewSubmitted,
        status=201,
        refuses=(MEMBER_NOT_FOUND, MEMBER_BLOCKED, REVIEW_GUESTS_REFUSED),
        example={
            "member_id": "anna@shop.example",
            "product_id": "beans-1kg",
            "rating": 5,
            "title": "My morning cup",
            "description": "Round, nutty, and just as good with milk.",
            "order_id": "1001",
        },
    ),
    Answer(
        method="GET",
        path="/v1/reviews",
        summary="List reviews",
        scope="read",
        asks=ListReviews,
        gives=ReviewPage,
        refuses=(CURSOR_INVALID, MEMBER_NOT_FOUND),
        answers=list_reviews,
    ),
    Answer(
        method="GET",
        path="/v1/reviews/{review_id}",
        summary="Read a review",
        scope="read",
        asks=OneReview,
        gives=ShownReview,
        refuses=(REVIEW_NOT_FOUND,),
        answers=read_review,
    ),
    Submit(
        method="POST",
        path="/v1/reviews/{review_id}/approve",
        summary="Approve a review",
        scope="write",
        asks=ApproveReview,
        gives=ReviewApproved,
        refuses=(REVIEW_NOT_FOUND, REVIEW_NOT_PENDING),
        example={},
    ),
    Submit(
        method="POST",
        path="/v1/reviews/{review_id}/reject",
        summary="Reject a review",
        scope="write",
        asks=RejectReview,
        gives=ReviewRejected,
        refuses=(REVIEW_NOT_FOUND, REVIEW_NOT_PENDING),
        example={},
    ),
    Submit(
        method="POST",
        path="/v1/reviews/{review_id}/feature",
        summary="Feature a review, or no longer",
        scope="write",
        asks=FeatureReview,
        gives=ReviewFeatured,
        refuses=(REVIEW_NOT_FOUND,),
        example={"is_featured": True},
    ),
    Submit(
        method="POST",
        path="/v1/reviews/{review_id}/reply",
        summary="Answer a review",
        scope="write",
        asks=ReplyToReview,
        gives=ReviewAnswered,
        refuses=(REVIEW_NOT_FOUND,),
        example={"reply": "Thank you! Try the dark roast next."},
    ),
    Submit(
        method="POST",
        path="/v1/reviews/{review_id}/verify",
        summary="Verify a review against a purchase",
        scope="write",
        asks=VerifyReview,
        gives=ReviewVerified,
        refuses=(REVIEW_NOT_FOUND, REVIEW_NOT_PURCHASED),
        example={"order_id": "1001"},
    ),
)
