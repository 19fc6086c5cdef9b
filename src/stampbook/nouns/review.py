"""A review: what a member or a guest says of a product, and what became of it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from stampbook.values.amounts import Link
from stampbook.values.ids import ReviewId, TransactionId
from stampbook.values.instants import Instant

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
    created_at: Instant
    modified_at: Instant
