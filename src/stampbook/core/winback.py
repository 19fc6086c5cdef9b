"""Winback: a member who was away is offered a bonus for one activity, and paid it if they come.

Shapes: one open offer per member, one offer for each time away; what counts as being here is
`last_activity_at`. Source: contract section 2, winback.
"""

from stampbook.core.awards import award
from stampbook.core.book import Book
from stampbook.core.definition import Activity, Definition
from stampbook.core.draft import Draft, Program
from stampbook.core.refusals import Refused
from stampbook.core.refusing import state_refusal
from stampbook.facts.points.refused import PointsRefused
from stampbook.facts.winback.offered import WinbackOffered
from stampbook.nouns.activity import CatalogueActivity
from stampbook.nouns.winback import WinbackOffer
from stampbook.values.calendars import after_days
from stampbook.values.ids import id_of_defined
from stampbook.values.instants import Instant

TAG = "winback"


def next_winback(book: Book, program: Program) -> Instant | None:
    """Give when the open offer ends, or else when the member was away long enough for one."""
    offer = book.agenda.offer
    return offer.valid_till if offer is not None else _away_at(book, program)


def _away_at(book: Book, program: Program) -> Instant | None:
    """Give when a member who was not offered anything for this time away has been away enough."""
    winback, member = program.definition.winback, book.member
    if winback is None or member.status != "active":
        return None
    if book.agenda.winback_since == member.last_activity_at:
        return None
    at = after_days(member.last_activity_at, winback.after_days, program.definition.time_zone)
    return max(at, program.since("winback"))


def offer_winback(draft: Draft, book: Book) -> None:
    """Close an offer whose time is over, and make one to a member who is away."""
    offer = book.agenda.offer
    if offer is not None and offer.valid_till <= draft.at:
        draft.change_agenda(book, offer=None)
    away_at = _away_at(book, draft.program)
    if away_at is not None and away_at <= draft.at:
        _offer(draft, book, draft.definition)


def _offer(draft: Draft, book: Book, definition: Definition) -> None:
    winback = definition.winback
    assert winback is not None, "there is nothing to offer"
    activity = definition.activity_by_id[winback.activity]
    offer = WinbackOffer(
        id=draft.ids.take(),
        activity=catalogue_activity(draft.program, activity),
        bonus_activity=winback.bonus_activity,
        bonus_points=winback.bonus_points,
        offered_at=draft.at,
        valid_till=after_days(draft.at, winback.valid_days, definition.time_zone),
    )
    draft.change_agenda(book, offer=offer, winback_since=book.member.last_activity_at)
    draft.fact(WinbackOffered, book, rule_version=draft.version, offer=offer)


def catalogue_activity(program: Program, activity: Activity) -> CatalogueActivity:
    """Give an activity as facts carry it, with an id of ours that stays over versions."""
    created_at, modified_at = program.activity_dates.get(
        activity.id, (program.created_at, program.created_at)
    )
    number = id_of_defined(program.id, f"activity:{activity.id}", created_at)
    return CatalogueActivity(
        id=number, activity=activity, created_at=created_at, modified_at=modified_at
    )


def pay_winback(draft: Draft, book: Book, activity_id: str, done_at: Instant) -> None:
    """Pay the bonus of the open offer if the member has done what it asks since, and close it.

    Shapes: the bonus that was offered, whatever the rules say now. It stays if the activity is
    undone later. An order that was made before the offer and is sent after it is no answer to it.
    """
    offer = book.agenda.offer
    if offer is None or offer.activity.activity.id != activity_id or draft.at >= offer.valid_till:
        return
    if done_at < offer.offered_at:
        return
    draft.change_agenda(book, offer=None)
    attributes = {"reason": TAG, "tags": [TAG], "offer_id": offer.id}
    paid = award(draft, book, offer.bonus_activity, attributes, points=offer.bonus_points)
    if isinstance(paid, Refused):
        state_refusal(draft, PointsRefused, paid)
