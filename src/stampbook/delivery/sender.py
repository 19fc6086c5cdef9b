"""The sender: many requests at once in one thread, each to addresses that were vetted for it.

A request may have to wait for a token, then for a name; then it is a call. Whoever waits for the
same thing waits in one crowd, and one errand brings it to all of them. What is on its way to a
token endpoint is there for a request that waits, so there are never more calls than requests.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
import pycurl

from stampbook.delivery.call import (
    EXCERPT_BYTES_MAX,
    MALFORMED,
    MALFORMED_URL,
    TIMED_OUT,
    UNSUPPORTED_SCHEME,
    Plan,
    Policy,
    Request,
    Response,
)
from stampbook.delivery.credentials import ClientCredentials
from stampbook.delivery.crowds import Crowds
from stampbook.delivery.lanes import HANDLES_MAX, IN_FLIGHT_MAX
from stampbook.delivery.resolver import Found, LookUp, Resolver, look_up
from stampbook.delivery.tokens import ANSWER_BYTES_MAX, Fetches, Tokens, fetch, read, with_token
from stampbook.delivery.wire import OWNER, WORKER, Wire
from stampbook.values.egress import Target, may_reach, target_of

CONNECTIONS_KEPT = 2 * IN_FLIGHT_MAX
"""For the requests that come; those that hang have connections beside."""
UNAUTHORIZED = 401

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Trip(Generic[T]):
    """A request on its way; without a ticket it fetches a token for the requests that wait."""

    ticket: T | None
    request: Request
    started_at: float
    connect_ms: int
    total_ms: int
    fetches: ClientCredentials | None = None
    token: str | None = None
    has_waited: bool = False

    @property
    def ends_at(self) -> float:
        return self.started_at + self.total_ms / 1000


class Sender(Generic[T]):
    """Sends requests; each carries a ticket of the caller's, handed back with the answer.

    One thread owns a sender; only `wake` may be called from others.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        in_flight_max: int = HANDLES_MAX,
        look_up: LookUp = look_up,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._in_flight_max = in_flight_max
        self._elapsed = elapsed
        self._wire = Wire[_Trip[T]](policy, connections_kept=CONNECTIONS_KEPT, elapsed=elapsed)
        self._resolver = Resolver(
            self._may_dial,
            ring=lambda: self._wire.ring(WORKER),
            look_up=look_up,
            elapsed=elapsed,
        )
        self._tokens = Tokens()
        self._crowds = Crowds[_Trip[T]]()
        self._ended: list[tuple[T, Response]] = []
        self._in_flight = 0
        self._fetched = self._failed = 0

    @property
    def in_flight(self) -> int:
        """The number of requests whose answer was not handed back yet."""
        return self._in_flight

    @property
    def tokens(self) -> Fetches:
        """What became of the tokens that were fetched; may be asked by any thread."""
        return Fetches(self._fetched, self._failed)

    def start(self, ticket: T, request: Request) -> None:
        """Begin to send a request; its answer comes out of `wait`.

        Shapes: at most `in_flight_max` are in flight.
        """
        assert self._in_flight < self._in_flight_max, "the sender was given more than it may hold"
        self._in_flight += 1
        self._advance(
            _Trip(
                ticket=ticket,
                request=request,
                started_at=self._elapsed(),
                connect_ms=request.connect_timeout_ms or self._policy.connect_timeout_ms,
                total_ms=request.total_timeout_ms or self._policy.total_timeout_ms,
            )
        )

    def wait(self, seconds: float) -> list[tuple[T, Response]]:
        """Move everything on until something finishes, `wake` is called, or the time is over.

        Shapes: the finished requests in the order of their end; possibly none.
        """
        deadline = self._elapsed() + seconds
        while True:
            until = min(deadline, self._crowds.patience_ends_at)
            for trip, response in self._wire.move(0 if self._ended else until - self._elapsed()):
                self._arrive(trip, response)
            for host in self._resolver.arrived():
                for trip in self._crowds.part(host):
                    self._advance(trip)
            if self._crowds.patience_ends_at <= self._elapsed():
                for trip in self._crowds.give_up(self._elapsed()):
                    self._fail(trip, TIMED_OUT)
            is_called = self._wire.hear_owner()
            if self._ended or is_called or self._elapsed() >= deadline:
                ended, self._ended = self._ended, []
                self._in_flight -= len(ended)
                return ended

    def wake(self) -> None:
        """Let a running or the next `wait` return at once; safe from any thread."""
        self._wire.ring(OWNER)

    def close(self) -> None:
        """Abandon what is in flight and close every connection."""
        self._resolver.close()
        self._wire.close()

    def _advance(self, trip: _Trip[T]) -> None:
        """Take a request as far as it gets: into a crowd, onto the wire, or to its end."""
        request = trip.request
        if request.oauth is not None and trip.token is None:
            trip.token = self._tokens.find(request.oauth, self._elapsed())
            if trip.token is None:
                self._await_token(trip, request.oauth)
                return
        target = target_of(request.url)
        if target is None:
            self._fail(trip, _what_is_wrong_with(request.url))
            return
        found = self._resolver.find(target)
        if found is None:
            trip.has_waited = True
            until = min(self._elapsed() + trip.connect_ms / 1000, trip.ends_at)
            self._crowds.join(target.host, trip, until)
        elif found.error is not None:
            self._fail(trip, found.error)
        else:
            self._dial(trip, target, found)

    def _dial(self, trip: _Trip[T], target: Target, found: Found) -> None:
        connect_ms, total_ms = trip.connect_ms, trip.total_ms
        if trip.has_waited:
            total_ms -= self._waited_ms(trip)
            connect_ms = min(connect_ms, total_ms)
            if total_ms <= 0:
                self._fail(trip, TIMED_OUT)
                return
        request = trip.request if trip.token is None else with_token(trip.request, trip.token)
        kept = EXCERPT_BYTES_MAX if trip.fetches is None else ANSWER_BYTES_MAX
        plan = Plan(target, found, connect_ms, total_ms, kept)
        try:
            self._wire.start(trip, request, plan)
        except (pycurl.error, ValueError):
            self._fail(trip, MALFORMED)

    def _await_token(self, trip: _Trip[T], credentials: ClientCredentials) -> None:
        trip.has_waited = True
        if self._crowds.join(credentials, trip, trip.ends_at):
            self._advance(
                _Trip(
                    ticket=None,
                    request=fetch(credentials),
                    started_at=trip.started_at,
                    connect_ms=trip.connect_ms,
                    total_ms=trip.total_ms,
                    fetches=credentials,
                )
            )

    def _fail(self, trip: _Trip[T], error: str) -> None:
        self._arrive(trip, Response(status_code=None, error=error, duration_ms=0))

    def _arrive(self, trip: _Trip[T], response: Response) -> None:
        """End a request; a token that it fetched goes to those who wait for it."""
        if trip.fetches is not None:
            self._share(trip.fetches, response)
            return
        assert trip.ticket is not None
        if trip.has_waited:
            response = msgspec.structs.replace(response, duration_ms=self._waited_ms(trip))
        if trip.token is not None and response.status_code == UNAUTHORIZED:
            assert trip.request.oauth is not None
            self._tokens.drop(trip.request.oauth, trip.token)
        self._ended.append((trip.ticket, response))

    def _share(self, credentials: ClientCredentials, response: Response) -> None:
        granted, trips = read(response), self._crowds.part(credentials)
        if isinstance(granted, str):
            self._failed += 1
            for trip in trips:
                self._fail(trip, granted)
            return
        self._fetched += 1
        self._tokens.keep(credentials, granted, self._elapsed())
        for trip in trips:
            trip.token = granted.token
            self._advance(trip)

    def _waited_ms(self, trip: _Trip[T]) -> int:
        return round((self._elapsed() - trip.started_at) * 1000)

    def _may_dial(self, address: str) -> bool:
        return may_reach(
            address,
            allow_private=self._policy.allow_private,
            allow_subnets=self._policy.allow_subnets,
        )


def _what_is_wrong_with(url: str) -> str:
    scheme = url.partition(":")[0].lower()
    is_other = scheme.isalnum() and scheme not in {"http", "https"}
    return UNSUPPORTED_SCHEME if is_other else MALFORMED_URL
