"""The worker: one thread that leases, sends, judges and settles without waiting for the slowest.

What can go wrong, in words. A crash loses nothing: its leases run out and the same requests, with
the same ids, are leased again. So a receiver may see a request twice, never not at all; it tells
by `webhook-id`. A worker that was asleep and settles late changes nothing but the log, because
its lease is not the present one. While the store cannot take results, nothing new is leased.

Order: without a promise, an endpoint's requests start in the order in which their facts were
stored, several of them at a time, and a retry comes later. Where order is kept, what follows waits
behind in its train until the request before it has arrived, and goes back to the store if it has
not.
"""

import time
from collections import Counter
from collections.abc import Callable

import structlog
from msgspec import Struct

from stampbook.core.delivery import Delivered, Try, judge
from stampbook.core.lease import LEASE_MS, Leased, Outcome
from stampbook.delivery.call import Request, Response
from stampbook.delivery.lanes import IN_FLIGHT_MAX, Lanes
from stampbook.delivery.prepare import prepare
from stampbook.delivery.queue import Queue
from stampbook.delivery.secrets import Vault
from stampbook.delivery.sender import Sender
from stampbook.delivery.trains import Trains
from stampbook.store.backend import StoreError
from stampbook.values.instants import from_ms

POLL_SECONDS = 0.5
"""How often the store is asked for work that nobody announced: retries, and other processes'."""
LEASE_PAUSE_SECONDS = 0.01
"""The least time between two leases that were asked for by `wake`."""
GATHER_SECONDS = 0.05
"""How long a finished try may wait for others to share its transaction."""
GATHER_MAX = 200
STOP_GRACE_SECONDS = 5.0
"""How long `stop` waits for the requests on their way before it gives their leases back."""
LEASE_MARGIN_MS = 5_000
"""What must be left of a lease beside its time-out when a request of a train begins."""

NEVER = float("inf")

log = structlog.get_logger()


class Sent(Struct, frozen=True):
    """A lease whose request is on its way."""

    leased: Leased
    started_at_ms: int


class World(Struct, frozen=True, kw_only=True):
    """What a worker knows of the world: the time, chance, and new ids.

    Units: `now_ms` since 1970, `fraction` from 0 to below 1, `elapsed` seconds that never go back.
    """

    now_ms: Callable[[], int]
    fraction: Callable[[], float]
    new_id: Callable[[], str]
    elapsed: Callable[[], float] = time.monotonic


def _unwatched(_: Outcome) -> None:
    pass


class Worker:
    """Delivers what is due; one thread owns it, and `wake` and `stop` are safe from any other."""

    def __init__(
        self,
        *,
        queue: Queue,
        sender: Sender[Sent],
        vault: Vault,
        world: World,
        watch: Callable[[Outcome], None] = _unwatched,
        in_flight_max: int = IN_FLIGHT_MAX,
    ) -> None:
        self._queue = queue
        self._sender = sender
        self._vault = vault
        self._now_ms = world.now_ms
        self._fraction = world.fraction
        self._new_id = world.new_id
        self._elapsed = world.elapsed
        self._watch = watch
        self._lanes = Lanes(in_flight_max)
        self._trains = Trains()
        self._held: dict[str, Leased] = {}  # by lease_id: on their way, or behind in a train
        self._unsent: list[Leased] = []  # to be given back
        self._finished: list[Outcome] = []
        self._gather_until = NEVER
        self._poll_at = world.elapsed()
        self._leased_at = -NEVER
        self._store_back_at = -NEVER
        self._backlog = False
        self._woken = False
        self._stopping = False

    def run(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Deliver until `stop` is called; then wait a little, settle, and give the rest back."""
        while not self._stopping:
            self._serve_store()
            self._hear()
        deadline = self._elapsed() + grace_seconds
        while self._held and self._elapsed() < deadline:
            self._serve_store()
            self._hear()
        self.close()

    def drain(self, seconds: float) -> bool:
        """Deliver until nothing is due any more; False when the time is over before."""
        deadline = self._elapsed() + seconds
        while self._elapsed() < deadline:
            self._serve_store()
            if not self._held and not self._finished and self._lease():
                return True
            self._hear()
        return False

    def wake(self) -> None:
        """Say that something became due: it is leased at once and not at the next poll."""
        if not self._woken:
            self._woken = True
            self._sender.wake()

    def stop(self) -> None:
        """Let `run` come to its end."""
        self._stopping = True
        self._sender.wake()

    def close(self) -> None:
        """Give back what is in hand and close every connection; for an owner that never ran it."""
        self._give_back()
        self._sender.close()

    def _serve_store(self) -> None:
        if self._settle_due() <= self._elapsed():
            self._settle()
        if self._lease_due() <= self._elapsed():
            self._lease()

    def _hear(self) -> None:
        """Wait for answers, or for the time at which the store is to be asked again."""
        until = min(self._settle_due(), self._lease_due(), self._elapsed() + POLL_SECONDS)
        for sent, response in self._sender.wait(max(0.0, until - self._elapsed())):
            self._judge(sent, response)

    def _settle_due(self) -> float:
        """Say when to settle: at once when waiting would gather little more."""
        if self._unsent:
            return self._store_back_at
        if not self._finished:
            return NEVER
        enough = len(self._finished) >= min(GATHER_MAX, self._lanes.in_flight)
        return max(self._store_back_at, -NEVER if enough else self._gather_until)

    def _lease_due(self) -> float:
        if self._stopping or self._lanes.free(self._elapsed()) <= 0:
            return NEVER
        asked = self._leased_at + LEASE_PAUSE_SECONDS if self._woken else NEVER
        return max(self._store_back_at, min(asked, self._poll_at))

    def _lease(self) -> bool:
        """Lease what there is room for, send it, and say whether nothing at all is due."""
        self._woken = False
        self._leased_at = self._elapsed()
        self._poll_at = self._leased_at + POLL_SECONDS
        now_ms = self._now_ms()
        try:
            due = self._queue.due(now_ms)
            shares = self._lanes.shares(due, self._leased_at)
            leased = (
                self._queue.lease(shares, now_ms=now_ms, until_ms=now_ms + LEASE_MS)
                if shares
                else []
            )
        except StoreError as error:
            self._pause("lease", error)
            return False
        taken = Counter(one.endpoint for one in leased)
        self._backlog = any(taken[lane.endpoint] >= shares.get(lane.endpoint, 0) for lane in due)
        for one in leased:
            self._take(one)
        return not due

    def _take(self, leased: Leased) -> None:
        self._lanes.start(leased.lease_id, leased.endpoint, self._elapsed())
        self._held[leased.lease_id] = leased
        if self._trains.may_go(leased):
            self._send(leased)

    def _send(self, leased: Leased) -> None:
        at_ms = self._now_ms()
        prepared = self._prepare(leased, at_ms)
        if isinstance(prepared, Response):
            self._judge(Sent(leased, at_ms), prepared)
        else:
            self._sender.start(Sent(leased, at_ms), prepared)

    def _prepare(self, leased: Leased, at_ms: int) -> Request | Response:
        """Give the request, or the answer to a try that could not even be made."""
        try:
            return prepare(leased, self._vault, from_ms(at_ms))
        except Exception as error:  # one unreadable fact must not stop all others
            log.exception("delivery.not_prepared", request_id=leased.request_id)
            reason = f"could not be prepared: {type(error).__name__}"
            return Response(status_code=None, error=reason, duration_ms=0)

    def _judge(self, sent: Sent, response: Response) -> None:
        leased = sent.leased
        attempt = Try(
            number=leased.number,
            ended_at_ms=self._now_ms(),
            status_code=response.status_code,
            retry_after_seconds=response.retry_after_seconds,
            is_trial=leased.is_trial,
        )
        outcome = Outcome(
            leased=leased,
            verdict=judge(attempt, leased.conduct, self._fraction()),
            attempt_id=self._new_id(),
            started_at_ms=sent.started_at_ms,
            ended_at_ms=attempt.ended_at_ms,
            duration_ms=response.duration_ms,
            status_code=response.status_code,
            error=response.error,
            response_excerpt=response.excerpt,
            retry_after_seconds=response.retry_after_seconds,
        )
        self._finish(outcome)
        self._watch(outcome)

    def _finish(self, outcome: Outcome) -> None:
        leased = outcome.leased
        del self._held[leased.lease_id]
        if not self._finished:
            self._gather_until = self._elapsed() + GATHER_SECONDS
        self._finished.append(outcome)
        if isinstance(outcome.verdict, Delivered):
            most = leased.conduct.in_flight_max
            self._lanes.succeed(leased.lease_id, outcome.duration_ms, most)
            self._follow(leased)
        else:
            was_answered = outcome.status_code is not None
            self._lanes.fail(leased.lease_id, was_answered=was_answered)
            self._give_up(self._trains.stop(leased))

    def _follow(self, leased: Leased) -> None:
        """Send what waited behind a request that has arrived, if its lease is still long enough."""
        following = self._trains.next_of(leased)
        if following is None:
            return
        needed_ms = following.conduct.timeout_seconds * 1000 + LEASE_MARGIN_MS
        if self._now_ms() + needed_ms < following.until_ms:
            self._send(following)
        else:
            self._give_up([following, *self._trains.stop(following)])

    def _give_up(self, leased: list[Leased]) -> None:
        for one in leased:
            del self._held[one.lease_id]
            self._lanes.abandon(one.lease_id)
        self._unsent += leased

    def _settle(self) -> None:
        try:
            if self._finished:
                settled = self._queue.settle(self._finished)
                self._finished = []
                self._backlog = self._backlog or settled.told
            if self._unsent:
                self._queue.release(self._unsent)
                self._unsent = []
        except StoreError as error:
            self._pause("settle", error)
            return
        if self._backlog:
            self._poll_at = self._elapsed()

    def _pause(self, step: str, error: StoreError) -> None:
        self._store_back_at = self._elapsed() + POLL_SECONDS
        log.warning("delivery.store_failed", step=step, error=str(error))

    def _give_back(self) -> None:
        self._unsent += self._held.values()
        if self._finished or self._unsent:
            self._settle()  # what the store does not take now runs out by itself
