"""The wire: libcurl's calls, all moved on by one thread, over connections kept and used again."""

import selectors
import socket
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pycurl

from stampbook.delivery.call import Call, Plan, Policy, Request, Response

OWNER, WORKER = b"!", b"?"
"""Who rings: somebody who wants the owner to look up, or somebody who only brings it something."""
RINGS_MAX = 4_096

T = TypeVar("T")


class Wire(Generic[T]):
    """Makes calls; each carries a tag of the owner's. One thread owns a wire, any may `ring`."""

    def __init__(
        self, policy: Policy, *, connections_kept: int, elapsed: Callable[[], float]
    ) -> None:
        self._policy = policy
        self._elapsed = elapsed
        self._idle: list[Call] = []
        self._calls: dict[Any, tuple[Call, T]] = {}
        self._timer_at: float | None = None
        self._owner_rang = False
        self._watched: dict[int, int] = {}
        self._let_go_of: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        for end in (self._bell, self._rope):
            end.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, connections_kept)

    def start(self, tag: T, request: Request, plan: Plan) -> None:
        """Begin a call.

        Errors: pycurl.error or ValueError for what libcurl does not take; there is then no call.
        """
        call = self._idle.pop() if self._idle else Call(self._policy, self._unwatch)
        try:
            call.prepare(request, plan)
        except (pycurl.error, ValueError):
            self._let_go(call)
            raise
        self._calls[call.handle] = (call, tag)
        self._multi.add_handle(call.handle)

    def move(self, seconds: float) -> list[tuple[T, Response]]:
        """Wait until something happens, and give the calls that it ended; possibly none."""
        self._serve_timer()
        ended = self._collect()
        if ended:
            seconds = 0
        elif self._timer_at is not None:
            seconds = min(seconds, self._timer_at - self._elapsed())
        self._unwatch()
        for key, events in self._selector.select(max(seconds, 0)):
            if key.fileobj is self._bell:
                self._owner_rang |= OWNER in self._bell.recv(RINGS_MAX)
            else:
                self._multi.socket_action(key.fd, _to_curl(events))
        self._serve_timer()
        return ended + self._collect()

    def ring(self, who: bytes) -> None:
        """Let a running or the next `move` return at once; safe from any thread."""
        try:
            self._rope.send(who)
        except OSError:  # the bell rings already, or the wire is closed
            return

    def hear_owner(self) -> bool:
        """Tell whether somebody rang for the owner since this was asked last."""
        rang, self._owner_rang = self._owner_rang, False
        return rang

    def close(self) -> None:
        """Abandon what is under way and close every connection."""
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

    def _collect(self) -> list[tuple[T, Response]]:
        ended: list[tuple[T, Response]] = []
        while True:
            queued, succeeded, failed = self._multi.info_read()
            ended += [self._take_off(handle, None) for handle in succeeded]
            ended += [self._take_off(handle, code) for handle, code, _ in failed]
            if queued == 0:
                return ended

    def _take_off(self, handle: Any, error_code: int | None) -> tuple[T, Response]:
        call, tag = self._calls.pop(handle)
        response = call.answer(error_code)
        self._multi.remove_handle(handle)
        self._let_go(call)
        return tag, response

    def _let_go(self, call: Call) -> None:
        if call.is_spent:
            call.handle.close()
        else:
            self._idle.append(call)

    def _serve_timer(self) -> None:
        if self._timer_at is not None and self._timer_at <= self._elapsed():
            self._timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def _set_timer(self, milliseconds: int) -> None:
        self._timer_at = None if milliseconds < 0 else self._elapsed() + milliseconds / 1000

    def _watch(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        """Watch a socket for what libcurl wants of it.

        A socket that it lets go stays watched until the next wait, because most of them are taken
        for another request before it.
        """
        if what == pycurl.POLL_REMOVE:
            if fd in self._watched:
                self._let_go_of.add(fd)
            return
        self._let_go_of.discard(fd)
        if self._watched.get(fd) == what:
            return
        if fd in self._watched:
            self._selector.modify(fd, _from_curl(what))
        else:
            self._selector.register(fd, _from_curl(what))
        self._watched[fd] = what

    def _unwatch(self) -> None:
        """Watch no more what was let go.

        Also called before a socket is opened, because it may get the number of one that was closed.
        """
        for fd in self._let_go_of:
            self._selector.unregister(fd)
            del self._watched[fd]
        self._let_go_of.clear()


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
