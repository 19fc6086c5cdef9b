"""A database that fails, is slow, or takes a worker with it, now and then."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from random import Random

from stampbook.store.backend import (
    Backend,
    BusyError,
    ClashError,
    CommitUnknownError,
    Dialect,
    UnavailableError,
    Unit,
)


class Crash(BaseException):
    """A worker is no more."""


class FaultyBackend:
    """A real backend whose transactions now and then end in another way.

    Shapes: `intrude` is called where another worker may come in between; `is_committed` tells of
    the last transaction.
    """

    def __init__(
        self,
        inner: Backend,
        dice: Random,
        *,
        fault_rate: float,
        intrusion_rate: float,
        intrude: Callable[[], None],
    ) -> None:
        self._inner = inner
        self._dice = dice
        self._fault_rate = fault_rate
        self._intrusion_rate = intrusion_rate
        self._intrude = intrude
        self.is_calm = False
        self.is_committed = False

    @property
    def dialect(self) -> Dialect:
        return self._inner.dialect

    @contextmanager
    def transaction(self, *, waits: bool = True) -> Generator[Unit]:
        self.is_committed = False
        if not (waits or self.is_calm) and self._dice.random() < self._fault_rate:
            raise BusyError("another is writing")
        if self._dice.random() < self._intrusion_rate:
            self._intrude()
        fault = self._fault()
        if fault == "clash":
            raise ClashError("another was in the way")
        with self._inner.transaction() as unit:
            yield unit
            if fault == "crash before":
                raise Crash
        self.is_committed = True
        if fault == "unknown":
            raise CommitUnknownError(None)
        if fault == "crash after":
            raise Crash

    @contextmanager
    def read(self) -> Generator[Unit]:
        if self._fault() == "clash":
            raise UnavailableError("there is no reading now")
        with self._inner.read() as unit:
            yield unit

    def alone(self, name: str) -> AbstractContextManager[bool]:
        return self._inner.alone(name)

    def was_committed(self, number: int) -> bool | None:
        return self._inner.was_committed(number)

    def forget(self) -> None:
        self._inner.forget()

    def close(self) -> None:
        self._inner.close()

    def _fault(self) -> str:
        if self.is_calm or self._dice.random() >= self._fault_rate:
            return ""
        return self._dice.choice(("clash", "crash before", "unknown", "crash after"))
