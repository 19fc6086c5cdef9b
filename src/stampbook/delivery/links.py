"""Links: kept connections to brokers, in one event loop with a thread of its own.

A broker that hangs holds up nobody: its messages wait in the loop, and each is given up when its
time is over. A link that failed once is not used again. It is closed when the last message on it
has an answer; one that nobody used for a while is closed too.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, Generic, TypeVar

import structlog
from msgspec import Struct

from stampbook.delivery.call import Request, Response
from stampbook.delivery.destinations import Broker, Publisher
from stampbook.delivery.gate import Gate, PublishError, RefusedError
from stampbook.delivery.locator import locate

CLOSE_SECONDS = 1.0
"""How long a broker may take to say goodbye."""
JOIN_SECONDS = 5.0
RECEIPT_MAX = 2_048
"""Characters of a broker's receipt that are kept."""

ACKNOWLEDGED = 200
"""Stands for the broker's acknowledgement, which has no status of its own."""

T = TypeVar("T")

log = structlog.get_logger()


class Limits(Struct, frozen=True, kw_only=True):
    """How long things may take."""

    connect_seconds: float = 5.0
    total_seconds: float = 15.0
    """From the start of a request to its answer, connecting included."""
    idle_seconds: float = 60.0
    """How long a link that nobody uses is kept."""
    links_max: int = 128
    """How many links are kept; more only while more are in use at a time."""


class _Link:
    """A connection that is kept, or being made."""

    __slots__ = ("idle_since", "in_flight", "is_closing", "is_lost", "opening", "url")

    def __init__(self, url: str, opening: asyncio.Task[Publisher]) -> None:
        self.url = url
        self.opening = opening
        self.in_flight = 0
        self.is_lost = False
        self.is_closing = False
        self.idle_since = 0.0

    @property
    def is_usable(self) -> bool:
        if self.is_lost or not self.opening.done():
            return not self.is_lost
        publisher = self._opened()
        return publisher is not None and publisher.is_open

    async def close(self) -> None:
        self.opening.cancel()
        await asyncio.wait((self.opening,))
        publisher = self._opened()
        if publisher is not None:
            async with asyncio.timeout(CLOSE_SECONDS):
                await publisher.close()

    def _opened(self) -> Publisher | None:
        failed = self.opening.cancelled() or self.opening.exception() is not None
        return None if failed else self.opening.result()


class Links(Generic[T]):
    """Publishes requests; each carries a ticket of the caller's, handed back with the answer.

    One thread owns it; `ring` is called from another whenever there is something to `take`.
    """

    def __init__(
        self,
        gate: Gate,
        ring: Callable[[], None],
        *,
        limits: Limits,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gate = gate
        self._ring = ring
        self._limits = limits
        self._elapsed = elapsed
        self._in_flight = 0
        self._finished: deque[tuple[T, Response]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._stop: asyncio.Event | None = None
        self._links: dict[str, _Link] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """The number of requests whose answer was not taken yet."""
        return self._in_flight

    def start(self, ticket: T, request: Request, broker: Broker) -> None:
        """Begin to publish a request; its answer comes out of `take`."""
        self._in_flight += 1
        loop = self._running()
        loop.call_soon_threadsafe(self._begin, ticket, request, broker)

    def take(self) -> list[tuple[T, Response]]:
        """Give what has finished, in the order of its end."""
        taken: list[tuple[T, Response]] = []
        while self._finished:
            taken.append(self._finished.popleft())
        self._in_flight -= len(taken)
        return taken

    def close(self) -> None:
        """Abandon what is in flight, close every link and end the thread."""
        if self._loop is not None and self._thread is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(JOIN_SECONDS)
        self._gate.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
            self._thread = Thread(target=self._run, args=(self._loop, self._stop), daemon=True)
            self._thread.name = "links"
            self._thread.start()
        return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._live(stop))

    async def _live(self, stop: asyncio.Event) -> None:
        """Close idle links until it is time to stop; then end everything."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(self._limits.idle_seconds / 2):
                    await stop.wait()
            except TimeoutError:
                self._close_idle()
        for link in list(self._links.values()):
            self._drop(link)
        for sending in self._sending:
            sending.cancel()
        while self._sending or self._closing:
            await asyncio.wait(self._sending | self._closing)

    def _begin(self, ticket: T, request: Request, broker: Broker) -> None:
        self._keep(self._sending, self._send(ticket, request, broker))

    async def _send(self, ticket: T, request: Request, broker: Broker) -> None:
        began, error, receipt = self._elapsed(), None, ""
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                receipt = await self._publish(request, broker)
        except PublishError as failed:
            error = str(failed)
        except TimeoutError:
            error = "timed out"
        except Exception as failed:  # noqa: BLE001 - one odd message must not stop all others
            log.warning("delivery.not_published", to=broker.title, error=type(failed).__name__)
            error = f"could not be published: {type(failed).__name__}"
        response = Response(
            status_code=ACKNOWLEDGED if error is None else None,
            error=error,
            duration_ms=round((self._elapsed() - began) * 1000),
            excerpt=receipt[:RECEIPT_MAX],
        )
        self._finished.append((ticket, response))
        self._ring()

    async def _publish(self, request: Request, broker: Broker) -> str:
        link = self._link(request.url, broker)
        link.in_flight += 1
        try:
            publisher = await asyncio.shield(link.opening)
            return await publisher.publish(request)
        except RefusedError:
            link.is_lost = link.is_lost or not link.is_usable
            raise
        except BaseException:
            link.is_lost = True
            raise
        finally:
            link.in_flight -= 1
            link.idle_since = self._elapsed()
            if link.is_lost:
                self._drop(link)

    def _link(self, url: str, broker: Broker) -> _Link:
        link = self._links.get(url)
        if link is None or not link.is_usable:
            if link is not None:
                self._drop(link)
            self._make_room()
            opening = asyncio.get_running_loop().create_task(self._open(url, broker))
            link = self._links[url] = _Link(url, opening)
        return link

    def _make_room(self) -> None:
        """Close the link that nobody has used for longest when there are too many."""
        if len(self._links) >= self._limits.links_max:
            idle = [link for link in self._links.values() if not link.in_flight]
            if idle:
                self._drop(min(idle, key=lambda link: link.idle_since))

    async def _open(self, url: str, broker: Broker) -> Publisher:
        try:
            wanted = broker.read(locate(url))
        except ValueError as wrong:
            raise RefusedError(str(wrong)) from None
        async with asyncio.timeout(self._limits.connect_seconds):
            return await broker.connect(wanted, self._gate)

    def _drop(self, link: _Link) -> None:
        """Use a link no more, and close it when nothing is on it."""
        link.is_lost = True
        if self._links.get(link.url) is link:
            del self._links[link.url]
        if not link.in_flight and not link.is_closing:
            link.is_closing = True
            self._keep(self._closing, self._close(link))

    async def _close(self, link: _Link) -> None:
        try:
            await link.close()
        except Exception as failed:  # noqa: BLE001 - it is let go whatever it says
            log.debug("delivery.link_not_closed", error=type(failed).__name__)

    def _close_idle(self) -> None:
        idle_before = self._elapsed() - self._limits.idle_seconds
        for link in list(self._links.values()):
            if not link.in_flight and link.idle_since < idle_before:
                self._drop(link)

    def _keep(self, tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        """Run something and hold it until its end: a loop holds its tasks weakly."""
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
