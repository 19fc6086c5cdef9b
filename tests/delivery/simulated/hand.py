"""A worker of a play: a real one, whose store, sender, time and chance are the play's."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from stampbook.core.lease import Leased, Turn
from stampbook.delivery.call import Request, Response
from stampbook.delivery.queue import Deal
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.store.backend import Backend, StoreError
from stampbook.store.deliveries import Deliveries
from stampbook.values.ids import CommandIds
from tests.delivery.simulated.clock import US_PER_SECOND, Clock
from tests.delivery.simulated.faults import Crash, FaultyBackend
from tests.delivery.simulated.receivers import SimulatedSender
from tests.delivery.simulated.script import Script
from tests.delivery.simulated.shop import VAULT

POLL_US = US_PER_SECOND // 10


class Stage(Protocol):
    """The play that a worker is in; `life` says which worker, among all that there were."""

    script: Script
    backend: Backend
    clock: Clock

    def intrude(self, life: int) -> None:
        """Let others come in between."""
        ...

    def disturb(self, fault: BaseException, *, is_committed: bool) -> None:
        """Note that the store was in a worker's way."""
        ...

    def commits(self, life: int, turn: Turn, leased: Sequence[Leased] | None) -> None:
        """Note a turn that was committed; None where its answer was lost."""
        ...

    def delivers(self, life: int, sent: Sent, request: Request) -> Response:
        """Bring a request to its receiver, and give what will be answered."""
        ...

    def hears(self, life: int, sent: Sent, response: Response) -> None:
        """Note that an answer is handed back."""
        ...


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

    def __init__(self, stage: Stage, life: int, backend: FaultyBackend, queue: Deliveries) -> None:
        self._stage = stage
        self._life = life
        self._backend = backend
        self._queue = queue

    def turn(self, turn: Turn, deal: Deal) -> list[Leased]:
        self._backend.is_committed = False
        try:
            leased = self._queue.turn(turn, deal)
        except (StoreError, Crash) as fault:
            self._stage.disturb(fault, is_committed=self._backend.is_committed)
            if self._backend.is_committed:
                self._stage.commits(self._life, turn, None)
            raise
        if self._backend.is_committed:
            self._stage.commits(self._life, turn, leased)
        return leased


class Switchboard:
    """Tells the play what a worker's sender does."""

    def __init__(self, stage: Stage, life: int) -> None:
        self._stage = stage
        self._life = life

    def delivers(self, sent: Sent, request: Request) -> Response:
        return self._stage.delivers(self._life, sent, request)

    def hears(self, sent: Sent, response: Response) -> None:
        self._stage.hears(self._life, sent, response)


def hire(stage: Stage, number: int, life: int) -> Hand:
    """Give a new worker."""
    script, clock, ids = stage.script, stage.clock, CommandIds(100 + life)
    backend = FaultyBackend(
        stage.backend,
        Random(f"faults {script.seed} {life}"),
        fault_rate=script.fault_rate,
        intrusion_rate=script.intrusion_rate,
        intrude=lambda: stage.intrude(life),
    )
    sender = SimulatedSender(clock, Switchboard(stage, life))
    worker = Worker(
        queue=Watched(stage, life, backend, Deliveries(backend, lambda: ids.take(clock.now_ms()))),
        sender=sender,
        vault=VAULT,
        world=World(
            now_ms=clock.now_ms,
            fraction=Random(f"fraction {script.seed} {life}").random,
            elapsed=clock.elapsed,
        ),
    )
    return Hand(number, life, worker, sender, backend)
