"""A play: real workers, lanes and store, simulated time and receivers, and a model that watches.

One thing happens at a time, in an order that the seed decides. A worker's step runs to its end,
but for its transactions: in front of one, time may pass and another worker may take its turn.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, cast

from msgspec.structs import replace

from stampbook.core.health import activated
from stampbook.core.lease import EndpointKey, Leased, Turn, order_key_of
from stampbook.delivery.call import Request, Response
from stampbook.delivery.queue import Deal
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.delivery.sender import Sender
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.dialects import example_of
from stampbook.facts import catalogue
from stampbook.store.backend import POSITION_BITS, Backend, StoreError, Unit
from stampbook.store.deliveries import Deliveries
from stampbook.store.endpoints import Endpoint, add_endpoint
from stampbook.store.lanes import read_lane, save_lanes
from stampbook.store.opening import POSITION, PROGRAM
from stampbook.store.save import DELIVERY, FACT
from stampbook.store.subscriptions import ENDPOINTS, subscribers, subscription
from stampbook.values.ids import CommandIds, EndpointId, FactId, ProgramId
from stampbook.values.instants import from_ms
from stampbook.values.json import decode, encode_text
from tests.delivery.simulated.clock import BEGIN_MS, US_PER_MS, US_PER_SECOND, Clock, us_of
from tests.delivery.simulated.faults import Crash, FaultyBackend
from tests.delivery.simulated.naive import NEVER, BrokenPromiseError, Naive, Parcel, Shelf, must
from tests.delivery.simulated.receivers import Receivers, SimulatedSender
from tests.delivery.simulated.script import Happening, Place, Script, Trouble
from tests.delivery.stage import a_secret

SHOP = ProgramId("a" * 24)
MASTER_KEY = new_master_key()
VAULT = Vault([MASTER_KEY])
POLL_US = US_PER_SECOND // 10
STEPS_AT_ONCE_MAX = 500
"""A worker that takes more steps at one instant goes round in circles."""
COMPARED_EVERY = 40
"""Turns between two comparisons of everything that is stored."""
INTRUSION_MS_MAX = 3_000

UNDELIVERED_ROWS = (
    "SELECT id, lease_id, request_id, sequence FROM delivery "
    "WHERE program_id = ? AND status = 'pending' AND lease_id IS NOT NULL ORDER BY position"
)
ROWS = (
    "SELECT id, status, attempts, due_at_ms, lease_id, request_id, sequence "
    "FROM delivery WHERE program_id = ?"
)
NEWS = (
    "SELECT id, type, member, sequence, position, recorded_at_ms, cause FROM fact "
    "WHERE program_id = ? AND type LIKE 'endpoint.%' AND position > ? ORDER BY position"
)
DELIVERIES_OF = (
    "SELECT id, endpoint_id, due_at_ms, order_key FROM delivery "
    "WHERE program_id = ? AND fact_id = ? ORDER BY endpoint_id"
)


@dataclass(slots=True)
class Hand:
    """A worker of the play; `life` tells one from the one that took its place."""

    number: int
    life: int
    worker: Worker
    sender: SimulatedSender
    backend: FaultyBackend
    away_until_us: int = 0
    is_busy: bool = False
    """Whether it is in the middle of a step."""

    def wakes_us(self, may_move_us: int) -> int:
        """Give when it is to take its next step: polls that would find nothing are left out."""
        due_us, worker = self.sender.due_us, self.worker
        only_polls = not (worker._finished or worker._unsent or worker._lanes.on_deck)
        if only_polls and due_us < may_move_us and due_us == self.sender.until_us:
            due_us += -(-(may_move_us - due_us) // POLL_US) * POLL_US
            due_us = min(due_us, self.sender.answers_us)
        return max(due_us, self.away_until_us)


class Watched:
    """A worker's queue, and the model beside it."""

    def __init__(self, play: "Play", life: int, backend: FaultyBackend, queue: Deliveries) -> None:
        self._play = play
        self._life = life
        self._backend = backend
        self._queue = queue

    def turn(self, turn: Turn, deal: Deal) -> list[Leased]:
        self._backend.is_committed = False
        try:
            leased = self._queue.turn(turn, deal)
        except (StoreError, Crash) as fault:
            kind = type(fault).__name__
            self._play.naive.reached[f"{kind}, committed {self._backend.is_committed}"] += 1
            self._play.disturb()
            if self._backend.is_committed:
                self._play.commits(self._life, turn, None)
            raise
        if self._backend.is_committed:
            self._play.commits(self._life, turn, leased)
        return leased


class Play:
    """One play of a script on a database with the schema."""

    def __init__(self, script: Script, backend: Backend) -> None:
        self.script = script
        self.backend = backend
        self.clock = Clock()
        self._dice = Random(f"play {script.seed}")
        self._ids = CommandIds(1)
        self._lives = 0
        self._turns = 0
        self._news_position = 0
        self._fact_numbers: dict[str, int] = {}
        self._receivers = Receivers(script.seed, script.places)
        with backend.transaction() as unit:
            unit.run(
                "INSERT INTO program (id, name, clock, version, created_at_ms)"
                " VALUES (?, 'Shop', 'real', 1, ?)",
                (SHOP, BEGIN_MS),
            )
            keys = [self._add(unit, number, place) for number, place in enumerate(script.places)]
        self.naive = Naive(
            Shelf(key, number, place)
            for number, (key, place) in enumerate(zip(keys, script.places, strict=True))
        )
        self._keys = keys
        self._happenings = list(reversed(script.happenings))
        self._troubles = list(reversed(script.troubles))
        self.hands: list[Hand] = [self._hire(number) for number in range(script.workers)]

    @property
    def reached(self) -> Counter[str]:
        return self.naive.reached

    @property
    def now_ms(self) -> int:
        return self.clock.now_ms()

    def run(self) -> None:
        """Play to the end, and compare what is left with what was promised."""
        try:
            self._pass_time(self.script.ends_at_ms * US_PER_MS)
            self._compare()
            self._is_complete()
        except BrokenPromiseError as broken:
            broken.add_note(f"at {self.clock.elapsed():.3f} s of the play")
            raise

    # --- what the world does

    def _pass_time(self, until_us: int, besides: Hand | None = None) -> None:
        """Let everything happen that happens until an instant; one of the workers looks on."""
        steps = 0
        while True:
            at_us, hand = self._next(besides)
            if at_us > until_us:
                break
            steps = steps + 1 if at_us <= self.clock.now_us else 0
            must(steps < STEPS_AT_ONCE_MAX, "nobody goes round in circles", steps)
            self._move_to(at_us)
            if hand is None:
                self._let_happen(at_us)
            else:
                self._step(hand)
        self._move_to(until_us)

    def _next(self, besides: Hand | None) -> tuple[int, Hand | None]:
        may_move = self.naive.may_move_ms(self.now_ms)
        may_move_us = NEVER if may_move == NEVER else us_of(may_move)
        soonest: tuple[int, Hand | None] = (NEVER, None)
        for waiting in (self._happenings, self._troubles):
            if waiting:
                soonest = min(soonest, (waiting[-1].at_ms * US_PER_MS, None), key=lambda s: s[0])
        hands = [hand for hand in self.hands if hand is not besides and not hand.is_busy]
        self._dice.shuffle(hands)
        for hand in hands:
            soonest = min(soonest, (hand.wakes_us(may_move_us), hand), key=lambda s: s[0])
        return soonest

    def _move_to(self, at_us: int) -> None:
        if at_us <= self.clock.now_us:
            return
        before_us, self.clock.now_us = self.clock.now_us, at_us
        if all(hand.away_until_us > before_us or hand.is_busy for hand in self.hands):
            self.disturb()
        self.naive.nobody_starves(self.now_ms)

    def disturb(self) -> None:
        """Remember that just now nobody could be expected to work."""
        self.naive.disturbed_ms = self.now_ms

    def _let_happen(self, at_us: int) -> None:
        if self._happenings and self._happenings[-1].at_ms * US_PER_MS <= at_us:
            happening = self._happenings.pop()
            self._happens(happening)
            if happening.is_announced and self.hands:
                self._dice.choice(self.hands).worker.wake()
        elif self._troubles:
            self._befalls(self._troubles.pop())

    def _befalls(self, trouble: Trouble) -> None:
        if trouble.kind == "activate":
            self._activate()
            return
        hand = self.hands[trouble.worker]
        if hand.is_busy or hand.away_until_us > self.clock.now_us:
            return
        self.reached[trouble.kind] += 1
        away_until_us = self.clock.now_us + trouble.lasts_ms * US_PER_MS
        match trouble.kind:
            case "crash":
                self._replace(hand, away_until_us)
            case "stall":
                hand.away_until_us = away_until_us
            case _:
                self._leave(hand, trouble.lasts_ms)

    def _leave(self, hand: Hand, lasts_ms: int) -> None:
        """Let a worker end as it does when its process is stopped, with or without a grace."""
        grace_seconds = 0.0 if lasts_ms % 2 else 5.0
        hand.worker.stop()
        hand.is_busy = True
        hand.sender.pass_time = lambda until_us: self._pass_time(until_us, besides=hand)
        try:
            hand.worker.run(grace_seconds)
        except Crash:
            pass
        self._replace(hand, self.clock.now_us + lasts_ms * US_PER_MS)

    def _replace(self, hand: Hand, starts_us: int) -> None:
        self.naive.has_crashed(hand.life)
        self.hands[hand.number] = self._hire(hand.number)
        self.hands[hand.number].away_until_us = starts_us

    def _hire(self, number: int) -> Hand:
        self._lives += 1
        life = self._lives
        backend = FaultyBackend(
            self.backend,
            Random(f"faults {self.script.seed} {life}"),
            fault_rate=self.script.fault_rate,
            intrusion_rate=self.script.intrusion_rate,
            intrude=lambda: self._intrude(life),
        )
        ids = CommandIds(100 + life)

        def new_id() -> str:
            return ids.take(self.now_ms)

        sender = SimulatedSender(self.clock, Switchboard(self, life))
        worker = Worker(
            queue=Watched(self, life, backend, Deliveries(backend, new_id)),
            sender=cast("Sender[Sent]", sender),
            vault=VAULT,
            world=World(
                now_ms=self.clock.now_ms,
                fraction=Random(f"fraction {self.script.seed} {life}").random,
                elapsed=self.clock.elapsed,
            ),
        )
        return Hand(number, life, worker, sender, backend)

    def _step(self, hand: Hand) -> None:
        hand.is_busy = True
        hand.backend.is_calm = self.clock.now_us > self.script.calm_at_ms * US_PER_MS
        try:
            hand.worker._step()
        except Crash:
            lasts_ms = self._dice.randint(50, 90_000)
            self._replace(hand, self.clock.now_us + lasts_ms * US_PER_MS)
        hand.is_busy = False

    def _intrude(self, life: int) -> None:
        """Let time pass and others work in front of a transaction."""
        hand = next(hand for hand in self.hands if hand.life == life)
        lasts_us = self._dice.choice((0, self._dice.randint(0, INTRUSION_MS_MAX) * US_PER_MS))
        others = [one for one in self.hands if one is not hand and not one.is_busy]
        for other in others:
            if other.away_until_us <= self.clock.now_us:
                self._step(other)
        self.reached["another came in between"] += len(others)
        self._pass_time(self.clock.now_us + lasts_us, besides=hand)
        self.disturb()

    # --- what is stored

    def _add(self, unit: Unit, number: int, place: Place) -> EndpointKey:
        key = EndpointKey(SHOP, EndpointId(self._ids.take(BEGIN_MS)))
        endpoint = Endpoint(
            id=key.endpoint_id,
            url=f"https://receiver.example/{number}",
            dialect=place.dialect,
            event_types=(),
            secrets=VAULT.seal([a_secret()]),
            batch_size=place.batch_size,
            status="active",
            created_at=from_ms(BEGIN_MS),
            updated_at=from_ms(BEGIN_MS),
            description="",
            only_with=place.only_with,
            ordering=place.ordering,
            batch_wait_ms=place.batch_wait_ms,
            conduct=place.conduct,
        )
        add_endpoint(unit, SHOP, endpoint, BEGIN_MS)
        return key

    def _happens(self, happening: Happening) -> None:
        """Store a fact with its deliveries, as the engine does."""
        fact_id, member = self._ids.take(self.now_ms), f"{happening.member:024}"
        number = len(self._fact_numbers)
        self._fact_numbers[fact_id] = number
        kind = catalogue()[happening.fact_type]
        example = example_of(kind, FactId(fact_id))
        data: Any = decode(example.body, kind.data)
        body = replace(data, sequence=number, cause=happening.cause)
        if not happening.has_email:
            body = replace(body, member=replace(body.member, email_address=None))
        with self.backend.transaction() as unit:
            [[(_, _, epoch)], [(last,)], endpoints] = unit.gather(
                [
                    (PROGRAM, (SHOP,)),
                    (POSITION, (SHOP, unit.number, SHOP)),
                    (ENDPOINTS, (SHOP,)),
                ]
            )
            position = ((unit.number + epoch) << POSITION_BITS if last is None else last) + 1
            due = subscribers([subscription(*row) for row in endpoints], happening.fact_type)
            ids = [self._ids.take(self.now_ms) for _ in due]
            unit.insert("fact", FACT, [(
                SHOP, fact_id, position, happening.fact_type, member, number, self.now_ms,
                self.now_ms, happening.cause, len(due), encode_text(body),
            )])  # fmt: skip
            unit.insert("delivery", DELIVERY, [(
                SHOP, id_, one.endpoint_id, fact_id, happening.fact_type, happening.cause,
                position, "pending", self.now_ms + one.batch_wait_ms, 0,
                order_key_of(one.ordering, member),
            ) for id_, one in zip(ids, due, strict=True)])  # fmt: skip
        for id_, one in zip(ids, due, strict=True):
            shelf = self.naive.shelves[EndpointKey(SHOP, one.endpoint_id)]
            self.naive.is_due(Parcel(
                id=id_, place=shelf, fact=fact_id, fact_type=happening.fact_type,
                cause=happening.cause, position=position,
                key={"none": None, "member": member, "endpoint": ""}[shelf.wishes.ordering],
                has_email=happening.has_email, recorded_ms=self.now_ms,
                due_ms=self.now_ms + shelf.wishes.batch_wait_ms,
            ))  # fmt: skip

    def _activate(self) -> None:
        for shelf in self.naive.shelves.values():
            if shelf.is_active:
                continue
            with self.backend.transaction() as unit:
                unit.run("UPDATE endpoint SET status = 'active' WHERE id = ?", shelf.key[1:])
                lane = read_lane(unit, shelf.key)
                lane = replace(lane, health=activated(lane.health, self.now_ms))
                save_lanes(unit, [(shelf.key, lane, shelf.wishes.conduct)])
            self.naive.is_activated(shelf, self.now_ms)
            self.reached["activated"] += 1

    # --- what the workers do

    def commits(self, life: int, turn: Turn, leased: Sequence[Leased] | None) -> None:
        """Show the model a turn that was committed; None where its answer was lost."""
        with_news = self.naive.settles(turn, self.now_ms)
        if with_news:
            self._read_news()
        if leased is None:
            with self.backend.read() as unit:
                rows = unit.rows(UNDELIVERED_ROWS, (SHOP,))
            self.naive.leases_unseen(rows, turn)
        else:
            self.naive.leases(life, turn, leased)
        self._turns += 1
        if self._turns % COMPARED_EVERY == 0:
            self._compare()

    def delivers(self, life: int, sent: Sent, request: Request) -> Response:
        """Bring a request to its receiver."""
        parcels = self.naive.starts(life, sent, request, self.now_ms)
        shelf = parcels[0].place
        facts = [self._fact_numbers.get(parcel.fact, 0) for parcel in parcels]
        response = self._receivers.answer(shelf.number, self.clock.now_us // US_PER_MS, facts)
        if response.status_code is not None and 200 <= response.status_code < 300:
            for parcel in parcels:
                parcel.is_accepted = True
        return response

    def _read_news(self) -> None:
        """Take the facts that were told about endpoints, with their deliveries."""
        with self.backend.read() as unit:
            for id_, name, about, sequence, position, recorded, cause in unit.rows(
                NEWS, (SHOP, self._news_position)
            ):
                self._news_position = position
                shelf = self.naive.shelves[EndpointKey(SHOP, about)]
                told = (name, sequence)
                must(told in shelf.news, "only what happened is told", told, shelf.news)
                due = unit.rows(DELIVERIES_OF, (SHOP, id_))
                self._is_told_to_all(about, [row[1] for row in due])
                for delivery_id, endpoint_id, due_ms, key in due:
                    to = self.naive.shelves[EndpointKey(SHOP, endpoint_id)]
                    self.naive.is_due(Parcel(
                        id=delivery_id, place=to, fact=id_, fact_type=name, cause=cause,
                        position=position, key=key, has_email=False, recorded_ms=recorded,
                        due_ms=due_ms,
                    ))  # fmt: skip

    def _is_told_to_all(self, about: str, told: Sequence[str]) -> None:
        """See that every endpoint that can be told is told, and not the one that it is about."""
        must(about not in told, "nobody is told of themselves", about)
        for key, shelf in self.naive.shelves.items():
            if shelf.wishes.dialect == "native" and shelf.is_active and key.endpoint_id != about:
                must(key.endpoint_id in told, "everybody else is told", about, shelf)

    # --- what is left

    def _compare(self) -> None:
        """Compare all that is stored with the model."""
        with self.backend.read() as unit:
            rows = unit.rows(ROWS, (SHOP,))
            lanes = {key: read_lane(unit, key) for key in self._keys}
        must(len(rows) == len(self.naive.parcels), "every delivery is kept", len(rows))
        for id_, *stored in rows:
            parcel = self.naive.parcels[id_]
            if parcel.status == "skipped":
                must(stored[0] in {"pending", "skipped"}, "it is left out", parcel, stored)
                continue
            lease_id = parcel.lease.id if parcel.lease else None
            known = [parcel.status, parcel.tries, parcel.due_ms, lease_id, parcel.request,
                     parcel.sequence]  # fmt: skip
            must(stored == known, "what is stored is what was done", parcel, stored, known)
        for key, lane in lanes.items():
            shelf, health = self.naive.shelves[key], lane.health
            mine = shelf.health
            stored = [health.state, health.pause_until_ms, health.failures, health.warned_at_ms,
                      lane.sequence, lane.facts]  # fmt: skip
            known = [mine.state, mine.pause_until, mine.row, mine.warned, shelf.sequence,
                     shelf.told]  # fmt: skip
            must(stored == known, "health is what the answers make of it", shelf, stored, known)

    def _is_complete(self) -> None:
        """See that nothing was lost."""
        for shelf in self.naive.shelves.values():
            is_stuck = shelf.health.state != "healthy" or shelf.wishes.conduct.when_stuck == "wait"
            must(is_stuck or not shelf.waiting, "nothing is left behind", shelf, shelf.waiting)
            for parcel in shelf.parcels:
                if parcel.status == "failed":
                    tries = len(shelf.wishes.conduct.retry_delays_seconds) + 1
                    must(parcel.tries == tries, "a failure has used all its tries", parcel)
            self._has_no_gap(shelf)
        with self.backend.read() as unit:
            logged = {row[0] for row in unit.rows("SELECT id FROM attempt")}
            told = unit.rows(NEWS, (SHOP, 0))
        must(logged == self.naive.logged, "every try is logged once", logged ^ self.naive.logged)
        for shelf in self.naive.shelves.values():
            about = shelf.key.endpoint_id
            stored = [(name, sequence) for _, name, of, sequence, *_ in told if of == about]
            must(stored == shelf.news, "each change is told once", stored, shelf.news)
        self.reached.update(f"ends {one.status}" for one in self.naive.parcels.values())
        self.reached.update(one.health.state for one in self.naive.shelves.values())

    def _has_no_gap(self, shelf: Shelf) -> None:
        """See that a receiver was sent every number up to the last, but for what still waits."""
        received = {int(sequence) for _, sequence in shelf.letters.values()}
        unsent = {one.sequence for one in shelf.waiting.values() if one.sequence is not None}
        missing = set(range(1, shelf.sequence + 1)) - received - unsent
        must(not missing, "sequences have no gap at the receiver", shelf, missing)


class Switchboard:
    """Tells the play what a worker's sender does."""

    def __init__(self, play: Play, life: int) -> None:
        self._play = play
        self._life = life

    def delivers(self, sent: Sent, request: Request) -> Response:
        return self._play.delivers(self._life, sent, request)

    def hears(self, sent: Sent, response: Response) -> None:
        self._play.naive.hears(self._life, sent, response.status_code)
