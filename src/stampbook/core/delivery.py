"""Delivery, decided: when a request is tried again, and when it is given up.

Failure policy, in words. The status line is the receiver's word: any 2xx means received, whatever
happens to the connection after it. Everything else is tried again by the schedule below, ten tries
in about three days, each delay moved by up to a fifth so that a crowd does not come back at once.
A redirect is never followed and counts as a failure. Retry-After can move a try later, never
earlier than the schedule, and at most by a day. 410 says that the receiver is gone for good: the
request fails and the endpoint is disabled, while its other deliveries are held, not dropped. When
the tries run out, the request has failed and stays on record.

Source: the example schedule and the etiquette of the Standard Webhooks specification.
"""

from msgspec import Struct

SECOND = 1
MINUTE = 60
HOUR = 3600

RETRY_DELAYS_SECONDS = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
"""The wait after the first failed try, the second, and so on."""

TRIES_MAX = len(RETRY_DELAYS_SECONDS) + 1
JITTER_PERCENT = 20
RETRY_AFTER_SECONDS_MAX = 24 * HOUR

RECEIVED = range(200, 300)
GONE = 410


class Try(Struct, frozen=True, kw_only=True):
    """One finished HTTP try, as far as its judgement needs it.

    Shapes: `number` counts from 1; `status_code` is None when no final status line came;
    `retry_after_seconds` is None when the receiver did not ask for a wait.
    """

    number: int
    ended_at_ms: int
    status_code: int | None
    retry_after_seconds: int | None = None


class Delivered(Struct, frozen=True):
    """The receiver has it."""


class RetryAt(Struct, frozen=True):
    """The same request is sent again at an instant."""

    due_at_ms: int


class Failed(Struct, frozen=True):
    """The request is given up; `endpoint_gone` also disables the endpoint."""

    endpoint_gone: bool


Verdict = Delivered | RetryAt | Failed


def judge(attempt: Try, fraction: float) -> Verdict:
    """Decide what follows from a finished try.

    Units: `fraction` is random, 0 <= fraction < 1.
    """
    status = attempt.status_code
    if status in RECEIVED:
        return Delivered()
    if status == GONE:
        return Failed(endpoint_gone=True)
    if attempt.number >= TRIES_MAX:
        return Failed(endpoint_gone=False)
    delay_ms = retry_delay_ms(attempt.number, fraction)
    asked_ms = min(attempt.retry_after_seconds or 0, RETRY_AFTER_SECONDS_MAX) * 1000
    return RetryAt(attempt.ended_at_ms + max(delay_ms, asked_ms))


def retry_delay_ms(number: int, fraction: float) -> int:
    """Give the wait after the `number`-th failed try, with its jitter.

    Shapes: 1 <= number < TRIES_MAX. Units: milliseconds; `fraction` is random, 0 <= fraction < 1.
    """
    assert 1 <= number < TRIES_MAX, "no wait follows the last try"
    spread = JITTER_PERCENT / 100
    return round(RETRY_DELAYS_SECONDS[number - 1] * 1000 * (1 - spread + 2 * spread * fraction))
