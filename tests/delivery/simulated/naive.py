"""A naive model of delivery, written apart from it: it watches, and says what must not be.

It is told which facts happen, which turns at the store were committed, which requests receivers
get, and which answers workers hear. It keeps all of that in plain records, and compares them with
the promises, and with the rows that are stored.
"""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec

from stampbook.core.delivery import Delivered, Failed, RetryAt
from stampbook.core.lease import EndpointKey, Leased, Outcome, Turn
from stampbook.delivery.call import Request
from stampbook.delivery.worker import Sent
from tests.delivery.simulated.naive_health import NaiveHealth, news
from tests.delivery.simulated.script import Place

LEASE_MS = 60_000
TIMEOUT_MS = 15_000
STARVED_MS = 3_000
"""How long an endpoint that is well and has nothing on its way may be left waiting."""
DAY_SECONDS = 86_400
NEVER = 2**62


class BrokenPromiseError(AssertionError):
    """Delivery did what it must not, or did not what it must."""


def must(holds: object, promise: str, *about: object) -> None:
    """Insist on a promise."""
    if not holds:
        raise BrokenPromiseError(f"{promise}: {', '.join(map(str, about))}")


@dataclass(slots=True)
class Parcel:
    """A fact that is due to an endpoint."""

    id: str
    place: "Shelf"
    fact: str
    fact_type: str
    cause: str
    position: int
    key: str | None
    has_email: bool
    recorded_ms: int
    due_ms: int
    status: str = "pending"
    tries: int = 0
    request: str | None = None
    sequence: int | None = None
    lease: "Hold | None" = field(default=None)
    is_accepted: bool = False
    """Whether the receiver said so, heard or not."""
    heard_by: int | None = None
    """The worker that knows it was accepted, and has not stored it yet."""

    def __repr__(self) -> str:
        held = f"{self.lease.id} until {self.lease.until_ms}" if self.lease else "nobody"
        return (
            f"<{self.fact_type} {self.position} of {self.place.number}, {self.status}, order "
            f"{self.key!r}, due {self.due_ms}, tried {self.tries} times, held by {held}, "
            f"request {self.request} number {self.sequence}>"
        )

    def held(self, now_ms: int) -> bool:
        return self.lease is not None and self.lease.until_ms > now_ms


@dataclass(slots=True)
class Hold:
    """A lease."""

    id: str
    worker: int
    parcels: tuple[Parcel, ...]
    until_ms: int
    at_ms: int
    state: str
    """What the endpoint was."""
    is_spotless: bool
    number: int
    is_lost: bool = False
    """Whether nobody remembers it."""


@dataclass(slots=True)
class Flight:
    """A request on its way."""

    hold: Hold
    request: str
    key: str | None


@dataclass(slots=True)
class Shelf:
    """An endpoint with all that it is due."""

    key: EndpointKey
    number: int
    wishes: Place
    is_active: bool = True
    health: NaiveHealth = field(default_factory=NaiveHealth)
    parcels: list[Parcel] = field(default_factory=list[Parcel])
    waiting: dict[str, Parcel] = field(default_factory=dict[str, Parcel])
    flights: dict[str, Flight] = field(default_factory=dict[str, Flight])
    sequence: int = 0
    told: int = 0
    news: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    requests: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    letters: dict[str, tuple[bytes, str]] = field(default_factory=dict[str, tuple[bytes, str]])
    holds: list[Hold] = field(default_factory=list[Hold])
    leased_at: list[int] = field(default_factory=list[int])
    sent_at: list[int] = field(default_factory=list[int])
    moved_ms: int = 0
    """When something of it last changed: a lease, a settlement, a pause that ended."""
    next_ms: int | None = None
    """The answer of `may_move_ms`, kept until something changes."""

    def __repr__(self) -> str:
        return f"<endpoint {self.number}, {self.wishes}, {self.health}, {len(self.waiting)} wait>"

    @property
    def size(self) -> int:
        return self.wishes.batch_size

    @property
    def wait_ms(self) -> int:
        return self.wishes.batch_wait_ms

    def may_move_ms(self, now_ms: int) -> int:
        """Give an instant before which nothing of it can be leased; early rather than late."""
        if not self.is_active or not self.waiting:
            return NEVER
        heads: dict[str, int] = {}
        for parcel in self.waiting.values():
            place = parcel.id if parcel.key is None else f"of {parcel.key}"
            if place not in heads:
                early = 0 if parcel.request else self.wait_ms
                held_until = parcel.lease.until_ms if parcel.held(now_ms) and parcel.lease else 0
                heads[place] = max(parcel.due_ms - early, held_until)
        return max(min(heads.values()), self.health.pause_until)

    def must_move_ms(self, now_ms: int) -> int:
        """Give when it ought to have been sent something at the latest, were a worker idle."""
        if not self.is_active or self.wishes.conduct.rate_per_second is not None:
            return NEVER
        heads: dict[str, int] = {}
        for parcel in self.waiting.values():
            hold, place = parcel.lease, parcel.id if parcel.key is None else f"of {parcel.key}"
            if hold is not None and hold.until_ms > now_ms and not hold.is_lost:
                return NEVER
            heads.setdefault(place, max(parcel.due_ms, hold.until_ms if hold else 0))
        due_ms = min([*heads.values(), self._full_ms()], default=NEVER)
        return max(due_ms, self.health.pause_until, self.moved_ms)

    def _full_ms(self) -> int:
        """Give when a whole batch of new facts was there."""
        if self.wishes.ordering != "none" or self.wishes.conduct.in_flight_max == 1:
            return NEVER
        fresh: dict[tuple[str, str], list[int]] = {}
        for parcel in self.waiting.values():
            if parcel.request is None:  # so it was never leased
                cause = "" if self.wait_ms else parcel.cause
                fresh.setdefault((parcel.fact_type, cause), []).append(parcel.recorded_ms)
        full = [some[self.size - 1] for some in fresh.values() if len(some) >= self.size]
        return min(full, default=NEVER)


class Naive:
    """The model of a whole play."""

    def __init__(self, shelves: Iterable[Shelf]) -> None:
        self.shelves = {shelf.key: shelf for shelf in shelves}
        self.parcels: dict[str, Parcel] = {}
        self.holds: dict[str, Hold] = {}
        self.reached: Counter[str] = Counter()
        self.logged: set[str] = set()
        self._of_this_turn: list[Hold] = []
        self.disturbed_ms = 0
        """When a worker was last missing, or the store in its way."""

    # --- what happens

    def is_due(self, parcel: Parcel) -> None:
        """Take a delivery that was stored."""
        shelf = parcel.place
        self.parcels[parcel.id] = parcel
        shelf.parcels.append(parcel)
        if shelf.wishes.only_with and not parcel.has_email:
            parcel.status = "skipped"
        else:
            shelf.waiting[parcel.id] = parcel
        shelf.next_ms = None

    def is_activated(self, shelf: Shelf, now_ms: int) -> None:
        """Take it that the owner wants an endpoint back that was disabled."""
        shelf.is_active = True
        shelf.health.activate(now_ms)
        self._touch(shelf, now_ms)

    def has_crashed(self, worker: int) -> None:
        """Take it that a worker knows nothing any more, and nobody waits for its answers."""
        for hold in self.holds.values():
            hold.is_lost = hold.is_lost or hold.worker == worker
        for shelf in self.shelves.values():
            for lease_id, flight in list(shelf.flights.items()):
                if flight.hold.worker == worker:
                    del shelf.flights[lease_id]
            for parcel in shelf.waiting.values():
                if parcel.heard_by == worker:
                    parcel.heard_by = None
                    self.reached["crashed with an answer in hand"] += 1

    def settles(self, turn: Turn, now_ms: int) -> list[Shelf]:
        """Take the first part of a turn that was committed; give the endpoints with news."""
        touched = {key: self.shelves[key] for key in (one.leased.endpoint for one in turn.outcomes)}
        before = {key: (one.health.state, one.health.warned) for key, one in touched.items()}
        self.logged.update(one.leased.lease_id for one in turn.outcomes if _is_logged(one))
        valid = [one for one in turn.outcomes if self._is_valid(one.leased)]
        if len(valid) < len(turn.outcomes):
            self.reached["a late answer was fenced off"] += 1
        for outcome in sorted(valid, key=lambda one: one.ended_at_ms):
            self._hear(outcome)
        for outcome in valid:
            self._settle(outcome)
        for leased in turn.unsent:
            for parcel in self._valid_parcels(leased):
                parcel.lease = None
                self.reached["given back unsent"] += 1
            self._touch(self.shelves[leased.endpoint], now_ms)
        with_news: list[Shelf] = []
        for key, shelf in touched.items():
            state, warned = before[key]
            names = news(state, warned is not None, shelf.health)
            for name in names:
                shelf.told += 1
                shelf.news.append((name, shelf.told))
                self.reached[name] += 1
            if shelf.health.state == "disabled" != state:
                shelf.is_active = False
                must(warned is not None, "nobody is disabled without a warning", shelf)
            if names:
                with_news.append(shelf)
            self._touch(shelf, now_ms)
        return with_news

    def leases(self, worker: int, turn: Turn, leased: Sequence[Leased]) -> None:
        """Take the second part of a turn: what it leased."""
        now_ms = turn.now_ms
        self._of_this_turn.clear()
        before = {key: len(shelf.holds) for key, shelf in self.shelves.items()}
        for one in leased:
            must(one.until_ms == turn.until_ms, "a lease ends when it was asked to", one.until_ms)
            self._lease(worker, one, now_ms)
        for key, shelf in self.shelves.items():
            count = len(shelf.holds) - before[key]
            if count and shelf.health.state != "healthy":
                must(count == 1, "who is not well is sent one at a time", shelf, count)
                shelf.health.pause_until = turn.until_ms
                self.reached[f"leased while {shelf.health.state}"] += 1
            if count:
                self._touch(shelf, now_ms)

    def leases_unseen(self, rows: Iterable[tuple[Any, ...]], turn: Turn) -> None:
        """Take what a turn leased whose answer was lost; a row: id, lease, request, sequence."""
        unseen: dict[tuple[int, str, str], list[Parcel]] = {}
        for parcel_id, lease_id, request, sequence in rows:
            if lease_id is not None and lease_id not in self.holds:
                key = (sequence, lease_id, request)
                unseen.setdefault(key, []).append(self.parcels[parcel_id])
        for (sequence, lease_id, request), parcels in sorted(
            unseen.items(), key=lambda one: one[0]
        ):
            shelf = parcels[0].place
            self._number(shelf, request, sequence)
            shelf.requests.setdefault(request, tuple(one.fact for one in parcels))
            self._hold(shelf, Hold(
                lease_id, -1, tuple(parcels), turn.until_ms, turn.now_ms, shelf.health.state,
                shelf.health.is_spotless, parcels[0].tries + 1, is_lost=True,
            ), request, sequence)  # fmt: skip
            if shelf.health.state != "healthy":
                shelf.health.pause_until = turn.until_ms
            self._touch(shelf, turn.now_ms)
            self.reached["leased and never heard of it"] += 1

    def starts(self, worker: int, sent: Sent, request: Request, now_ms: int) -> list[Parcel]:
        """Take a request that reaches its receiver; give what is in it."""
        leased = sent.leased
        shelf = self.shelves[leased.endpoint]
        hold = self.holds[leased.lease_id]
        conduct = shelf.wishes.conduct
        must(hold.worker == worker, "a lease is used by whom it was given to", hold.worker, worker)
        must(now_ms + TIMEOUT_MS <= hold.until_ms, "no request outlasts its lease", hold.parcels)
        for parcel in hold.parcels:
            must(parcel.lease is hold, "nothing is sent on a lease that another holds", parcel)
            must(parcel.heard_by != worker, "what was accepted is not sent again", parcel)
        flights = shelf.flights.values()
        must(
            all(flight.request != leased.request_id for flight in flights),
            "no request is on its way twice at the same time",
            hold.parcels,
        )
        own = sum(flight.hold.worker == worker for flight in flights)
        must(own < conduct.in_flight_max, "no more are on their way than may be", shelf, own)
        if hold.state != "healthy":
            must(
                all(flight.hold.state == "healthy" for flight in flights),
                "who is not well has one request on its way",
                shelf,
            )
        if hold.parcels[0].key is not None:
            self._starts_in_order(worker, hold)
        self._starts_at_its_rate(shelf, now_ms)
        self._reads(shelf, hold, leased, request)
        shelf.flights[hold.id] = Flight(hold, leased.request_id, hold.parcels[0].key)
        return list(hold.parcels)

    def hears(self, worker: int, sent: Sent, status: int | None) -> None:
        """Take it that a worker hears an answer."""
        shelf = self.shelves[sent.leased.endpoint]
        shelf.flights.pop(sent.leased.lease_id, None)
        if status is not None and 200 <= status < 300:
            hold = self.holds[sent.leased.lease_id]
            for parcel in hold.parcels:
                if parcel.lease is hold:
                    parcel.heard_by = worker

    # --- what follows from it

    def may_move_ms(self, now_ms: int) -> int:
        """Give an instant before which a worker finds nothing to lease."""
        soonest = NEVER
        for shelf in self.shelves.values():
            if shelf.next_ms is None:
                shelf.next_ms = shelf.may_move_ms(now_ms)
            soonest = min(soonest, shelf.next_ms)
        return soonest

    def nobody_starves(self, now_ms: int) -> None:
        """See that whoever is well and has nothing on its way was not left waiting."""
        for shelf in self.shelves.values():
            if shelf.next_ms is not None and shelf.next_ms + STARVED_MS > now_ms:
                continue
            waits_ms = now_ms - max(shelf.must_move_ms(now_ms), self.disturbed_ms)
            must(waits_ms <= STARVED_MS, "nobody is left waiting", waits_ms, shelf)

    # --- the parts

    def _touch(self, shelf: Shelf, now_ms: int) -> None:
        shelf.next_ms = None
        shelf.moved_ms = now_ms

    def _is_valid(self, leased: Leased) -> bool:
        return bool(self._valid_parcels(leased))

    def _valid_parcels(self, leased: Leased) -> list[Parcel]:
        found = [self.parcels[id_] for id_ in leased.delivery_ids]
        return [one for one in found if one.lease is not None and one.lease.id == leased.lease_id]

    def _hear(self, outcome: Outcome) -> None:
        shelf, hold = self.shelves[outcome.leased.endpoint], self.holds[outcome.leased.lease_id]
        status = outcome.status_code
        if status is not None and 200 <= status < 300 and hold.is_spotless:
            return  # of no news when it was leased
        shelf.health.hear(
            outcome.started_at_ms, outcome.ended_at_ms, status, outcome.retry_after_seconds
        )

    def _settle(self, outcome: Outcome) -> None:
        leased, verdict, ended_ms = outcome.leased, outcome.verdict, outcome.ended_at_ms
        hold = self.holds[leased.lease_id]
        shelf = self.shelves[leased.endpoint]
        expected = _expected(shelf, hold, outcome)
        must(type(verdict) is expected, "a try is judged by the schedule", verdict, hold.parcels)
        for parcel in self._valid_parcels(leased):
            parcel.lease, parcel.heard_by = None, None
            match verdict:
                case Delivered():
                    must(parcel.is_accepted, "what is delivered was accepted", parcel)
                    parcel.status, parcel.tries = "delivered", hold.number
                case Failed():
                    parcel.status, parcel.tries = "failed", hold.number
                    parcel.due_ms = ended_ms
                    self.reached["given up"] += 1
                case RetryAt(due_at_ms, counts):
                    parcel.due_ms = due_at_ms
                    parcel.tries = hold.number if counts else hold.number - 1
                    self._judged_in_time(shelf, hold, outcome, verdict)
            if parcel.status != "pending":
                del shelf.waiting[parcel.id]

    def _judged_in_time(self, shelf: Shelf, hold: Hold, outcome: Outcome, verdict: RetryAt) -> None:
        waits_ms = verdict.due_at_ms - outcome.ended_at_ms
        if hold.state == "suspended":
            must(
                waits_ms == 0 and not verdict.counts, "a trial costs no try", verdict, hold.parcels
            )
            self.reached["a trial that failed"] += 1
            return
        must(verdict.counts, "a try counts", verdict, hold.parcels)
        delays = shelf.wishes.conduct.retry_delays_seconds
        base_ms = delays[min(hold.number, len(delays)) - 1] * 1000
        asked_ms = min(outcome.retry_after_seconds or 0, DAY_SECONDS) * 1000
        least, most = max(0.8 * base_ms, asked_ms), max(1.2 * base_ms, asked_ms)
        must(
            least - 1 <= waits_ms <= most + 1,
            "a retry keeps to the schedule",
            waits_ms,
            base_ms,
            asked_ms,
        )
        self.reached["asked to come later" if asked_ms > base_ms else "a retry"] += 1
        if hold.number > len(delays):
            self.reached["tried for ever"] += 1

    def _lease(self, worker: int, leased: Leased, now_ms: int) -> None:
        shelf = self.shelves[leased.endpoint]
        parcels = tuple(self.parcels[id_] for id_ in leased.delivery_ids)
        must(shelf.is_active, "who is disabled is sent nothing", shelf)
        must(now_ms >= shelf.health.pause_until, "a pause is a pause", shelf)
        facts = tuple(fact.id for fact in leased.facts)
        must(facts == tuple(one.fact for one in parcels), "a lease says what it has", parcels)
        for parcel in parcels:
            must(parcel.place is shelf, "everybody is sent their own", parcel)
            must(parcel.status == "pending", "what is over is over", parcel)
            must(not parcel.held(now_ms), "nothing is leased twice at a time", parcel)
            must(parcel.request == parcels[0].request, "a request stays one", parcels)
            must(leased.number == parcel.tries + 1, "tries are counted", parcel, leased.number)
            if parcel.lease is not None:
                self.reached["leased again after a lease ran out"] += 1
        if parcels[0].request is None:
            self._is_a_new_request(shelf, leased, parcels, now_ms)
        else:
            must(all(one.due_ms <= now_ms for one in parcels), "no retry is early", parcels)
        self._number(shelf, leased.request_id, leased.sequence)
        known = shelf.requests.setdefault(leased.request_id, facts)
        must(known == facts, "a request keeps its facts", known, facts)
        self._is_in_order(parcels)
        self._is_within_rate(shelf, now_ms)
        hold = Hold(
            leased.lease_id, worker, parcels, leased.until_ms, now_ms, shelf.health.state,
            shelf.health.is_spotless, leased.number,
        )  # fmt: skip
        self._hold(shelf, hold, leased.request_id, leased.sequence)
        self._of_this_turn.append(hold)

    def _hold(self, shelf: Shelf, hold: Hold, request: str, sequence: int) -> None:
        self.holds[hold.id] = hold
        shelf.holds.append(hold)
        due_ms = min(one.due_ms for one in hold.parcels)
        for parcel in hold.parcels:
            parcel.lease, parcel.due_ms = hold, due_ms
            parcel.request, parcel.sequence = request, sequence

    def _number(self, shelf: Shelf, request: str, sequence: int) -> None:
        if request not in shelf.requests:
            shelf.sequence += 1
            shelf.numbers[request] = shelf.sequence
        known = shelf.numbers[request]
        must(sequence == known, "sequences have no gap and are kept", shelf, sequence, known)

    def _is_a_new_request(
        self, shelf: Shelf, leased: Leased, parcels: tuple[Parcel, ...], now_ms: int
    ) -> None:
        must(leased.request_id not in shelf.requests, "a new request has a new id", parcels)
        must(leased.number == 1, "a new request is tried for the first time", parcels)
        must(len(parcels) <= shelf.size, "no batch is larger than it may be", parcels)
        must(len({one.fact_type for one in parcels}) == 1, "types are not mixed", parcels)
        if not shelf.wait_ms:
            must(len({one.cause for one in parcels}) == 1, "causes are not mixed", parcels)
        is_due = any(one.due_ms <= now_ms for one in parcels)
        must(is_due or len(parcels) == shelf.size, "a batch waits for others", parcels)
        if len(parcels) > 1:
            self.reached["a batch of several"] += 1
            self.reached["a batch that was full early"] += not is_due
            self.reached["a batch of several causes"] += len({one.cause for one in parcels}) > 1
        order = [one.position for one in parcels]
        must(order == sorted(order), "facts of a request are in their order", parcels)

    def _is_in_order(self, parcels: tuple[Parcel, ...]) -> None:
        """See that no earlier fact of the same order is left behind."""
        key = parcels[0].key
        must(all(one.key == key for one in parcels), "a request is of one order", parcels)
        if key is None:
            return
        last = parcels[-1].position
        for other in parcels[0].place.waiting.values():
            if other.key == key and other.position < last and other not in parcels:
                must(
                    other.lease in self._of_this_turn,
                    "nothing is leased before what it must follow",
                    other,
                    parcels,
                )
                self.reached["leased behind one that it must follow"] += 1

    def _is_within_rate(self, shelf: Shelf, now_ms: int) -> None:
        rate = shelf.wishes.conduct.rate_per_second
        insort(shelf.leased_at, now_ms)  # a turn that had to wait tells an earlier time
        if rate is not None:
            _within(shelf.leased_at, rate, late_ms=0)

    def _starts_at_its_rate(self, shelf: Shelf, now_ms: int) -> None:
        rate = shelf.wishes.conduct.rate_per_second
        shelf.sent_at.append(now_ms)
        if rate is not None:
            _within(shelf.sent_at, rate, late_ms=1_000)

    def _starts_in_order(self, worker: int, hold: Hold) -> None:
        first = hold.parcels[0]
        for flight in first.place.flights.values():
            must(flight.key != first.key, "one of an order is on its way", hold.parcels)
        for other in first.place.waiting.values():
            if other.key == first.key and other.position < first.position:
                must(
                    other.heard_by == worker,
                    "nothing overtakes what it must follow",
                    other,
                    hold.parcels,
                )

    def _reads(self, shelf: Shelf, hold: Hold, leased: Leased, request: Request) -> None:
        """Read a request as its receiver does."""
        headers = dict(request.headers)
        sequence, message_id = headers["stampbook-sequence"], headers["webhook-id"]
        if shelf.wishes.dialect == "zinrelo":
            body = msgspec.json.decode(request.body)
            facts = [event["id"] for event in body["events"]]
            must(message_id == leased.request_id == body["request_id"], "ids agree", message_id)
        else:
            facts = [message_id]
        must(facts == [one.fact for one in hold.parcels], "a request says what it has", facts)
        letter = (request.body, sequence)
        known = shelf.letters.setdefault(message_id, letter)
        must(known == letter, "a repetition has the same bytes and number", message_id)


def _is_logged(outcome: Outcome) -> bool:
    """Tell whether a try has a row of its own."""
    is_several = len(outcome.leased.delivery_ids) > 1
    return type(outcome.verdict) is not Delivered or bool(is_several and outcome.response_excerpt)


def _expected(shelf: Shelf, hold: Hold, outcome: Outcome) -> type:
    status, conduct = outcome.status_code, shelf.wishes.conduct
    if status is not None and 200 <= status < 300:
        return Delivered
    tries_left = len(conduct.retry_delays_seconds) + 1 - hold.number
    is_patient = conduct.when_stuck == "wait" and conduct.retry_delays_seconds
    return RetryAt if hold.state == "suspended" or tries_left > 0 or is_patient else Failed


def _within(instants: list[int], rate: float, *, late_ms: int) -> None:
    """See that no stretch of time up to the last instant holds more than the rate allows."""
    burst, last = max(1.0, rate), instants[-1]
    for count, since in enumerate(reversed(instants), start=1):
        seconds = (last - since + late_ms) / 1000
        must(count <= burst + rate * seconds + 0.01, "the rate is kept", count, seconds, rate)
        if count > 4 * burst + 20:
            return


def gaps(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Give neighbours among numbers that do not follow each other."""
    return [(one, two) for one, two in pairwise(sorted(numbers)) if two != one + 1]
