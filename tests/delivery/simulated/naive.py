"""A naive model of delivery, written apart from it: it watches, and says what must not be.

It is told which facts happen, which turns at the store were committed, which requests receivers
get, and which answers workers hear. It keeps all of that in plain records, and compares them with
the promises, and with the rows that are stored.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from stampbook.core.lease import Leased, Outcome, Turn
from stampbook.delivery.call import Request
from stampbook.delivery.worker import Sent
from tests.delivery.simulated import judging, leasing, sending
from tests.delivery.simulated.naive_health import news
from tests.delivery.simulated.promise import must
from tests.delivery.simulated.shelf import NEVER, Flight, Hold, Parcel, Shelf

STARVED_MS = 3_000
"""How long an endpoint that is well and has nothing on its way may be left waiting."""
NOBODY = -1


class Naive:
    """The model of a whole play."""

    def __init__(self, shelves: Iterable[Shelf]) -> None:
        self.shelves = {shelf.key: shelf for shelf in shelves}
        self.parcels: dict[str, Parcel] = {}
        self.holds: dict[str, Hold] = {}
        self.reached: Counter[str] = Counter()
        self.logged: set[str] = set()
        self.fenced = 0
        """Answers and leases that came too late."""
        self.disturbed_ms = 0
        """When a worker was last missing, or the store in its way."""

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
        self.reached["activated with a backlog" if shelf.waiting else "activated"] += 1
        shelf.is_active = True
        shelf.health.activate(now_ms)
        for parcel in shelf.waiting.values():
            parcel.due_ms = min(parcel.due_ms, now_ms)
        self._tell(shelf, ["endpoint.degraded"])
        shelf.touch(now_ms)

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

    def settles(self, turn: Turn, now_ms: int) -> bool:
        """Take the first part of a turn that was committed; tell whether there are news."""
        touched = {key: self.shelves[key] for key in (one.leased.endpoint for one in turn.outcomes)}
        before = {key: (one.health.state, one.health.warned) for key, one in touched.items()}
        self.logged.update(one.leased.lease_id for one in turn.outcomes if judging.is_logged(one))
        valid = [one for one in turn.outcomes if self._held(one.leased)]
        late = [one.leased for one in turn.outcomes if one not in valid]
        late += [one for one in turn.unsent if not self._held(one)]
        self.fenced += len(late)
        for leased in late:
            is_taken = any(parcel.lease is not None for parcel in self._parcels(leased))
            is_given_back = leased in turn.unsent
            what = "a late lease" if is_given_back else "a late answer"
            self.reached[f"{what} that another held" if is_taken else f"{what}, told again"] += 1
        for outcome in sorted(valid, key=lambda one: one.ended_at_ms):
            self._hear(outcome)
        for outcome in valid:
            self._settle(outcome)
        for leased in turn.unsent:
            for parcel in self._held(leased):
                parcel.lease = None
                self.reached["given back unsent"] += 1
            self.shelves[leased.endpoint].touch(now_ms)
        has_news = False
        for key, shelf in touched.items():
            state, warned = before[key]
            names = news(state, warned is not None, shelf.health)
            self._tell(shelf, names)
            has_news = has_news or bool(names)
            if shelf.health.state == "disabled" != state:
                shelf.is_active = False
                must(warned is not None, "nobody is disabled without a warning", shelf)
            shelf.touch(now_ms)
        return has_news

    def leases(self, worker: int, turn: Turn, leased: Sequence[Leased], known_ms: int) -> None:
        """Take the second part of a turn: what it leased, and when the worker knew."""
        holds: list[Hold] = []
        unwell: Counter[int] = Counter()
        for one in leased:
            must(one.until_ms == turn.until_ms, "a lease ends when it was asked to", one.until_ms)
            shelf = self.shelves[one.endpoint]
            if shelf.health.state != "healthy":
                unwell[shelf.number] += 1
                must(unwell[shelf.number] == 1, "who is not well is sent one at a time", shelf)
                self.reached[f"leased while {shelf.health.state}"] += 1
            parcels = self._parcels(one)
            self._may_be_leased(shelf, one, parcels, turn.now_ms)
            leasing.is_in_order(parcels, holds, self.reached)
            hold = Hold(
                one.lease_id, worker, parcels, one.until_ms, known_ms, shelf.health.state,
                shelf.health.is_spotless, one.number,
            )  # fmt: skip
            holds.append(hold)
            self._hold(hold, one.request_id, one.sequence, turn.now_ms)

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
            health = parcels[0].place.health
            hold = Hold(
                lease_id, NOBODY, tuple(parcels), turn.until_ms, turn.now_ms, health.state,
                health.is_spotless, parcels[0].tries + 1, is_lost=True,
            )  # fmt: skip
            self._hold(hold, request, sequence, turn.now_ms)
            self.reached["leased and never heard of it"] += 1

    def starts(self, worker: int, sent: Sent, request: Request, now_ms: int) -> list[Parcel]:
        """Take a request that reaches its receiver; give what is in it."""
        leased = sent.leased
        shelf, hold = self.shelves[leased.endpoint], self.holds[leased.lease_id]
        sending.is_held(hold, worker, now_ms)
        sending.is_in_its_lane(shelf, hold, leased.request_id, now_ms)
        sending.is_in_order(hold, now_ms)
        sending.reads(shelf, hold, leased, request)
        ends_ms = now_ms + sending.timeout_ms(hold)
        shelf.flights[hold.id] = Flight(hold, leased.request_id, hold.parcels[0].key, ends_ms)
        return list(hold.parcels)

    def hears(self, worker: int, sent: Sent, status: int | None) -> None:
        """Take it that a worker hears an answer."""
        shelf = self.shelves[sent.leased.endpoint]
        shelf.flights.pop(sent.leased.lease_id, None)
        if judging.is_received(status):
            for parcel in self._held(sent.leased):
                parcel.heard_by = worker

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

    def _tell(self, shelf: Shelf, names: Sequence[str]) -> None:
        for name in names:
            shelf.news.append((name, len(shelf.news) + 1))
            self.reached[name] += 1

    def _parcels(self, leased: Leased) -> tuple[Parcel, ...]:
        return tuple(self.parcels[id_] for id_ in leased.delivery_ids)

    def _held(self, leased: Leased) -> list[Parcel]:
        """Give what is still held by a lease."""
        return [
            one for one in self._parcels(leased) if one.lease and one.lease.id == leased.lease_id
        ]

    def _hear(self, outcome: Outcome) -> None:
        status, hold = outcome.status_code, self.holds[outcome.leased.lease_id]
        if judging.is_received(status) and hold.is_spotless:
            return  # of no news when it was leased
        self.shelves[outcome.leased.endpoint].health.hear(
            outcome.started_at_ms, outcome.ended_at_ms, status, outcome.retry_after_seconds
        )

    def _settle(self, outcome: Outcome) -> None:
        shelf, hold = self.shelves[outcome.leased.endpoint], self.holds[outcome.leased.lease_id]
        judging.is_judged_rightly(hold, outcome, self.reached)
        for parcel in self._held(outcome.leased):
            judging.settle(parcel, hold, outcome)
            if parcel.status != "pending":
                del shelf.waiting[parcel.id]
                self.reached["given up"] += parcel.status == "failed"

    def _may_be_leased(
        self, shelf: Shelf, leased: Leased, parcels: tuple[Parcel, ...], now_ms: int
    ) -> None:
        leasing.is_allowed(shelf, leased, parcels, now_ms)
        if parcels[0].request is None:
            leasing.is_a_new_request(shelf, leased, parcels, now_ms, self.reached)
        self.reached["leased again after a lease ran out"] += parcels[0].lease is not None

    def _hold(self, hold: Hold, request: str, sequence: int, now_ms: int) -> None:
        shelf = hold.parcels[0].place
        leasing.is_numbered(shelf, request, tuple(one.fact for one in hold.parcels), sequence)
        self.holds[hold.id] = hold
        shelf.hold(hold, request, sequence, now_ms)
        leasing.is_within_rate(shelf, self.reached)
