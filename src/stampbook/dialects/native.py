"""Native: Standard Webhooks; one fact in a body, its data exactly as stored.

Source: contract section 5; the Standard Webhooks specification.
"""

from collections.abc import Sequence

from msgspec import Raw

from stampbook.dialects import Dialect, StoredFact
from stampbook.facts import FactType
from stampbook.facts.envelope import Envelope
from stampbook.values.ids import RequestId
from stampbook.values.instants import Instant
from stampbook.values.json import encode
from stampbook.values.signatures import sign_webhook


def event_type(fact: FactType) -> str:
    """Give the fact's own name: the native dialect has a word for every fact."""
    return fact.name


def render(facts: Sequence[StoredFact], request_id: RequestId) -> bytes:
    """Give the body of one fact; its id travels as the header `webhook-id`."""
    assert request_id, "a request has an id"
    (fact,) = facts
    return encode(
        Envelope(type=fact.type, timestamp=fact.occurred_at, data=Raw(fact.body.encode()))
    )


def sign(body: bytes, secrets: Sequence[str], request_id: RequestId, at: Instant) -> dict[str, str]:
    """Give the headers of Standard Webhooks."""
    return sign_webhook(body, secrets, request_id, at)


DIALECT = Dialect(
    title="Standard Webhooks", batch_size=1, event_type=event_type, render=render, sign=sign
)
