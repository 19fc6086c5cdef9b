"""Facts: everything that happened, in the order in which it was committed."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from stampbook.api.desk import Desk
from stampbook.api.paging import LIMIT_MAX, Cursor, cursors_checked
from stampbook.api.problem import (
    CURSOR_INVALID,
    FACT_NOT_FOUND,
    FACT_TYPE_UNKNOWN,
    FACTS_EXPIRED,
    REQUEST_INVALID,
    ProblemError,
    RefusedError,
)
from stampbook.api.route import Answer
from stampbook.core.refusals import MEMBER_NOT_FOUND, refuse
from stampbook.dialects import catalogue as dialects
from stampbook.facts import catalogue
from stampbook.store.backend import Unit
from stampbook.store.reading.facts import (
    FactLine,
    FactsExpiredError,
    Feed,
    facts_of,
    feed,
    find_fact,
)
from stampbook.store.reading.members import find_id
from stampbook.values.amounts import Key
from stampbook.values.ids import FactId, ProgramId


class ReadFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which facts to give, from the first one on.

    Shapes: a reader who goes on from `next` misses none, or is told `facts.expired`. Of one member
    the newest come first, and `next` leads back in time.
    """

    after: Cursor | None = None
    """`next` of the answer before."""
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = 50
    type: Key | None = None
    """A native name, such as `points.earned`. Not together with `member_id`."""
    member_id: Key | None = None


class FactFeed(Struct, frozen=True, kw_only=True):
    """Some facts, and where to go on.

    Shapes: `next` is None only at the end of a member's facts; the feed itself has no end, so keep
    it and ask again later. `has_more` says that there is more already.
    """

    items: tuple[FactLine, ...]
    next: str | None
    has_more: bool


class OneFact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact by its id."""

    fact_id: FactId


class ListFactTypes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every kind of fact."""


class FactTypeInfo(Struct, frozen=True, kw_only=True):
    """One kind of fact.

    Shapes: `event_types` are its names by dialect, the usual one first; a dialect that has no word
    for it sends nothing and is left out.
    """

    name: str
    sent_when: str
    event_types: dict[str, tuple[str, ...]]


class FactTypeList(Struct, frozen=True, kw_only=True):
    """The kinds of facts, and the dialects that they can be sent in."""

    items: tuple[FactTypeInfo, ...]
    dialects: dict[str, str]
    """Titles by name."""


def read_facts(desk: Desk, asked: ReadFacts) -> FactFeed:
    """Give a piece of the feed."""
    if asked.type is not None and asked.type not in catalogue():
        raise ProblemError(FACT_TYPE_UNKNOWN, field="type")
    if asked.type is not None and asked.member_id is not None:
        raise ProblemError(REQUEST_INVALID, "Send type or member_id, not both.", field="type")
    with desk.present() as present, cursors_checked():
        if asked.member_id is None:
            types = () if asked.type is None else (asked.type,)
            found = _feed(present.unit, desk.program_id, asked, types)
            return FactFeed(items=found.items, next=found.next, has_more=found.has_more)
        member = find_id(present.unit, desk.program_id, asked.member_id)
        if member is None:
            raise RefusedError(refuse(MEMBER_NOT_FOUND, field="member_id"))
        page = facts_of(present.unit, desk.program_id, member, limit=asked.limit, after=asked.after)
        return FactFeed(items=page.items, next=page.next, has_more=page.next is not None)


def read_fact(desk: Desk, asked: OneFact) -> FactLine:
    """Give one fact."""
    with desk.present() as present:
        found = find_fact(present.unit, desk.program_id, asked.fact_id)
    if found is None:
        raise ProblemError(FACT_NOT_FOUND)
    return found


def _feed(unit: Unit, program_id: ProgramId, asked: ReadFacts, types: Sequence[str]) -> Feed:
    try:
        return feed(unit, program_id, types=types, limit=asked.limit, after=asked.after)
    except FactsExpiredError as error:
        raise ProblemError(FACTS_EXPIRED, field="after", facts={"next": error.next}) from error


def list_fact_types(desk: Desk, asked: ListFactTypes) -> FactTypeList:
    """Give every kind of fact, with its name in each dialect."""
    del desk, asked
    items = tuple(
        FactTypeInfo(
            name=name,
            sent_when=kind.sent_when,
            event_types={
                dialect: words
                for dialect, speaker in dialects().items()
                if (words := speaker.event_types(kind))
            },
        )
        for name, kind in catalogue().items()
    )
    return FactTypeList(
        items=items, dialects={name: speaker.title for name, speaker in dialects().items()}
    )


ROUTES = (
    Answer(
        method="GET",
        path="/v1/facts",
        summary="Read the feed of facts",
        scope="read",
        asks=ReadFacts,
        gives=FactFeed,
        refuses=(MEMBER_NOT_FOUND, FACT_TYPE_UNKNOWN, CURSOR_INVALID, FACTS_EXPIRED),
        answers=read_facts,
    ),
    Answer(
        method="GET",
        path="/v1/facts/{fact_id}",
        summary="Read a fact",
        scope="read",
        asks=OneFact,
        gives=FactLine,
        refuses=(FACT_NOT_FOUND,),
        answers=read_fact,
    ),
    Answer(
        method="GET",
        path="/v1/fact-types",
        summary="List the kinds of facts",
        scope="read",
        asks=ListFactTypes,
        gives=FactTypeList,
        answers=list_fact_types,
    ),
)
