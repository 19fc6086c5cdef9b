"""Subscriptions: which endpoint is due which facts.

A transaction that stores facts reads the subscriptions `together` with others like it. So the one
that brings an endpoint back to the present, and is `apart`, finds every fact committed that was
stored without it: decisions/0024.
"""

from collections.abc import Sequence
from functools import cache, lru_cache

from msgspec import Struct

from stampbook import dialects, facts
from stampbook.core.delivery import Ordering
from stampbook.store.backend import Dialect, Statement
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.json import decode

ENDPOINTS = (
    "SELECT id, dialect, event_types, ordering, batch_wait_ms FROM endpoint "
    "WHERE program_id = ? AND status = 'active' AND backfill IS NULL ORDER BY id"
)

SUBSCRIPTIONS_KEPT = 1000


def together(dialect: Dialect, program_id: ProgramId) -> Statement:
    """Give the statement that comes before ENDPOINTS where facts are stored by them."""
    return dialect.together, (f"subscriptions {program_id}",)


def apart(dialect: Dialect, program_id: ProgramId) -> Statement:
    """Give the statement after which nobody stores facts by subscriptions as they were."""
    return dialect.apart, (f"subscriptions {program_id}",)


class Subscription(Struct, frozen=True):
    """An endpoint, the facts that it is sent, in which order, and how long they wait for others."""

    endpoint_id: EndpointId
    facts: frozenset[str]
    ordering: Ordering = "none"
    batch_wait_ms: int = 0


@cache
def spoken(dialect: str) -> frozenset[str]:
    """Give the facts that a dialect has a word for."""
    speaker = dialects.catalogue()[dialect]
    return frozenset(name for name, kind in facts.catalogue().items() if speaker.event_types(kind))


@lru_cache(maxsize=SUBSCRIPTIONS_KEPT)
def _chosen(dialect: str, event_types: str) -> frozenset[str]:
    chosen = decode(event_types, list[str])
    return spoken(dialect).intersection(chosen) if chosen else spoken(dialect)


def subscription(
    endpoint_id: EndpointId,
    dialect: str,
    event_types: str,
    ordering: Ordering = "none",
    batch_wait_ms: int = 0,
) -> Subscription:
    """Give what an endpoint is sent: what it chose, or all, as far as its dialect speaks it."""
    return Subscription(endpoint_id, _chosen(dialect, event_types), ordering, batch_wait_ms)


def subscribers(subscriptions: Sequence[Subscription], fact: str) -> list[Subscription]:
    """Give the endpoints that are sent a kind of fact."""
    return [each for each in subscriptions if fact in each.facts]
