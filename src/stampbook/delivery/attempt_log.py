"""The log of attempts: one wide line for a try, with all that is asked when something is late.

Shapes: a line holds ids, numbers and names of ours, and never a body, a secret or a URL.
"""

import logging
from collections.abc import Callable
from typing import Any

import structlog

from stampbook.core.delivery import Delivered, Failed, RetryAt
from stampbook.core.lease import Outcome
from stampbook.delivery.metrics import RESULTS, waits_ms
from stampbook.delivery.prepare import message_id_of
from stampbook.dialects import catalogue
from stampbook.values.instants import from_ms

ERROR_CHARACTERS_MAX = 200

log = structlog.get_logger()


def _untraced(_: Outcome) -> str | None:
    return None


class AttemptLog:
    """Tells of tries.

    Shapes: a dead letter is a warning; what is tried again is told, and so is every
    `received_every`-th try that was received, 0 for none of them. `trace_of` gives the trace that a
    try belongs to, if there is one.
    """

    def __init__(
        self, received_every: int = 0, trace_of: Callable[[Outcome], str | None] = _untraced
    ) -> None:
        self._every = received_every
        self._received = 0
        self.trace_of = trace_of

    def tell(self, outcome: Outcome) -> None:
        """Tell of a finished try, if it is to be told."""
        verdict = outcome.verdict
        if isinstance(verdict, Delivered) and not self._is_chosen():
            return
        level = logging.WARNING if isinstance(verdict, Failed) else logging.INFO
        if log.is_enabled_for(level):
            log.log(level, "delivery.attempt", **self._fields(outcome))

    def _is_chosen(self) -> bool:
        if not self._every:
            return False
        self._received += 1
        return self._received % self._every == 0

    def _fields(self, outcome: Outcome) -> dict[str, Any]:
        leased, verdict = outcome.leased, outcome.verdict
        dialect = catalogue().get(leased.dialect)
        fields: dict[str, Any] = {
            "program": leased.endpoint.program_id,
            "endpoint": leased.endpoint.endpoint_id,
            "dialect": leased.dialect,
            "request_id": leased.request_id,
            "message_id": None if dialect is None else message_id_of(dialect, leased),
            "sequence": leased.sequence,
            "facts": len(leased.facts),
            "fact_types": sorted({fact.type for fact in leased.facts}),
            "number": leased.number,
            "is_trial": leased.is_trial,
            "status": outcome.status_code,
            "error": outcome.error and outcome.error[:ERROR_CHARACTERS_MAX],
            "duration_ms": outcome.duration_ms,
            "wait_ms": max(waits_ms(outcome), default=0),
            "verdict": RESULTS[type(verdict)],
            "health": leased.health.state,
        }
        if isinstance(verdict, RetryAt):
            fields["due_at"] = from_ms(verdict.due_at_ms).isoformat()
        trace = self.trace_of(outcome)
        if trace is not None:
            fields["trace_id"] = trace
        return fields
