"""The resolver: from a host to the addresses that a webhook may dial, without making anybody wait.

A name is looked up by us and not by libcurl, because an address must be judged and dialled without
a second look-up in between: whoever owns a name may answer the first with a public address and the
second with a private one. One forbidden address among the answers refuses the name.

Source: decisions/0021.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from queue import Empty, SimpleQueue

from msgspec import Struct

from stampbook.values.egress import Address, Target

ANSWER_SECONDS = 30.0
FAILURE_SECONDS = 3.0
"""How long an answer is believed: shorter than most names promise, so that nothing is kept long."""
ANSWERS_MAX = 4_096
ADDRESSES_MAX = 16
"""Of one name; a receiver is reached by the first of them that answers."""
THREADS_MAX = 16
"""A look-up may hang as long as the name's own servers like, and its thread with it."""
QUEUED_MAX = 4_096
QUEUED_SECONDS = 10.0
"""A name that waited longer for a thread is not looked up any more: nobody waits for it."""

ADDRESS_REFUSED = "the address is not allowed"
NAME_NOT_FOUND = "the host name was not found"
NOT_LOOKED_UP = "the host name could not be looked up"

LookUp = Callable[[str], Sequence[str]]
"""Gives the addresses of a name, and may take its time.

Errors: OSError; socket.gaierror says whether there is no such name."""


class Found(Struct, frozen=True):
    """What is known of a host: the addresses to dial, the best first; or the error that it is.

    Shapes: `joined` is the addresses as libcurl takes them.
    """

    addresses: tuple[Address, ...]
    joined: str
    error: str | None
    until: float


def look_up(name: str) -> list[str]:
    """Ask this system for the addresses of a name, in the order in which they are best dialled."""
    entries = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in entries]


class Resolver:
    """Finds addresses; one thread owns a resolver, and others work for it.

    `ring` is called from those others whenever `arrived` has something to give.
    """

    def __init__(
        self,
        may_dial: Callable[[str], bool],
        *,
        ring: Callable[[], None],
        look_up: LookUp = look_up,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._may_dial = may_dial
        self._ring = ring
        self._look_up = look_up
        self._elapsed = elapsed
        self._found: dict[str, Found] = {}
        self._asked: set[str] = set()
        self._questions: SimpleQueue[tuple[str, float] | None] = SimpleQueue()
        self._answers: deque[tuple[str, Sequence[str], str | None]] = deque()
        self._threads = 0

    def find(self, target: Target) -> Found | None:
        """Give what is known of a target's host; None when it is being looked up."""
        found = self._found.get(target.host)
        if found is not None and found.until > self._elapsed():
            return found
        if target.address is not None:
            return self._learn(target.host, [str(target.address)], None)
        if target.host not in self._asked:
            if len(self._asked) >= QUEUED_MAX:
                return Found((), "", NOT_LOOKED_UP, 0)
            self._ask(target.host)
        return None

    def arrived(self) -> list[str]:
        """Give the hosts that were looked up since; `find` now knows them for a while."""
        hosts: list[str] = []
        while self._answers:
            host, addresses, error = self._answers.popleft()
            self._asked.discard(host)
            self._learn(host, addresses, error)
            hosts.append(host)
        return hosts

    def close(self) -> None:
        """Let the threads end; one that hangs in a look-up ends with the process at the latest."""
        try:
            while True:
                self._questions.get_nowait()
        except Empty:
            for _ in range(self._threads):
                self._questions.put(None)

    def _learn(self, host: str, addresses: Sequence[str], error: str | None) -> Found:
        if error is None and not addresses:
            error = NAME_NOT_FOUND
        if error is None and not all(self._may_dial(address) for address in addresses):
            error = ADDRESS_REFUSED
        seconds = ANSWER_SECONDS if error is None else FAILURE_SECONDS
        different = list(dict.fromkeys(addresses))[:ADDRESSES_MAX] if error is None else ()
        dialled = tuple(ip_address(address) for address in different)
        joined = ",".join(map(_bracketed, dialled))
        found = Found(dialled, joined, error, self._elapsed() + seconds)
        self._found.pop(host, None)  # so that the oldest answer is the first
        while len(self._found) >= ANSWERS_MAX:
            del self._found[next(iter(self._found))]
        self._found[host] = found
        return found

    def _ask(self, host: str) -> None:
        self._asked.add(host)
        self._questions.put((host, self._elapsed()))
        if self._threads < min(THREADS_MAX, len(self._asked)):
            self._threads += 1
            name = f"names-{self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while (question := self._questions.get()) is not None:
            host, asked_at = question
            addresses: Sequence[str] = ()
            error: str | None = NOT_LOOKED_UP
            if self._elapsed() - asked_at < QUEUED_SECONDS:
                addresses, error = self._answer(host)
            self._answers.append((host, addresses, error))
            self._ring()

    def _answer(self, host: str) -> tuple[Sequence[str], str | None]:
        try:
            return self._look_up(host), None
        except socket.gaierror as error:
            is_transient = error.errno in {socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM}
            return (), NOT_LOOKED_UP if is_transient else NAME_NOT_FOUND
        except (OSError, ValueError):  # out of sockets, or a name that is none
            return (), NOT_LOOKED_UP


def _bracketed(address: Address) -> str:
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
