"""A review: what a member or a guest says of a product, and what became of it."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from stampbook.nouns.member import Member
from stampbook.values.amounts import Link
from stampbook.values.ids import OrderId, ReviewId, TransactionId
from stampbook.values.instants import Instant
from stampbook.values.marks import Defined
from stampbook.values.uuids import uuid_of

ReviewStatus = Literal["pending", "approved", "rejected"]

Rating = Annotated[int, Meta(ge=1, le=5)]
Media = Annotated[tuple[Link, ...], Meta(max_length=10)]


class Review(Struct, frozen=True, kw_only=True):
    """A review as it stands now.

    Shapes: texts are plain and escaped by whoever shows them. `member_id` is None of a guest.
    """

    id: ReviewId
    member_id: str | None
    name: str | None = None
    email_address: str | None = None
    order_id: str | None = None
    order: OrderId | None = None
    """Our own id of the order."""
    product_id: str
    product_name: str | None = None
    product_link: str | None = None
    product_source: str | None = None
    reference_id: str | None = None
    """The shop's own id of it."""
    reference_source: str | None = None
    rating: int
    title: str = ""
    description: str = ""
    media: tuple[str, ...] = ()
    reply: str | None = None
    status: ReviewStatus = "pending"
    is_verified: bool = False
    """A purchase of the product by the reviewer was found."""
    is_featured: bool = False
    is_rewarded: bool = False
    reward_points: int = 0
    award: TransactionId | None = None
    activity_id: str | None = None
    version: int = 1
    """Rises with each change."""
    created_at: Instant
    modified_at: Instant


def nector_review(review: Review, member: Member) -> dict[str, Any]:
    """Spell a review; a guest is no lead.

    Source: contract section 4.
    """
    return {
        "entity_id": uuid_of(review.id),
        "lead_id": None if member.status == "guest" else uuid_of(member.id),
        "order_id": review.order and uuid_of(review.order),
        "activity_id": review.activity_id and Defined("activity", review.activity_id),
        "reference_product_name": review.product_name,
        "reference_product_source": review.product_source,
        "reference_product_id": review.product_id,
        "reference_product_redirect_link": review.product_link,
        "reference_review_source": review.reference_source,
        "reference_review_id": review.reference_id,
        "type": "review",
        "name": review.name,
        "rating": review.rating,
        "title": review.title,
        "description": review.description,
        "reply_to": None,  # an answer is part of the review, not a review of its own
        "meta__coin_reward": review.reward_points,
        "meta__is_rewarded": review.is_rewarded,
        "is_verified": review.is_verified,
        "is_approved": review.status == "approved",
        "is_featured": review.is_featured,
        "updated_at": review.modified_at,
        "created_at": review.created_at,
    }
