"""What is promised of a try that is over: what becomes of its request, and when it comes again."""

from collections import Counter

from stampbook.core.delivery import Delivered, Failed, RetryAt
from stampbook.core.lease import Outcome
from tests.delivery.simulated.promise import must
from tests.delivery.simulated.shelf import Hold, Parcel

DAY_SECONDS = 86_400


def is_received(status: int | None) -> bool:
    """Tell whether an answer says that a request was received."""
    return status is not None and 200 <= status < 300


def is_logged(outcome: Outcome) -> bool:
    """Tell whether a try has a row of its own."""
    is_several = len(outcome.leased.delivery_ids) > 1
    return type(outcome.verdict) is not Delivered or bool(is_several and outcome.response_excerpt)


def is_judged_rightly(hold: Hold, outcome: Outcome, reached: Counter[str]) -> None:
    """See that a verdict is the one that the endpoint's schedule asks for."""
    verdict = outcome.verdict
    must(type(verdict) is _expected(hold, outcome), "a try is judged rightly", verdict, hold)
    if not isinstance(verdict, RetryAt):
        return
    waits_ms = verdict.due_at_ms - outcome.ended_at_ms
    if hold.state == "suspended":
        is_free = waits_ms == 0 and not verdict.counts
        must(is_free, "a trial costs no try", verdict, hold.parcels)
        reached["a trial that failed"] += 1
        return
    must(verdict.counts, "a try counts", verdict, hold.parcels)
    delays = hold.parcels[0].place.wishes.conduct.retry_delays_seconds
    base_ms = delays[min(hold.number, len(delays)) - 1] * 1_000
    asked_ms = min(outcome.retry_after_seconds or 0, DAY_SECONDS) * 1_000
    is_in_time = max(0.8 * base_ms, asked_ms) - 1 <= waits_ms <= max(1.2 * base_ms, asked_ms) + 1
    must(is_in_time, "a retry keeps to the schedule", waits_ms, base_ms, asked_ms)
    reached["asked to come later" if asked_ms > base_ms else "a retry"] += 1
    reached["tried for ever"] += hold.number > len(delays)


def settle(parcel: Parcel, hold: Hold, outcome: Outcome) -> None:
    """Let a parcel become what a try made of it."""
    parcel.lease, parcel.heard_by, parcel.tries = None, None, hold.number
    match outcome.verdict:
        case Delivered():
            must(parcel.is_accepted, "what is delivered was accepted", parcel)
            parcel.status = "delivered"
        case Failed():
            parcel.status, parcel.due_ms = "failed", outcome.ended_at_ms
        case RetryAt(due_at_ms, counts):
            parcel.due_ms = due_at_ms
            parcel.tries -= not counts


def _expected(hold: Hold, outcome: Outcome) -> type:
    conduct = hold.parcels[0].place.wishes.conduct
    if is_received(outcome.status_code):
        return Delivered
    tries_left = len(conduct.retry_delays_seconds) + 1 - hold.number
    is_patient = conduct.when_stuck == "wait" and conduct.retry_delays_seconds
    return RetryAt if hold.state == "suspended" or tries_left > 0 or is_patient else Failed
