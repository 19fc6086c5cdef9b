"""What a worker says to the store, said by hand."""

from collections.abc import Sequence

from stampbook.core.delivery import Delivered, Verdict
from stampbook.core.lease import LEASE_MS, Leased, Outcome, Turn
from tests.delivery.stage import Stage

MANY = 50


def lease(stage: Stage, requests: int = MANY) -> list[Leased]:
    """Lease up to so many requests of each endpoint."""
    return take(stage, requests=requests)


def take(
    stage: Stage, *outcomes: Outcome, unsent: Sequence[Leased] = (), requests: int = MANY
) -> list[Leased]:
    """Take a turn: settle, give back and lease."""
    now_ms = stage.clock()
    turn = Turn(outcomes=outcomes, unsent=unsent, now_ms=now_ms, until_ms=now_ms + LEASE_MS)
    return stage.queue().turn(turn, lambda due: {lane.endpoint: requests for lane in due})


def outcome(stage: Stage, leased: Leased, verdict: Verdict, status_code: int = 500) -> Outcome:
    """Give the outcome of a try that started and ended just now."""
    is_received = isinstance(verdict, Delivered)
    return Outcome(
        leased=leased,
        verdict=verdict,
        started_at_ms=stage.clock(),
        ended_at_ms=stage.clock(),
        duration_ms=5,
        status_code=204 if is_received else status_code,
        error=None,
        response_excerpt="",
    )


def facts_of(leased: Sequence[Leased]) -> list[str]:
    """Give the ids of the facts in requests, one request after another."""
    return [fact.id for one in leased for fact in one.facts]
