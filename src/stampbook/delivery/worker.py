"""The worker: one thread that leases, sends, judges and settles without waiting for the slowest.

What can go wrong, in words. A crash loses nothing: its leases run out and the same requests, with
the same ids, are leased again. So a receiver may see a request twice, never not at all; it tells
by `webhook-id`. A worker that was asleep and settles late changes nothing but the log, because
its lease is not the present one. While the store cannot take results, nothing new is leased.

Order: an endpoint's requests start in the order in which their facts were stored, several of them
at a time, and a retry comes later; `sequence` inside the facts tells a member's true order.
"""

import time
from collections import Counter
from collections.abc import Callable

import structlog
from msgspec import Struct

from stampbook.core.delivery import Delivered, Try, Verdict, judge
from stampbook.core.lease import LEASE_MS, Leased, Outcome
from stampbook.delivery.call import Response
from stampbook.delivery.lanes import IN_FLIGHT_MAX, Lanes
from stampbook.delivery.prepare import Prepared, prepare
from stampbook.delivery.queue import Queue
from stampbook.delivery.secrets import Vault
from stampbook.delivery.sender import Sender
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

NEVER = float("inf")
NOT_SENT = Response(status_code=None, error=None, duration_ms=0)
"""To a request of which every event was skipped."""

log = structlog.get_logger()


class Sent(Struct, frozen=True):
    """A lease whose request is on its way."""

    leased: Leased
    started_at_ms: int
    skipped: frozenset[str] = frozenset()


class Worker:
    """Delivers what is due; one thread owns it, and `wake` and `stop` are safe from any other."""

    def __init__(
        self,
        *,
        queue: Queue,
        sender: Sender[Sent],
        vault: Vault,
        now_ms: Callable[[], int],
        fraction: Callable[[], float],
        new_id: Callable[[], str],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._sender = sender
        self._vault = vault
        self._now_ms = now_ms
        self._fraction = fraction
        self._new_id = new_id
        self._elapsed = elapsed
        self._lanes = Lanes()
        self._in_flight: dict[str, Leased] = {}  # by lease_id
        self._finished: list[Outcome] = []
        self._gather_until = NEVER
        self._poll_at = elapsed()
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
        while self._in_flight and self._elapsed() < deadline:
            self._serve_store()
            self._hear()
        self.close()

    def drain(self, seconds: float) -> bool:
        """Deliver until nothing is due any more; False when the time is over before."""
        deadline = self._elapsed() + seconds
        while self._elapsed() < deadline:
            self._serve_store()
            if not self._in_flight and not self._finished and self._lease():
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
        if not self._finished:
            return NEVER
        enough = len(self._finished) >= min(GATHER_MAX, len(self._in_flight))
        return max(self._store_back_at, -NEVER if enough else self._gather_until)

    def _lease_due(self) -> float:
        if self._stopping or self._lanes.in_flight >= IN_FLIGHT_MAX:
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
            shares = self._lanes.shares(due)
            leased = (
                self._queue.lease(shares, now_ms=now_ms, until_ms=now_ms + LEASE_MS)
                if shares
                else []
            )
        except StoreError as error:
            self._pause("lease", error)
            return False
        taken = Counter(one.endpoint for one in leased)
        self._backlog = any(taken[key] >= shares.get(key, 0) for key in due)
        for one in leased:
            self._send(one)
        return not due

    def _send(self, leased: Leased) -> None:
        at_ms = self._now_ms()
        self._lanes.start(leased.endpoint)
        self._in_flight[leased.lease_id] = leased
        prepared = self._prepare(leased, at_ms)
        if isinstance(prepared, Response):
            self._judge(Sent(leased, at_ms), prepared)
        elif prepared.request is None:
            self._finish(Sent(leased, at_ms, prepared.skipped), Delivered(), NOT_SENT)
        else:
            self._sender.start(Sent(leased, at_ms, prepared.skipped), prepared.request)

    def _prepare(self, leased: Leased, at_ms: int) -> Prepared | Response:
        """Give the request, or the answer to a try that could not even be made."""
        try:
            return prepare(leased, self._vault, from_ms(at_ms))
        except Exception as error:  # one unreadable fact must not stop all others
            log.exception("delivery.not_prepared", request_id=leased.request_id)
            reason = f"could not be prepared: {type(error).__name__}"
            return Response(status_code=None, error=reason, duration_ms=0)

    def _judge(self, sent: Sent, response: Response) -> None:
        attempt = Try(
            number=sent.leased.number,
            ended_at_ms=self._now_ms(),
            status_code=response.status_code,
            retry_after_seconds=response.retry_after_seconds,
        )
        self._finish(sent, judge(attempt, self._fraction()), response)

    def _finish(self, sent: Sent, verdict: Verdict, response: Response) -> None:
        leased = sent.leased
        del self._in_flight[leased.lease_id]
        self._lanes.finish(leased.endpoint, delivered=isinstance(verdict, Delivered))
        if not self._finished:
            self._gather_until = self._elapsed() + GATHER_SECONDS
        self._finished.append(
            Outcome(
                leased=leased,
                verdict=verdict,
                skipped=sent.skipped,
                attempt_id=self._new_id(),
                started_at_ms=sent.started_at_ms,
                ended_at_ms=self._now_ms(),
                duration_ms=response.duration_ms,
                status_code=response.status_code,
                error=response.error,
                response_excerpt=response.excerpt,
            )
        )

    def _settle(self) -> None:
        try:
            self._queue.settle(self._finished)
        except StoreError as error:
            self._pause("settle", error)
            return
        self._finished = []
        if self._backlog:
            self._poll_at = self._elapsed()

    def _pause(self, step: str, error: StoreError) -> None:
        self._store_back_at = self._elapsed() + POLL_SECONDS
        log.warning("delivery.store_failed", step=step, error=str(error))

    def _give_back(self) -> None:
        if self._finished:
            self._settle()
        if self._in_flight:
            try:
                self._queue.release(list(self._in_flight.values()), now_ms=self._now_ms())
            except StoreError as error:  # the leases run out by themselves
                self._pause("release", error)
