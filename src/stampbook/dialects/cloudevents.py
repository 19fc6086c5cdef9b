"""CloudEvents 1.0 as structured JSON: one event in a body, or a batch of them.

Which of the two it is, the media type says. An event's `type` is the fact's name as everywhere
else, and `sequence` is padded so that it sorts as a text. Source: decisions/0023; the CloudEvents
specification 1.0, its JSON format, its HTTP binding and its extension `sequence`.
"""

from collections.abc import Sequence
from typing import Any, cast

from msgspec import Raw, Struct

from stampbook.dialects import Dialect, Letter, StoredFact
from stampbook.facts import FactType
from stampbook.nouns.business import Business
from stampbook.values.ids import ProgramId, RequestId
from stampbook.values.instants import Instant
from stampbook.values.json import decode, encode
from stampbook.values.signatures import sign_webhook

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
BATCH_SIZE = 100
"""Units: events in one body."""
SEQUENCE_DIGITS = 10


class CloudEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact as an event.

    Shapes: `source` is a reference to the program; `subject` is the member's `member_id`, or the
    endpoint's id, and absent where there is none; `data` is the fact's structure as stored.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str = ""
    time: Instant
    datacontenttype: str
    sequence: str
    data: Raw


class _Member(Struct, frozen=True):
    member_id: str


class _Endpoint(Struct, frozen=True):
    id: str


class _Head(Struct, frozen=True):
    """What of a fact's data the event says outside."""

    sequence: int
    member: _Member | None = None
    endpoint: _Endpoint | None = None


def event_types(fact: FactType) -> tuple[str, ...]:
    """Give the fact's own name: there is a word for every fact."""
    return (fact.name,)


def render(facts: Sequence[StoredFact], request_id: RequestId, business: Business | None) -> Letter:
    """Give the body of one fact, or of a batch; each event has the id of its fact."""
    assert request_id, "a request has an id"
    assert business is not None, "an event names its program"
    events = [_event(fact, business.program_id) for fact in facts]
    if len(events) == 1:
        return Letter(facts[0].type, encode(events[0]), ONE)
    return Letter(facts[0].type, encode(events), BATCH)


def sign(
    letter: Letter, secrets: Sequence[str], request_id: RequestId, at: Instant
) -> dict[str, str]:
    """Give the headers of Standard Webhooks."""
    return sign_webhook(letter.body, secrets, request_id, at)


def _event(fact: StoredFact, program_id: ProgramId) -> CloudEvent:
    head = decode(fact.body, _Head)
    return CloudEvent(
        specversion="1.0",
        id=fact.id,
        source=f"/programs/{program_id}",
        type=fact.type,
        subject=_subject(head),
        time=fact.occurred_at,
        datacontenttype="application/json",
        sequence=str(head.sequence).zfill(SEQUENCE_DIGITS),
        data=Raw(fact.body.encode()),
    )


def _subject(head: _Head) -> str:
    if head.endpoint is not None:
        return head.endpoint.id
    return "" if head.member is None else head.member.member_id


def _first(body: Any) -> Any:
    return cast("list[Any]", body)[0] if isinstance(body, list) else body


DIALECT = Dialect(
    title="CloudEvents",
    batch_size=BATCH_SIZE,
    usual_batch_size=1,
    names_business=True,
    event_types=event_types,
    render=render,
    event=_first,
    sign=sign,
)
