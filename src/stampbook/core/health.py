"""Health: whether an endpoint is well, and how it climbs back when it was not.

In words. An endpoint that fails five requests in a row over five seconds is `degraded`: it gets one
request at a time, with growing pauses. Eight more failures and it is `suspended`: what waits for it
is held, and one request at a time is sent as a trial, at the latest every hour. A 410 suspends at
once, and so do three answers in a row that it does not know us (401, 403). Whatever it answers with
a 2xx lifts it by one state. After six days of suspension its owner is warned, and a day later it is
`disabled`: nothing more is kept for it until somebody activates it again. Retry-After with a 429 or
a 503 pauses the whole lane for as long, and at most an hour.

Pure: one answer after another makes a state; facts are told from two states that differ.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.delivery import DAY, HOUR, RECEIVED

HealthState = Literal["healthy", "degraded", "suspended", "disabled"]

DEGRADED_AFTER_FAILURES = 5
DEGRADED_AFTER_MS = 5_000
SUSPENDED_AFTER_FAILURES = 8
SUSPENDED_AFTER_REFUSALS = 3
WARNED_AFTER_MS = 6 * DAY * 1000
DISABLED_AFTER_MS = 7 * DAY * 1000
WARNED_BEFORE_MS = DISABLED_AFTER_MS - WARNED_AFTER_MS

PAUSE_FIRST_MS = {"degraded": 1_000, "suspended": 30_000}
PAUSE_MAX_MS = {"degraded": 30_000, "suspended": HOUR * 1000}
RETRY_AFTER_PAUSE_MS_MAX = HOUR * 1000

GONE = 410
REFUSALS = frozenset({401, 403})
THROTTLES = frozenset({429, 503})


class Answer(Struct, frozen=True, kw_only=True):
    """What a request told about its endpoint; `status_code` is None when no answer came."""

    started_at_ms: int
    ended_at_ms: int
    status_code: int | None
    retry_after_seconds: int | None = None


class Health(Struct, frozen=True, kw_only=True):
    """How an endpoint is.

    Shapes: `failures` and `refusals` count in a row and since `since_ms`; nothing is sent before
    `pause_until_ms`; only a healthy endpoint gets more than one request at a time.
    """

    state: HealthState = "healthy"
    since_ms: int = 0
    failures: int = 0
    refusals: int = 0
    failing_since_ms: int = 0
    pause_until_ms: int = 0
    warned_at_ms: int | None = None

    @property
    def is_clean(self) -> bool:
        """Tell whether a success changes nothing."""
        return self.state == "healthy" and not self.failures and not self.pause_until_ms


def after(health: Health, answer: Answer) -> Health:
    """Give what an endpoint is after an answer."""
    if health.state == "disabled":
        return health
    if answer.status_code in RECEIVED:
        return _lifted(health, answer)
    if health.state != "healthy" and answer.started_at_ms < health.since_ms:
        return health  # it was on its way before the fall, and tells nothing that is not known
    return _throttled(_fallen(_counted(health, answer), answer), answer)


def activated(health: Health, at_ms: int) -> Health:
    """Give what a disabled endpoint is when it is active again: one request at a time, at once."""
    if health.state != "disabled":
        return health
    return Health(state="degraded", since_ms=at_ms)


def told(before: Health, now: Health) -> list[str]:
    """Give the facts that tell of a change, by native name."""
    facts: list[str] = []
    if now.warned_at_ms is not None and before.warned_at_ms is None:
        facts.append("endpoint.warned")
    if now.state != before.state:
        is_rising = before.state == "suspended" and now.state == "degraded"
        if not is_rising:
            facts.append("endpoint." + ("recovered" if now.state == "healthy" else now.state))
    return facts


def _lifted(health: Health, answer: Answer) -> Health:
    if health.state == "healthy":
        return Health(since_ms=health.since_ms)
    higher: HealthState = "degraded" if health.state == "suspended" else "healthy"
    return Health(state=higher, since_ms=answer.ended_at_ms)


def _counted(health: Health, answer: Answer) -> Health:
    is_refusal = answer.status_code in REFUSALS
    failing_since = health.failing_since_ms if health.failures else answer.ended_at_ms
    return replace(
        health,
        failures=health.failures + 1,
        refusals=health.refusals + 1 if is_refusal else 0,
        failing_since_ms=failing_since,
    )


def _fallen(health: Health, answer: Answer) -> Health:
    at_ms = answer.ended_at_ms
    is_refused = health.refusals >= SUSPENDED_AFTER_REFUSALS or answer.status_code == GONE
    if health.state == "suspended":
        return _judged(_paused(health, at_ms), at_ms)
    if is_refused or (health.state == "degraded" and health.failures >= SUSPENDED_AFTER_FAILURES):
        return _paused(Health(state="suspended", since_ms=at_ms), at_ms)
    if health.state == "degraded":
        return _paused(health, at_ms)
    has_failed_long = at_ms - health.failing_since_ms >= DEGRADED_AFTER_MS
    if health.failures >= DEGRADED_AFTER_FAILURES and has_failed_long:
        refusals = health.refusals
        return _paused(Health(state="degraded", since_ms=at_ms, refusals=refusals), at_ms)
    return health


def _judged(health: Health, at_ms: int) -> Health:
    """Warn the owner of a suspended endpoint, and a day later disable it."""
    if health.warned_at_ms is None:
        is_late = at_ms - health.since_ms >= WARNED_AFTER_MS
        return replace(health, warned_at_ms=at_ms) if is_late else health
    if at_ms - health.warned_at_ms >= WARNED_BEFORE_MS:
        return Health(state="disabled", since_ms=at_ms, warned_at_ms=health.warned_at_ms)
    return health


def _paused(health: Health, at_ms: int) -> Health:
    first, most = PAUSE_FIRST_MS[health.state], PAUSE_MAX_MS[health.state]
    doublings = min(max(health.failures - 1, 0), 20)
    return replace(health, pause_until_ms=at_ms + min(most, first << doublings))


def _throttled(health: Health, answer: Answer) -> Health:
    if answer.status_code not in THROTTLES or not answer.retry_after_seconds:
        return health
    wanted_ms = min(answer.retry_after_seconds * 1000, RETRY_AFTER_PAUSE_MS_MAX)
    until_ms = max(health.pause_until_ms, answer.ended_at_ms + wanted_ms)
    return replace(health, pause_until_ms=until_ms)
