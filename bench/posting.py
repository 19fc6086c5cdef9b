"""Posting: facts rendered, signed and posted over libcurl by whoever is no worker of ours.

Each of the three ways to post keeps its connections: many at once by our sender; one at a time in a
thread, and many at once in an event loop, by handles that know no guard and no log.
"""

import asyncio
import threading
import time
from typing import Any

import msgspec
import pycurl

from stampbook.delivery.call import Policy, Request, system_certificates
from stampbook.delivery.lanes import IN_FLIGHT_MAX
from stampbook.delivery.sender import Sender
from stampbook.dialects import StoredFact, catalogue, example_of
from stampbook.facts import catalogue as fact_types
from stampbook.values.ids import CommandIds, FactId, RequestId
from stampbook.values.instants import from_ms
from tests.delivery.stage import a_secret

FACT_TYPE = "points.earned"
"""As in a backlog."""

SECRET = a_secret()
CONTENT_TYPE = ("content-type", "application/json")
RECEIVED = 204
WAIT_SECONDS = 1.0
POST_SECONDS_MAX = 60


def facts(count: int) -> list[StoredFact]:
    """Give facts like those of a backlog, each with an id of its own."""
    ids, kind = CommandIds(1), fact_types()[FACT_TYPE]
    return [example_of(kind, FactId(ids.take(_now_ms()))) for _ in range(count)]


def signed_request(url: str, fact: StoredFact) -> Request:
    """Render and sign a fact as a worker of ours does."""
    dialect, request_id = catalogue()["native"], RequestId(fact.id)
    letter = dialect.render((fact,), request_id, None)
    headers = dialect.sign(letter, (SECRET,), request_id, from_ms(_now_ms()))
    return Request(url=url, headers=(CONTENT_TYPE, *headers.items()), body=letter.body)


def argument_of(fact: StoredFact) -> dict[str, Any]:
    """Give a fact as an argument of a task, which is stored as JSON."""
    return msgspec.to_builtins(fact)


def request_of(url: str, argument: dict[str, Any]) -> Request:
    """Render and sign a task's argument."""
    return signed_request(url, msgspec.convert(argument, StoredFact))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _check(status: int | None) -> None:
    if status != RECEIVED:
        raise RuntimeError(f"not received: {status}")


def post_all(requests: list[Request]) -> None:
    """Post everything, as many at once as a worker of ours has in flight."""
    sender = Sender[int](
        Policy(allow_private=True, certificates=system_certificates(), user_agent="bench")
    )
    deadline = time.monotonic() + POST_SECONDS_MAX
    waiting = iter(requests)
    answered = 0
    while answered < len(requests):
        while sender.in_flight < IN_FLIGHT_MAX and (request := next(waiting, None)) is not None:
            sender.start(answered, request)
        for _, answer in sender.wait(WAIT_SECONDS):
            _check(answer.status_code)
            answered += 1
        if time.monotonic() > deadline:
            raise TimeoutError(f"{answered} of {len(requests)} posted in {POST_SECONDS_MAX} s")
    sender.close()


def _handle() -> Any:
    handle = pycurl.Curl()
    handle.setopt(pycurl.POST, 1)
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.TIMEOUT_MS, POST_SECONDS_MAX * 1000)
    return handle


def _load(handle: Any, request: Request) -> None:
    headers = [f"{name}: {value}".encode() for name, value in request.headers]
    handle.setopt(pycurl.URL, request.url.encode())
    handle.setopt(pycurl.POSTFIELDS, request.body)
    handle.setopt(pycurl.HTTPHEADER, [*headers, b"Expect:"])


class Poster(threading.local):
    """Posts one request at a time in each thread, and waits for the answer."""

    def __init__(self) -> None:
        self._handle = _handle()

    def post(self, request: Request) -> None:
        """Post."""
        _load(self._handle, request)
        self._handle.perform()
        _check(self._handle.getinfo(pycurl.RESPONSE_CODE))


class AsyncPoster:
    """Posts for the tasks of the event loop that runs."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle: list[Any] = []
        self._waiting: dict[Any, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    async def post(self, request: Request) -> None:
        """Post, and wait for the answer."""
        handle = self._idle.pop() if self._idle else _handle()
        _load(handle, request)
        self._waiting[handle] = done = self._loop.create_future()
        self._multi.add_handle(handle)
        await done
        _check(handle.getinfo(pycurl.RESPONSE_CODE))
        self._idle.append(handle)

    def _watch(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        self._loop.remove_reader(fd)
        self._loop.remove_writer(fd)
        if what & pycurl.POLL_IN:
            self._loop.add_reader(fd, self._act, fd, pycurl.CSELECT_IN)
        if what & pycurl.POLL_OUT:
            self._loop.add_writer(fd, self._act, fd, pycurl.CSELECT_OUT)

    def _set_timer(self, milliseconds: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = (
            None
            if milliseconds < 0
            else self._loop.call_later(milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0)
        )

    def _act(self, fd: int, action: int) -> None:
        self._multi.socket_action(fd, action)
        left = 1
        while left:
            left, succeeded, failed = self._multi.info_read()
            for handle in (*succeeded, *(each[0] for each in failed)):
                self._multi.remove_handle(handle)
                self._waiting.pop(handle).set_result(None)
