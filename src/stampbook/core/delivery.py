"""Delivery, decided: when a request is tried again, and when it is given up.

Failure policy, in words. The status line is the receiver's word: any 2xx means received, whatever
happens to the connection after it. Everything else is tried again by the endpoint's schedule, each
delay moved by up to a fifth so that a crowd does not come back at once. A redirect is never
followed and counts as a failure. Retry-After can move a try later, never earlier than the schedule,
and at most by a day. When the tries run out, the request has failed and is a dead letter, unless
its endpoint would rather wait: then it is tried for ever at the last delay. A trial, which asks a
suspended endpoint whether it is back, costs a request none of its tries.

Source: the example schedule and the etiquette of the Standard Webhooks specification.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

SECOND = 1
MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR

RETRY_DELAYS_SECONDS = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    10 * HOUR,
)
"""The wait after the first failed try, the second, and so on, unless the endpoint has its own."""

JITTER_PERCENT = 20
RETRY_AFTER_SECONDS_MAX = DAY

RECEIVED = range(200, 300)

Ordering = Literal["none", "member", "endpoint"]
"""Whose facts reach an endpoint strictly one after another: nobody's, each member's, or all."""

WhenStuck = Literal["pass", "wait"]
"""What follows when a request has used up its tries: it becomes a dead letter and those behind it
pass, or it is tried for ever and whatever is ordered behind it waits."""

RetryDelay = Annotated[int, Meta(ge=1, le=DAY)]
RetryDelays = Annotated[tuple[RetryDelay, ...], Meta(max_length=20)]
InFlightMax = Annotated[int, Meta(ge=1, le=64)]
RatePerSecond = Annotated[float, Meta(ge=0.01, le=10_000)]
TimeoutSeconds = Annotated[int, Meta(ge=1, le=30)]


class Conduct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an endpoint wants to be treated."""

    retry_delays_seconds: RetryDelays = RETRY_DELAYS_SECONDS
    """The wait after each failed try; there is one try more than waits."""
    when_stuck: WhenStuck = "pass"
    """What follows when a request has used up its tries: `pass` leaves it as a dead letter, `wait`
    tries it for ever, and what is ordered behind it waits."""
    in_flight_max: InFlightMax = 32
    """The most requests on their way at once from one worker; how many of them are used depends on
    how the endpoint answers."""
    rate_per_second: RatePerSecond | None = None
    """The most requests in a second, in bursts of at most a second's worth, from all workers."""
    timeout_seconds: TimeoutSeconds = 15
    """How long one request may take in all."""


class Try(Struct, frozen=True, kw_only=True):
    """One finished try, as far as its judgement needs it.

    Shapes: `number` counts from 1; `status_code` is None when no final status line came;
    `retry_after_seconds` is None when the receiver did not ask for a wait.
    """

    number: int
    ended_at_ms: int
    status_code: int | None
    retry_after_seconds: int | None = None
    is_trial: bool = False


class Delivered(Struct, frozen=True):
    """The receiver has it."""


DELIVERED = Delivered()


class RetryAt(Struct, frozen=True):
    """The same request is sent again at an instant; `counts` is false for a trial."""

    due_at_ms: int
    counts: bool = True


class Failed(Struct, frozen=True):
    """The request is given up and stays on record as a dead letter."""


Verdict = Delivered | RetryAt | Failed


def judge(attempt: Try, conduct: Conduct, fraction: float) -> Verdict:
    """Decide what follows from a finished try.

    Units: `fraction` is random, 0 <= fraction < 1.
    """
    if attempt.status_code in RECEIVED:
        return DELIVERED
    if attempt.is_trial:
        return RetryAt(attempt.ended_at_ms, counts=False)
    delays = conduct.retry_delays_seconds
    if attempt.number > len(delays) and (conduct.when_stuck == "pass" or not delays):
        return Failed()
    delay_ms = retry_delay_ms(delays, attempt.number, fraction)
    asked_ms = min(attempt.retry_after_seconds or 0, RETRY_AFTER_SECONDS_MAX) * 1000
    return RetryAt(attempt.ended_at_ms + max(delay_ms, asked_ms))


def retry_delay_ms(delays_seconds: tuple[int, ...], number: int, fraction: float) -> int:
    """Give the wait after the `number`-th failed try, with its jitter; the last one repeats.

    Shapes: 1 <= number, and there is at least one delay.
    Units: milliseconds; `fraction` is random, 0 <= fraction < 1.
    """
    assert number >= 1, "tries are counted from 1"
    spread = JITTER_PERCENT / 100
    seconds = delays_seconds[min(number, len(delays_seconds)) - 1]
    return round(seconds * 1000 * (1 - spread + 2 * spread * fraction))
