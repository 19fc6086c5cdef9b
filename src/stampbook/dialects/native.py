"""Native: Standard Webhooks; one fact in a body, its data exactly as stored.

Source: contract section 5; the Standard Webhooks specification.
"""

from collections.abc import Sequence

from msgspec import Raw

from stampbook.dialects import Dialect, Letter, StoredFact
from stampbook.facts import FactType
from stampbook.facts.envelope import Envelope
from stampbook.nouns.business import Business
from stampbook.values.ids import RequestId
from stampbook.values.instants import Instant
from stampbook.values.json import encode
from stampbook.values.signatures import sign_webhook


def event_types(fact: FactType) -> tuple[str, ...]:
    """Give the fact's own name: the native dialect has a word for every fact."""
    return (fact.name,)


def render(facts: Sequence[StoredFact], request_id: RequestId, business: Business | None) -> Letter:
    """Give the body of one fact; its id travels as the header `webhook-id`."""
    del business  # a subscriber of ours knows whom they subscribed to
    assert request_id, "a request has an id"
    (fact,) = facts
    body = Envelope(type=fact.type, timestamp=fact.occurred_at, data=Raw(fact.body.encode()))
    return Letter(fact.type, encode(body))


def sign(
    letter: Letter, secrets: Sequence[str], request_id: RequestId, at: Instant
) -> dict[str, str]:
    """Give the headers of Standard Webhooks."""
    return sign_webhook(letter.body, secrets, request_id, at)


DIALECT = Dialect(
    title="Standard Webhooks", batch_size=1, event_types=event_types, render=render, sign=sign
)
