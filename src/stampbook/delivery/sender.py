"""The sender: many calls at once in one thread, over connections that are kept and used again."""

import selectors
import socket
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pycurl

from stampbook.delivery.call import Call, Policy, Request, Response
from stampbook.delivery.lanes import IN_FLIGHT_MAX

CONNECTIONS_KEPT = 2 * IN_FLIGHT_MAX

T = TypeVar("T")


class Sender(Generic[T]):
    """Sends requests; each carries a ticket of the caller's, handed back with the answer.

    One thread owns a sender; only `wake` may be called from others.
    """

    def __init__(self, policy: Policy, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._elapsed = elapsed
        self._idle: list[Call] = []
        self._calls: dict[Any, tuple[Call, T]] = {}
        self._unsent: list[tuple[T, Response]] = []
        self._timer_at: float | None = None
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        for end in (self._bell, self._rope):
            end.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, CONNECTIONS_KEPT)

    @property
    def in_flight(self) -> int:
        """The number of requests whose answer was not handed back yet."""
        return len(self._calls) + len(self._unsent)

    def start(self, ticket: T, request: Request) -> None:
        """Begin to send a request; its answer comes out of `wait`.

        Shapes: at most IN_FLIGHT_MAX are in flight.
        """
        assert self.in_flight < IN_FLIGHT_MAX, "the sender was given more than it may hold"
        call = self._idle.pop() if self._idle else Call(self._policy)
        try:
            call.prepare(request)
        except (pycurl.error, ValueError) as refused:
            self._idle.append(call)
            error = f"not sent: {refused}"
            self._unsent.append((ticket, Response(status_code=None, error=error, duration_ms=0)))
            return
        self._calls[call.handle] = (call, ticket)
        self._multi.add_handle(call.handle)

    def wait(self, seconds: float) -> list[tuple[T, Response]]:
        """Move everything on until something finishes, `wake` is called, or the time is over.

        Shapes: the finished requests in the order of their end; possibly none.
        """
        deadline = self._elapsed() + seconds
        while True:
            self._move(0 if self._unsent else deadline - self._elapsed())
            finished = self._collect()
            if finished or self._hear_bell() or self._elapsed() >= deadline:
                return finished

    def wake(self) -> None:
        """Let a running or the next `wait` return at once; safe from any thread."""
        try:
            self._rope.send(b"!")
        except (BlockingIOError, OSError):  # the bell is ringing already, or the sender is closed
            return

    def close(self) -> None:
        """Abandon what is in flight and close every connection."""
        for call, _ in self._calls.values():
            self._multi.remove_handle(call.handle)
            call.handle.close()
        for call in self._idle:
            call.handle.close()
        self._calls.clear()
        self._idle.clear()
        self._multi.close()
        self._selector.close()
        self._bell.close()
        self._rope.close()

    def _move(self, seconds: float) -> None:
        if self._timer_at is not None:
            seconds = min(seconds, self._timer_at - self._elapsed())
        for key, events in self._selector.select(max(seconds, 0)):
            if key.fileobj is not self._bell:
                self._multi.socket_action(key.fd, _to_curl(events))
        if self._timer_at is not None and self._timer_at <= self._elapsed():
            self._timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def _collect(self) -> list[tuple[T, Response]]:
        finished, self._unsent = self._unsent, []
        while True:
            queued, succeeded, failed = self._multi.info_read()
            ended = [(handle, None, "") for handle in succeeded] + list(failed)
            for handle, code, text in ended:
                call, ticket = self._calls.pop(handle)
                finished.append((ticket, call.answer(code, text)))
                self._multi.remove_handle(handle)
                self._idle.append(call)
            if queued == 0:
                return finished

    def _hear_bell(self) -> bool:
        try:
            return bool(self._bell.recv(4096))
        except BlockingIOError:
            return False

    def _set_timer(self, milliseconds: int) -> None:
        self._timer_at = None if milliseconds < 0 else self._elapsed() + milliseconds / 1000

    def _watch(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        known = fd in self._selector.get_map()
        if what == pycurl.POLL_REMOVE:
            if known:
                self._selector.unregister(fd)
            return
        events = _from_curl(what)
        if known:
            self._selector.modify(fd, events)
        else:
            self._selector.register(fd, events)


def _from_curl(what: int) -> int:
    events = 0
    if what & pycurl.POLL_IN:
        events |= selectors.EVENT_READ
    if what & pycurl.POLL_OUT:
        events |= selectors.EVENT_WRITE
    return events


def _to_curl(events: int) -> int:
    action = 0
    if events & selectors.EVENT_READ:
        action |= pycurl.CSELECT_IN
    if events & selectors.EVENT_WRITE:
        action |= pycurl.CSELECT_OUT
    return action
