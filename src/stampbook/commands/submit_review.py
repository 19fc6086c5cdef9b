"""Submit a review of a product."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import asdict

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import Email, active_book
from stampbook.core.refusals import Refused
from stampbook.core.reviews import submit
from stampbook.nouns.review import Rating, Review
from stampbook.values.amounts import Key, Line, Text

WebLink = Annotated[str, Meta(max_length=2048, pattern=r"^https?://[^\x00-\x20\x7f]+$(?!\n)")]


class SubmitReview(Command, frozen=True, kw_only=True):
    """A review of a member or, without `member_id`, of a guest.

    Shapes: texts are plain: whoever shows them escapes them. Name and e-mail address of a member
    are the member's own. With an order of theirs that has the product it is a verified purchase.
    """

    member_id: Key | None = None
    product_id: Key
    rating: Rating
    title: Line = ""
    description: Text = ""
    media: Annotated[tuple[WebLink, ...], Meta(max_length=10)] = ()
    order_id: Key | None = None
    name: Line | None = None
    email_address: Email | None = None
    product_name: Line | None = None
    product_link: WebLink | None = None
    product_source: Line | None = None
    reference_id: Line | None = None
    reference_source: Line | None = None


class ReviewSubmitted(Struct, frozen=True, kw_only=True):
    """The review, which waits for its moderator."""

    review: Review


def _needs(command: SubmitReview) -> Needs:
    return Needs(
        members=(command.member_id,) if command.member_id else (),
        orders=(command.order_id,) if command.order_id else (),
    )


def _decide(draft: Draft, command: SubmitReview) -> ReviewSubmitted | Refused:
    said = asdict(command)
    member_id = said.pop("member_id")
    book = active_book(draft, member_id) if member_id else None
    if isinstance(book, Refused):
        return book
    if book is not None:
        del said["name"], said["email_address"]
    order = draft.order(command.order_id) if command.order_id else None
    review = submit(draft, book, order, said)
    return review if isinstance(review, Refused) else ReviewSubmitted(review=review)


COMMAND = CommandType(command=SubmitReview, result=ReviewSubmitted, needs=_needs, decide=_decide)
