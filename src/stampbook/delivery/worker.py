"""The worker: one thread that leases, sends, judges and settles without waiting for the slowest.

Its turn at the store is one transaction: what was finished is settled, what is due is leased. The
leased requests wait on the decks of their lanes and are prepared when a place is free.

What can go wrong, in words. A crash loses nothing: its leases run out and the same requests, with
the same ids, are leased again. So a receiver may see a request twice, never not at all; it tells
by `webhook-id`. A worker that was asleep and settles late changes nothing but the log, because
its lease is not the present one. While the store cannot take results, nothing new is leased.

Order: without a promise, an endpoint's requests start in the order in which their facts were
stored, several of them at a time, and a retry comes later. Where order is kept, what follows waits
on deck until the request before it has arrived, and goes back to the store if it has not.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog
from msgspec import Struct

from stampbook.core.delivery import DELIVERED, RECEIVED, Delivered, Try, Verdict, judge
from stampbook.core.lease import LEASE_MS, DueLane, EndpointKey, Leased, Outcome, Turn
from stampbook.delivery.call import Request, Response
from stampbook.delivery.lanes import IN_FLIGHT_MAX, Lanes
from stampbook.delivery.prepare import prepare
from stampbook.delivery.queue import Queue
from stampbook.delivery.secrets import Vault
from stampbook.store.backend import BusyError, StoreError
from stampbook.values.instants import from_ms

POLL_SECONDS = 0.1
"""How often the store is asked for work that nobody announced: retries, and other processes'."""
POLL_SHARE = 20
"""Asking may take a twentieth of the time; where it takes long, it is done more seldom."""
POLL_SECONDS_MAX = 1.0
"""But never more seldom: one turn that had to wait for the store says nothing of the next."""
STORE_PAUSE_SECONDS = 0.5
"""How long a store that failed is left alone."""
BUSY_SECONDS = 0.001
"""How long a worker that has other things to do leaves a store in which somebody else writes."""
PATIENCE_SECONDS = 0.05
"""How long it puts its turn off like this; then it waits for it, as it does with nothing to do."""
HEAR_SECONDS = 0.5
"""The longest wait for the wire."""
TURN_PAUSE_SECONDS = 0.01
"""The least time between two turns that were asked for by `wake`."""
GATHER_SECONDS = 0.05
"""How long a finished try may wait for others to share its transaction."""
GATHER_MAX = 512
DECK_LOW = 256
"""More is leased when fewer wait on deck."""
STOP_GRACE_SECONDS = 5.0
"""How long `stop` waits for the requests on their way before it gives their leases back."""
LEASE_MARGIN_MS = 5_000
"""What must be left of a lease beside its time-out when its request goes out."""
PACED_MS = 1_000
"""How long a request may wait on deck that was granted its instant by a rate: those that came to
wait longer would go out together, and are granted another."""

NEVER = float("inf")

log = structlog.get_logger()


class Sent(Struct, frozen=True):
    """A lease whose request is on its way."""

    leased: Leased
    started_at_ms: int


class Sending(Protocol):
    """What a worker sends with; `wake` may be called from any thread."""

    def start(self, ticket: Sent, request: Request, /) -> None:
        """Begin to send a request."""
        ...

    def wait(self, seconds: float, /) -> list[tuple[Sent, Response]]:
        """Give what finished, as soon as something has, or when it is woken or the time is over."""
        ...

    def wake(self) -> None:
        """Let `wait` return at once."""
        ...

    def close(self) -> None:
        """Abandon what is on its way."""
        ...


class World(Struct, frozen=True, kw_only=True):
    """What a worker knows of the world: the time, and chance.

    Units: `now_ms` since 1970, `fraction` from 0 to below 1, `elapsed` seconds that never go back.
    """

    now_ms: Callable[[], int]
    fraction: Callable[[], float]
    elapsed: Callable[[], float] = time.monotonic


def _unwatched(_: Outcome) -> None:
    pass


class Worker:
    """Delivers what is due; one thread owns it, and `wake` and `stop` are safe from any other."""

    def __init__(
        self,
        *,
        queue: Queue,
        sender: Sending,
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
        self._elapsed = world.elapsed
        self._watch = watch
        self._lanes = Lanes(in_flight_max)
        self._flying: dict[str, Leased] = {}  # by lease_id
        self._finished: list[Outcome] = []
        self._unsent: list[Leased] = []  # to be given back
        self._gather_until = NEVER
        self._poll_at = world.elapsed()
        self._turned_at = -NEVER
        self._leased_at = -NEVER
        self._leased_until_ms = 0
        self._store_back_at = -NEVER
        self._put_off_at = NEVER
        self._backlog = False
        self._nothing_due = False
        self._due: Sequence[DueLane] = ()  # as the store last said, without what is exhausted
        self._shares: Mapping[EndpointKey, int] = {}
        self._look_at = -NEVER
        self._woken = False
        self._stopping = False

    def run(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Deliver until `stop` is called; then wait a little, settle, and give the rest back."""
        while not self._stopping:
            self._step()
        self._unsent += self._lanes.clear()
        deadline = self._elapsed() + grace_seconds
        while self._flying and self._elapsed() < deadline:
            self._step()
        self.close()

    def drain(self, seconds: float) -> bool:
        """Deliver until nothing is due any more; False when the time is over before."""
        deadline = self._elapsed() + seconds
        while self._elapsed() < deadline:
            if not self._is_busy:
                self._turn()
                if self._nothing_due and not self._is_busy:
                    return True
            self._step()
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

    @property
    def _is_busy(self) -> bool:
        held = self._flying or self._lanes.on_deck
        return bool(held or self._finished or self._unsent)

    def _step(self) -> None:
        """Take a turn at the store if it is time, send what may go, and hear what has come."""
        if self._turn_due() <= self._elapsed():
            self._turn()
        self._fly()
        until = min(self._turn_due(), self._elapsed() + HEAR_SECONDS)
        for sent, response in self._sender.wait(max(0.0, until - self._elapsed())):
            self._judge(sent, response)

    def _turn_due(self) -> float:
        """Say when it is time for the store: not before a turn is worth its transaction."""
        asked = NEVER
        if self._finished or self._unsent:
            is_idle = not (self._flying or self._lanes.on_deck)
            enough = len(self._finished) >= GATHER_MAX
            asked = -NEVER if is_idle or enough or self._unsent else self._gather_until
        if not self._stopping and self._lanes.on_deck < DECK_LOW:
            woken = self._turned_at + TURN_PAUSE_SECONDS if self._woken else NEVER
            more = self._turned_at + TURN_PAUSE_SECONDS if self._backlog else NEVER
            asked = min(asked, woken, more, self._poll_at)
        return max(self._store_back_at, asked)

    def _turn(self) -> None:
        """Settle what was finished, and lease what there is room for, in one transaction."""
        turned_before, self._turned_at = self._turned_at, self._elapsed()
        woken, self._woken = self._woken, False  # first: what is woken from now on is seen next
        if woken or self._turned_at >= self._look_at:
            self._due, self._look_at = (), self._turned_at + POLL_SECONDS
        now_ms = self._now_ms()
        turn = Turn(
            outcomes=self._finished,
            unsent=self._unsent,
            now_ms=now_ms,
            until_ms=now_ms + LEASE_MS,
            known=self._due,
            waits=not self._may_put_off(),
        )
        try:
            leased = self._queue.turn(turn, self._deal)
        except BusyError:
            self._put_off_at = min(self._put_off_at, self._turned_at)
            self._store_back_at = self._turned_at + BUSY_SECONDS
            self._turned_at = turned_before  # what is due is known, and was dealt
            return
        except StoreError as error:
            self._store_back_at = self._elapsed() + STORE_PAUSE_SECONDS
            log.warning("delivery.store_failed", error=str(error))
            return
        self._put_off_at = NEVER
        took = self._elapsed() - self._turned_at
        pause = min(max(POLL_SECONDS, POLL_SHARE * took), POLL_SECONDS_MAX)
        self._poll_at = self._elapsed() + pause
        self._finished, self._unsent = [], []
        self._leased_at, self._leased_until_ms = self._elapsed(), turn.until_ms
        self._backlog = turn.told or (self._backlog and bool(leased))
        self._forget_exhausted(leased)
        if turn.told:  # something is due that no look has seen
            self._look_at = self._elapsed()
        for one in leased:
            self._lanes.put(one)

    def _may_put_off(self) -> bool:
        """Tell whether there is something to do while somebody else writes."""
        has_time = self._elapsed() < self._put_off_at + PATIENCE_SECONDS
        return has_time and bool(self._flying or self._lanes.on_deck) and not self._stopping

    def _forget_exhausted(self, leased: Sequence[Leased]) -> None:
        """Know no more of endpoints of which less was leased than was dealt."""
        taken = Counter(one.endpoint for one in leased)
        self._due = [
            one for one in self._due if taken[one.endpoint] >= self._shares.get(one.endpoint, 0)
        ]

    def _deal(self, due: Sequence[DueLane]) -> Mapping[EndpointKey, int]:
        """Say how much to lease of what is due."""
        self._nothing_due = not due
        self._due = due
        self._shares = {} if self._stopping else self._lanes.shares(due)
        self._backlog = bool(self._shares)
        return self._shares

    def _fly(self) -> None:
        """Send what is on deck while there are places."""
        for leased in self._lanes.depart(self._elapsed()):
            needed_ms = leased.conduct.timeout_seconds * 1000 + LEASE_MARGIN_MS
            at_ms = self._now_ms()
            if at_ms + needed_ms > leased.until_ms:
                self._unsent += [leased, *self._lanes.fail(leased, was_answered=True)]
            elif self._has_missed_its_instant(leased, at_ms):
                self._unsent += [leased, *self._lanes.leave(leased)]
            else:
                self._flying[leased.lease_id] = leased
                self._send(leased, at_ms)
        self._unsent += self._lanes.unload()

    def _has_missed_its_instant(self, leased: Leased, at_ms: int) -> bool:
        if leased.conduct.rate_per_second is None:
            return False
        waited_ms = at_ms + LEASE_MS - leased.until_ms
        if leased.until_ms == self._leased_until_ms:  # the turn itself may have taken long
            waited_ms = min(waited_ms, (self._elapsed() - self._leased_at) * 1000)
        return waited_ms > PACED_MS

    def _send(self, leased: Leased, at_ms: int) -> None:
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
        leased, ended_at_ms = sent.leased, self._now_ms()
        verdict: Verdict = DELIVERED
        if response.status_code not in RECEIVED:
            attempt = Try(
                number=leased.number,
                ended_at_ms=ended_at_ms,
                status_code=response.status_code,
                retry_after_seconds=response.retry_after_seconds,
                is_trial=leased.is_trial,
            )
            verdict = judge(attempt, leased.conduct, self._fraction())
        outcome = Outcome(
            leased=leased,
            verdict=verdict,
            started_at_ms=sent.started_at_ms,
            ended_at_ms=ended_at_ms,
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
        del self._flying[leased.lease_id]
        if not self._finished:
            self._gather_until = self._elapsed() + GATHER_SECONDS
        self._finished.append(outcome)
        if isinstance(outcome.verdict, Delivered):
            self._lanes.succeed(leased, outcome.duration_ms)
        else:  # it may change what the endpoint is, which others wait to be told
            self._gather_until = min(self._gather_until, self._elapsed() + TURN_PAUSE_SECONDS)
            was_answered = outcome.status_code is not None
            self._unsent += self._lanes.fail(leased, was_answered=was_answered)

    def _give_back(self) -> None:
        self._stopping = True
        self._unsent += (*self._lanes.clear(), *self._flying.values())
        if self._finished or self._unsent:
            self._turn()  # what the store does not take now runs out by itself
