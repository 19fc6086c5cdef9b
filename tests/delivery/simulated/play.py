"""A play: real workers, lanes and store, simulated time and receivers, and a model that watches.

One thing happens at a time, in an order that the seed decides. A worker's step runs to its end,
but for its transactions: in front of one, time may pass and another worker may take its turn.
"""

import contextlib
from collections import Counter
from collections.abc import Sequence
from random import Random

from stampbook.core.lease import Leased, Turn
from stampbook.delivery.call import Request, Response
from stampbook.delivery.worker import Sent
from stampbook.store.backend import Backend
from tests.delivery.simulated.clock import US_PER_MS, Clock, us_of
from tests.delivery.simulated.comparing import compare, is_complete
from tests.delivery.simulated.faults import Crash
from tests.delivery.simulated.hand import Hand, hire
from tests.delivery.simulated.judging import is_received
from tests.delivery.simulated.naive import Naive
from tests.delivery.simulated.promise import BrokenPromiseError, must
from tests.delivery.simulated.receivers import Receivers
from tests.delivery.simulated.script import Script, Trouble
from tests.delivery.simulated.shelf import NEVER
from tests.delivery.simulated.shop import SHOP, Shop

STEPS_AT_ONCE_MAX = 500
"""A worker that takes more steps at one instant goes round in circles."""
COMPARED_EVERY = 40
"""Turns between two comparisons of everything that is stored."""
INTRUSION_MS_MAX = 3_000

UNDELIVERED_ROWS = (
    "SELECT id, lease_id, request_id, sequence FROM delivery "
    "WHERE program_id = ? AND status = 'pending' AND lease_id IS NOT NULL ORDER BY position"
)


class Play:
    """One play of a script on a database with the schema."""

    def __init__(self, script: Script, backend: Backend) -> None:
        self.script = script
        self.backend = backend
        self.clock = Clock()
        self._dice = Random(f"play {script.seed}")
        self._lives = 0
        self._turns = 0
        self._receivers = Receivers(script.seed, script.places)
        self._shop = Shop(backend, self.clock, script.places)
        self.naive = Naive(self._shop.shelves.values())
        self._happenings = list(reversed(script.happenings))
        self._troubles = list(reversed(script.troubles))
        self._hands = [self._hire(number) for number in range(script.workers)]

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
            is_complete(self.backend, self.naive, self.now_ms)
        except BrokenPromiseError as broken:
            broken.add_note(f"at {self.clock.elapsed():.3f} s of the play")
            raise

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
        hands = [hand for hand in self._hands if hand is not besides and not hand.is_busy]
        self._dice.shuffle(hands)
        for hand in hands:
            soonest = min(soonest, (hand.wakes_us(may_move_us), hand), key=lambda s: s[0])
        return soonest

    def _move_to(self, at_us: int) -> None:
        if at_us <= self.clock.now_us:
            return
        before_us, self.clock.now_us = self.clock.now_us, at_us
        if all(hand.away_until_us > before_us or hand.is_busy for hand in self._hands):
            self._is_disturbed()
        self.naive.nobody_starves(self.now_ms)

    def _is_disturbed(self) -> None:
        """Remember that just now nobody could be expected to work."""
        self.naive.disturbed_ms = self.now_ms

    def _let_happen(self, at_us: int) -> None:
        if self._happenings and self._happenings[-1].at_ms * US_PER_MS <= at_us:
            happening = self._happenings.pop()
            for parcel in self._shop.happens(happening):
                self.naive.is_due(parcel)
            if happening.is_announced and self._hands:
                self._dice.choice(self._hands).worker.wake()
        elif self._troubles:
            self._befalls(self._troubles.pop())

    def _befalls(self, trouble: Trouble) -> None:
        if trouble.kind == "activate":
            self._activate()
            return
        hand = self._hands[trouble.worker]
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
        with contextlib.suppress(Crash):
            hand.worker.run(grace_seconds)
        self._replace(hand, self.clock.now_us + lasts_ms * US_PER_MS)

    def _replace(self, hand: Hand, starts_us: int) -> None:
        self.naive.has_crashed(hand.life)
        self._hands[hand.number] = self._hire(hand.number)
        self._hands[hand.number].away_until_us = starts_us

    def _hire(self, number: int) -> Hand:
        self._lives += 1
        return hire(self, number, self._lives)

    def _step(self, hand: Hand) -> None:
        hand.is_busy = True
        hand.backend.is_calm = self.clock.now_us > self.script.calm_at_ms * US_PER_MS
        try:
            hand.worker._step()
        except Crash:
            lasts_ms = self._dice.randint(50, 90_000)
            self._replace(hand, self.clock.now_us + lasts_ms * US_PER_MS)
        hand.is_busy = False

    def intrude(self, life: int) -> None:
        """Let time pass and others work in front of a transaction."""
        hand = next(hand for hand in self._hands if hand.life == life)
        lasts_us = self._dice.choice((0, self._dice.randint(0, INTRUSION_MS_MAX) * US_PER_MS))
        others = [one for one in self._hands if one is not hand and not one.is_busy]
        for other in others:
            if other.away_until_us <= self.clock.now_us:
                self._step(other)
        self.reached["another came in between"] += len(others)
        self._pass_time(self.clock.now_us + lasts_us, besides=hand)
        self._is_disturbed()

    def disturb(self, fault: BaseException, *, is_committed: bool) -> None:
        """Note that the store was in a worker's way."""
        committed = "after" if is_committed else "before"
        self.reached[f"{type(fault).__name__} {committed} the commit"] += 1
        self._is_disturbed()

    def commits(self, life: int, turn: Turn, leased: Sequence[Leased] | None) -> None:
        """Show the model a turn that was committed; None where its answer was lost."""
        fenced = self.naive.fenced
        if self.naive.settles(turn, self.now_ms):
            self._take_news()
        if leased is None:
            with self.backend.read() as unit:
                rows = unit.rows(UNDELIVERED_ROWS, (SHOP,))
            self.naive.leases_unseen(rows, turn)
        else:
            self.naive.leases(life, turn, leased, self.now_ms)
        self._turns += 1
        if self._turns % COMPARED_EVERY == 0 or self.naive.fenced > fenced:
            compare(self.backend, self.naive)

    def delivers(self, life: int, sent: Sent, request: Request) -> Response:
        """Bring a request to its receiver."""
        parcels = self.naive.starts(life, sent, request, self.now_ms)
        shelf = parcels[0].place
        has_poison = any(parcel.is_poison for parcel in parcels)
        at_ms = self.clock.now_us // US_PER_MS
        response = self._receivers.answer(shelf.number, at_ms, has_poison=has_poison)
        if is_received(response.status_code):
            for parcel in parcels:
                parcel.is_accepted = True
        return response

    def hears(self, life: int, sent: Sent, response: Response) -> None:
        """Note that a worker gets an answer."""
        self.naive.hears(life, sent, response.status_code)

    def _take_news(self) -> None:
        for parcel in self._shop.news():
            self.naive.is_due(parcel)

    def _activate(self) -> None:
        for shelf in self.naive.shelves.values():
            if not shelf.is_active:
                self._shop.activate(shelf)
                self.naive.is_activated(shelf, self.now_ms)
                self._take_news()
