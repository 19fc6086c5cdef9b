"""The queue: bounded, in order, and handed out in batches of one program each."""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from operator import attrgetter
from threading import Condition

from stampbook.engine.submission import Ticket

WAITING_MAX = 4096
COMMANDS_PER_BATCH_MAX = 256
MEMBERS_PER_BATCH_MAX = 1000

BUSY_COMMANDS = 8
GATHER_SECONDS = 0.001
GATHERINGS_MAX = 5
"""Behind a batch of BUSY_COMMANDS the next one may wait so long for the callers of the last, and so
many times while more of them come.
Source: decisions/0011."""


class QueueFullError(Exception):
    """Too much waits, or the engine stops: come back later."""


class Queue:
    """Tickets that wait.

    Shapes: while one batch is stored, the next one gathers. Under load those who were just answered
    come back within a moment, and one batch of everybody costs much less than two of one half
    each; so they are waited for, and no timer runs for a few callers.
    """

    def __init__(
        self, waiting_max: int = WAITING_MAX, gather_seconds: float = GATHER_SECONDS
    ) -> None:
        self._waiting: deque[Ticket] = deque()
        self._changed = Condition()
        self._max = waiting_max
        self._gather_seconds = gather_seconds
        self._is_closed = False
        self._expected = 0
        """How many may soon wait: those who wait, and those who have just been answered."""
        self._enough = 1
        """How many have to wait before a writer is woken."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, ticket: Ticket) -> None:
        """Let a ticket wait.

        Errors: QueueFullError.
        """
        with self._changed:
            if self._is_closed or len(self._waiting) >= self._max:
                raise QueueFullError("the engine stops" if self._is_closed else "too much waits")
            self._waiting.append(ticket)
            if len(self._waiting) >= self._enough:
                self._changed.notify()

    def take(self) -> list[list[Ticket]]:
        """Wait for tickets and give them as batches; nothing only when the queue is closed."""
        with self._changed:
            self._gather()
            while not self._waiting and not self._is_closed:  # another writer took them
                self._gather()
            count = members = 0
            for ticket in islice(self._waiting, COMMANDS_PER_BATCH_MAX):
                members += weight(ticket)
                if count and members > MEMBERS_PER_BATCH_MAX:
                    break
                count += 1
            batches = by_program(islice(self._waiting, count))
            for _ in range(count):  # only now: what could break left everybody in the queue
                self._waiting.popleft()
            self._expected = 0
        return batches

    def expect(self, answered: int) -> None:
        """Be told, before they are answered, how many callers of a batch may soon be back."""
        with self._changed:
            self._expected = len(self._waiting) + answered if answered >= BUSY_COMMANDS else 0

    def _gather(self) -> None:
        """Wait for a ticket, and under load a moment for everybody who is about to come."""
        while not self._waiting and not self._is_closed:
            self._changed.wait()
        if self._expected:
            self._enough = min(self._expected, COMMANDS_PER_BATCH_MAX)
            came, gatherings = -1, 0
            while came < len(self._waiting) < self._enough and gatherings < GATHERINGS_MAX:
                came, gatherings = len(self._waiting), gatherings + 1
                self._changed.wait_for(self._is_full, self._gather_seconds)
            self._enough = 1

    def _is_full(self) -> bool:
        return len(self._waiting) >= self._enough or self._is_closed

    def close(self) -> None:
        """Take no more; what waits is still handed out."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def drain(self) -> list[Ticket]:
        """Take no more and give back all that waits."""
        with self._changed:
            self._is_closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        return waiting


_named_by = attrgetter(
    "members", "ids", "transactions", "orders", "coupons", "emails", "referral_codes", "referrals",
    "reviews",
)  # fmt: skip


def weight(ticket: Ticket) -> int:
    """Give how many members a ticket may lock."""
    needs = ticket.needs
    return sum(map(len, _named_by(needs))) + (needs.due.limit if needs.due else 0)


def by_program(tickets: Iterable[Ticket]) -> list[list[Ticket]]:
    """Split tickets by program; each part keeps its order."""
    parts: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        parts.setdefault(ticket.submission.program_id, []).append(ticket)
    return list(parts.values())
