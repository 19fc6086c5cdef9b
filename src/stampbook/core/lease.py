"""A lease: one request to one endpoint, in the hands of one worker for a while.

A request keeps its id and its facts from the first try to the last, so a receiver can tell a
repetition by `webhook-id` and gets the same bytes again.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from stampbook.core.delivery import Verdict
from stampbook.dialects import StoredFact
from stampbook.nouns.business import Business
from stampbook.values.ids import EndpointId, FactId, ProgramId, RequestId

LEASE_MS = 60_000
"""Four times the longest call, so that a live worker never loses its lease to a slow receiver."""


class EndpointKey(NamedTuple):
    """An endpoint among all programs."""

    program_id: ProgramId
    endpoint_id: EndpointId


class Leased(Struct, frozen=True, kw_only=True):
    """A request that this worker, and no other, may send until the lease ends.

    Shapes: `facts` in the order of their positions, `delivery_ids` one for each; `number` is the
    try that comes now, from 1; `secrets` are encrypted.
    """

    endpoint: EndpointKey
    url: str
    dialect: str
    secrets: str
    lease_id: str
    until_ms: int
    request_id: RequestId
    number: int
    delivery_ids: tuple[str, ...]
    facts: tuple[StoredFact, ...]
    only_with: tuple[str, ...] = ()
    """What each event must say, in the dialect's words, before it is sent."""
    business: Business | None = None
    """As the definition named it when the facts were stored, for a dialect that names it."""


class Outcome(Struct, frozen=True, kw_only=True):
    """One finished try and what was decided: a row of the log, and the request's next state."""

    leased: Leased
    verdict: Verdict
    skipped: frozenset[str] = frozenset()
    """The deliveries that were not sent because their events do not say what they must."""
    attempt_id: str
    started_at_ms: int
    ended_at_ms: int
    duration_ms: int
    status_code: int | None
    error: str | None
    response_excerpt: str

    @property
    def was_sent(self) -> bool:
        """Tell whether there was a request at all."""
        return len(self.skipped) < len(self.leased.delivery_ids)


class Waiting(Struct, frozen=True, kw_only=True):
    """A delivery that is due; `request_id` is set when it was sent, or about to be, before."""

    id: str
    fact_id: FactId
    fact_type: str
    cause: str
    position: int
    attempts: int
    due_at_ms: int
    request_id: RequestId | None


def group(waiting: Sequence[Waiting], batch_size: int) -> list[list[Waiting]]:
    """Split due deliveries of one endpoint into requests.

    Shapes: what was one request stays one; else facts of one type and one cause travel together,
    at most `batch_size` of them. Requests stand in the order of their first delivery.
    """
    assert batch_size >= 1
    groups: list[list[Waiting]] = []
    growing: dict[tuple[str, str] | str, list[Waiting]] = {}
    for delivery in waiting:
        key = delivery.request_id or (delivery.fact_type, delivery.cause)
        together = growing.get(key)
        if together is None or (delivery.request_id is None and len(together) >= batch_size):
            together = growing[key] = []
            groups.append(together)
        together.append(delivery)
    return groups
