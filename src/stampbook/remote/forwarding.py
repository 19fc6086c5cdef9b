"""Forwarding: what a listener is due is fetched, taken to a URL of this machine, and reported.

Three threads share the work: one asks the server for requests, one takes them along, one reports.
Requests of one order key go one after another, and what stands behind a failure goes back. What the
server handed out and heard nothing of is due again after a minute, so whatever breaks in between
(this process, the server, the network) loses nothing; a request may then come twice.
"""

import time
import uuid
from collections import deque
from collections.abc import Callable
from threading import Condition, Event, Lock, Thread

from msgspec import Struct

from stampbook.core.delivery import RECEIVED
from stampbook.core.lease import LEASE_MS
from stampbook.delivery.call import Request, Response
from stampbook.delivery.pulling import EXCERPT_MAX, Pulled, Report
from stampbook.delivery.sender import Sender
from stampbook.remote.listener import WAIT_SECONDS, Listener, News, Told
from stampbook.remote.server import RefusedError, Server, UnreachableError

HELD_MAX = 16
"""Requests that are here at the same time, on their way or waiting for their turn."""
KEPT_SECONDS = LEASE_MS / 1000 - 10
"""How long a request may be kept after it came; the lease began a little before."""
TICK_SECONDS = 0.2
PAUSES_SECONDS = (0.5, 1, 2, 4, 8, 15)
"""Between tries to reach the server; the last one repeats."""
REPORTED_MAX = 20
GRACE_SECONDS = 3.0
"""What is on its way at the end may take so long."""
LAST_WORDS_SECONDS = 5.0
"""Reporting it may take so long."""
ERROR_MAX = 256


class Taken(Struct, frozen=True, kw_only=True):
    """A request that was taken along, and what came of it."""

    pulled: Pulled
    response: Response
    at_ms: int


class Watch(Struct, frozen=True, kw_only=True):
    """Who is told what happens, from any of the threads, one at a time."""

    taken: Callable[[Taken], None]
    stands: Callable[[News], None]
    """How it stands with the listener has changed."""
    lost: Callable[[str], None]
    """The server cannot be reached, and why; it is tried again."""
    found: Callable[[], None]
    """The server is back."""


class EndedError(Exception):
    """Nothing more can be fetched."""


class Forwarding:
    """Takes what a listener is due to a URL; without one, what was shown counts as received.

    Shapes: `sender` is owned by it and used in the thread that calls `run`.
    """

    def __init__(
        self,
        server: Server,
        listener: Listener,
        *,
        url: str | None,
        sender: Sender[Pulled],
        watch: Watch,
        now_ms: Callable[[], int],
    ) -> None:
        self._url = url
        self._sender = sender
        self._watch = watch
        self._now_ms = now_ms
        self._stopping = Event()
        self._voice = Lock()
        self._held = _Held()
        self._reports = _Reports()
        self._news: tuple[str, str] | None = None
        self._ended: str | None = None
        self._deck: list[tuple[Pulled, float]] = []
        self._busy: set[str] = set()
        fetching = listener.over(server.other(self._stopping.is_set))
        reporting = listener.over(server.other(lambda: self._reports.is_over))
        self._threads = (
            Thread(target=self._fetch, args=(fetching,), name="fetch", daemon=True),
            Thread(target=self._report, args=(reporting,), name="report", daemon=True),
        )

    def run(self, wants_to_stop: Callable[[], bool]) -> None:
        """Forward until somebody wants to stop; what is on its way then is reported or given back.

        Errors: EndedError, with why, when the server says that there is nothing to listen to.
        """
        for thread in self._threads:
            thread.start()
        try:
            while not wants_to_stop() and self._ended is None:
                self._step(TICK_SECONDS)
        finally:
            self._stop()
        if self._ended is not None:
            raise EndedError(self._ended)

    def _step(self, seconds: float) -> None:
        self._deck += self._held.arrived()
        self._start()
        for pulled, response in self._sender.wait(seconds):
            self._finish(pulled, response)

    def _start(self) -> None:
        """Send what may go: in order, and while there is time left for an answer."""
        waiting: list[tuple[Pulled, float]] = []
        for pulled, until in self._deck:
            if pulled.order_key in self._busy:
                waiting.append((pulled, until))
            elif time.monotonic() + pulled.timeout_seconds > until:
                self._give_back(pulled)
            else:
                self._send(pulled)
        self._deck = waiting

    def _send(self, pulled: Pulled) -> None:
        if pulled.order_key is not None:
            self._busy.add(pulled.order_key)
        if self._url is None:
            self._finish(pulled, Response(status_code=200, error=None, duration_ms=0))
            return
        body = pulled.body.encode()
        self._sender.start(pulled, Request(url=self._url, headers=pulled.headers, body=body))

    def _finish(self, pulled: Pulled, response: Response) -> None:
        taken = Taken(pulled=pulled, response=response, at_ms=self._now_ms())
        self._say(lambda: self._watch.taken(taken))
        self._reports.put(Told(pulled, _report_of(response)))
        self._held.let_go()
        if pulled.order_key is not None:
            self._busy.discard(pulled.order_key)
            if response.status_code not in RECEIVED:
                self._clear(pulled.order_key)

    def _clear(self, order_key: str) -> None:
        """Give back what stands behind a failure: the server knows when it may follow."""
        behind = [one for one, _ in self._deck if one.order_key == order_key]
        self._deck = [each for each in self._deck if each[0].order_key != order_key]
        for pulled in behind:
            self._give_back(pulled)

    def _give_back(self, pulled: Pulled) -> None:
        self._reports.put(pulled)
        self._held.let_go()

    def _stop(self) -> None:
        """Let what is on its way arrive, give the rest back, and report it all."""
        self._stopping.set()
        self._held.open()
        fetch, report = self._threads
        fetch.join(GRACE_SECONDS)
        self._deck += self._held.arrived()
        for pulled, _ in self._deck:
            self._give_back(pulled)
        self._deck = []
        end = time.monotonic() + GRACE_SECONDS
        while self._sender.in_flight and time.monotonic() < end:
            for pulled, response in self._sender.wait(TICK_SECONDS):
                self._finish(pulled, response)
        self._sender.close()
        self._reports.finish(time.monotonic() + LAST_WORDS_SECONDS)
        report.join(LAST_WORDS_SECONDS + 1)

    def _fetch(self, listener: Listener) -> None:
        tries = 0
        while not self._stopping.is_set():
            room = self._held.room(self._stopping.is_set)
            if not room:
                continue
            try:
                asked = time.monotonic()
                # one that was lost says that it is back before it waits for something to say
                news = listener.pull(room, 0 if tries else WAIT_SECONDS)
            except (RefusedError, UnreachableError) as error:
                if isinstance(error, RefusedError) and not error.may_pass:
                    self._end(f"{error} {error.said.remedy}")
                    return
                if not self._stopping.is_set():
                    self._pause(tries, str(error))
                    tries += 1
                continue
            if tries:
                self._say(self._watch.found)
                tries = 0
            self._hear(news)
            if not news.items:  # an answer that came at once is from a server with no time to wait
                self._stopping.wait(max(0.0, PAUSES_SECONDS[0] - (time.monotonic() - asked)))

    def _hear(self, news: News) -> None:
        stands = (news.status, news.health)
        if stands != (self._news or ("active", "healthy")):
            self._news = stands
            self._say(lambda: self._watch.stands(news))
        if news.status != "active":
            self._end("The endpoint is disabled. Activate it, and listen again.")
            return
        until = time.monotonic() + KEPT_SECONDS
        self._held.put([(one, until) for one in news.items])
        self._sender.wake()

    def _pause(self, tries: int, why: str) -> None:
        if not tries:
            self._say(lambda: self._watch.lost(why))
        self._stopping.wait(PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS) - 1)])

    def _end(self, why: str) -> None:
        self._ended = why
        self._sender.wake()

    def _report(self, listener: Listener) -> None:
        while (some := self._reports.take()) is not None:
            told = [one for one in some if isinstance(one, Told)]
            untried = [one for one in some if isinstance(one, Pulled)]
            key, tries = uuid.uuid4().hex, 0
            while not self._reports.is_over:
                try:
                    listener.settle(told, untried, idempotency_key=key)
                except UnreachableError:
                    pass
                except RefusedError as error:
                    if not error.may_pass:
                        break  # the endpoint is gone, and fetching says so
                else:
                    break
                self._reports.pause(PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS) - 1)])
                tries += 1

    def _say(self, what: Callable[[], None]) -> None:
        with self._voice:
            what()


class _Held:
    """The requests that are here: how many, and those that have just come."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._arrived: list[tuple[Pulled, float]] = []
        self._count = 0

    def room(self, is_stopping: Callable[[], bool]) -> int:
        """Wait until there is room for more, and give for how many; 0 at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._count < HELD_MAX or is_stopping())
            return 0 if is_stopping() else HELD_MAX - self._count

    def put(self, some: list[tuple[Pulled, float]]) -> None:
        with self._changed:
            self._arrived += some
            self._count += len(some)

    def arrived(self) -> list[tuple[Pulled, float]]:
        with self._changed:
            some, self._arrived = self._arrived, []
            return some

    def let_go(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def open(self) -> None:
        """Let whoever waits for room look whether it is the end."""
        with self._changed:
            self._changed.notify_all()


class _Reports:
    """What is to be reported, in order; `take` gives None when there is nothing more to come."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[Told | Pulled] = deque()
        self._until: float | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether the time for the last words has passed."""
        return self._until is not None and time.monotonic() > self._until

    def put(self, one: Told | Pulled) -> None:
        with self._changed:
            self._waiting.append(one)
            self._changed.notify_all()

    def take(self) -> list[Told | Pulled] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._until is not None)
            if not self._waiting:
                return None
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), REPORTED_MAX))]

    def finish(self, until: float) -> None:
        """Say that nothing more comes, and until when the rest may be reported."""
        with self._changed:
            self._until = until
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Wait before another try; shorter at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._until is not None, seconds)
        if self._until is not None:
            time.sleep(min(seconds, PAUSES_SECONDS[0]))


def _report_of(response: Response) -> Report:
    return Report(
        status_code=response.status_code,
        duration_ms=response.duration_ms,
        error=None if response.error is None else response.error[:ERROR_MAX],
        excerpt=response.excerpt[:EXCERPT_MAX],
        retry_after_seconds=response.retry_after_seconds,
    )
