"""Settling: a batch is tried until every ticket has an outcome, and the poison is alone."""

import time
from collections.abc import Callable, Sequence

import structlog

from stampbook.engine.batch import BatchRun
from stampbook.engine.metrics import Metrics
from stampbook.engine.submission import Failed, Outcome, Ticket, Unavailable
from stampbook.store.backend import (
    Backend,
    BrokenError,
    ClashError,
    CommitUnknownError,
    UnavailableError,
)

TRIES_MAX = 6
"""Of a batch against others: deadlocks, serialization, keys that another writer stored first."""

UNAVAILABLE_TRIES_MAX = 2
"""The connection may be an old one; a second failure is the database's."""

PAUSE_SECONDS = 0.002
"""Before the second try; doubled with each further one."""

COMMIT_QUESTIONS_MAX = 20
COMMIT_PAUSE_SECONDS = 0.25
"""How often, and how far apart, a new connection is asked what became of a commit."""

log = structlog.get_logger()


def _nothing(_: BatchRun) -> None:
    pass


class Settling:
    """Batches being settled by one writer.

    Shapes: `start` gives a new try at some tickets; `on_stored` is given each that was stored.
    """

    def __init__(
        self,
        backend: Backend,
        start: Callable[[Sequence[Ticket]], BatchRun],
        metrics: Metrics,
        on_stored: Callable[[BatchRun], None] = _nothing,
    ) -> None:
        self._on_stored = on_stored
        self._backend = backend
        self._start = start
        self._metrics = metrics

    def settle(self, tickets: Sequence[Ticket]) -> list[Outcome]:
        """Give each ticket its outcome."""
        run = self._start(tickets)
        try:
            for number in range(TRIES_MAX):
                if number:
                    self._metrics.retries += 1
                    time.sleep(PAUSE_SECONDS * 2 ** (number - 1))
                    run = self._start(tickets)
                if self._is_stored(run, number):
                    self._metrics.facts += run.facts
                    self._metrics.deliveries += run.deliveries
                    self._on_stored(run)
                    return run.outcomes
            why: Outcome = Unavailable("other writers were in the way")
        except UnavailableError as error:
            log.warning("batch.unavailable", tickets=len(tickets), error=str(error))
            return [Unavailable("the database did not answer")] * len(tickets)
        except Exception as error:
            if len(tickets) == 1:
                log.exception("command.not_stored", command=name(tickets[0]))
            else:
                log.warning("batch.halved", tickets=len(tickets), error=repr(error))
            why = Failed("the command could not be stored and was dropped")
        if len(tickets) == 1:
            return [why]
        middle = len(tickets) // 2
        return self.settle(tickets[:middle]) + self.settle(tickets[middle:])

    def _is_stored(self, run: BatchRun, number: int) -> bool:
        """Try once; False when it is worth trying again."""
        try:
            run.run()
        except ClashError as error:
            log.info("batch.clash", error=str(error))
            return False
        except BrokenError as error:
            if not error.unique:
                raise
            log.info("batch.clash", error=str(error))
            return False
        except CommitUnknownError as error:
            return self._was_committed(error)
        except UnavailableError:
            if number + 1 >= UNAVAILABLE_TRIES_MAX:
                raise
            return False
        return True

    def _was_committed(self, error: CommitUnknownError) -> bool:
        """Ask a new connection what became of a commit.

        Errors: UnavailableError when nobody can tell in time.
        """
        if error.number is None:
            return False
        for _ in range(COMMIT_QUESTIONS_MAX):
            try:
                known = self._backend.was_committed(error.number)
            except UnavailableError:
                known = None
            if known is not None:
                return known
            time.sleep(COMMIT_PAUSE_SECONDS)
        raise error


def name(ticket: Ticket) -> str:
    """Give the verb of a ticket: what it says of a member is nothing for a log."""
    return type(ticket.submission.command).__name__
