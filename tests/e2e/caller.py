"""Callers: they ask in a closed loop, and ask again with the same key until they are answered."""

import http.client
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from tests.e2e.server import HOST
from tests.e2e.shop import TOKEN

CALLERS = 8
PAUSE_SECONDS_MAX = 0.012
RETRY_SECONDS = 0.05
TIMEOUT_SECONDS = 10
ANSWER_SECONDS_MAX = 60
"""How long a caller asks for one answer, however long each try takes."""
BAD_REQUEST = 400
UNAVAILABLE = 503
MEMBERS_PATH = "/v1/members"
REDEMPTIONS_PATH = "/v1/redemptions"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request with its idempotency key."""

    path: str
    body: bytes
    key: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A request, what it was answered in the end, and how often it was asked."""

    ask: Ask
    status: int
    body: bytes
    replayed: bool
    tries: int

    @property
    def document(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body)


class Connection:
    """Asks one of several servers, and another one when it does not answer."""

    def __init__(self, ports: Sequence[int], choose: Random) -> None:
        self._ports = ports
        self._choose = choose
        self._open: http.client.HTTPConnection | None = None

    def ask(self, ask: Ask) -> Answered:
        """Ask until there is an answer; an answer of 503 is none."""
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        tries = 0
        while time.monotonic() < deadline:
            tries += 1
            try:
                status, body, replayed = self._once(ask)
            except (OSError, http.client.HTTPException):
                self.close()
            else:
                if status != UNAVAILABLE:
                    return Answered(ask, status, body, replayed, tries)
            time.sleep(RETRY_SECONDS)
        raise TimeoutError(f"no answer to {ask.key}")

    def _once(self, ask: Ask) -> tuple[int, bytes, bool]:
        if self._open is None:
            port = self._choose.choice(self._ports)
            self._open = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
        headers = {
            "authorization": f"Bearer {TOKEN}",
            "content-type": "application/json",
            "idempotency-key": ask.key,
        }
        self._open.request("POST", ask.path, ask.body, headers)
        response = self._open.getresponse()
        replayed = response.headers.get("idempotency-replayed") == "true"
        return response.status, response.read(), replayed

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


@dataclass(slots=True)
class Callers:
    """Threads that ask what their own dice tell them; `answered` is complete when they are gone."""

    ports: Sequence[int]
    seed: int
    members: int
    pause_seconds_max: float = PAUSE_SECONDS_MAX
    answered: list[Answered] = field(default_factory=list[Answered])
    problems: list[BaseException] = field(default_factory=list[BaseException])
    _leave: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def calling(self, count: int) -> Generator[None]:
        """Let so many callers ask while the block runs; each gets its last answer."""
        threads = [threading.Thread(target=self._call, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._leave.set()
            for thread in threads:
                thread.join()

    def _call(self, number: int) -> None:
        dice = Random(f"{self.seed}-{number}")
        connection = Connection(self.ports, Random(f"{self.seed}-{number}-port"))
        place = 0
        try:
            while not self._leave.is_set():
                place += 1
                key = f"{self.seed}-{number}-{place}"
                self.answered.append(connection.ask(_any_ask(dice, key, self.members)))
                time.sleep(dice.uniform(0, self.pause_seconds_max))
        except BaseException as problem:  # noqa: BLE001 - the test reports it
            self.problems.append(problem)
        finally:
            connection.close()


def ask_all(ports: Sequence[int], asks: Sequence[Ask]) -> list[Answered]:
    """Ask with several threads; each has a connection of its own."""

    def share(number: int) -> list[Answered]:
        connection = Connection(ports, Random(number))
        answered = [connection.ask(ask) for ask in asks[number::CALLERS]]
        connection.close()
        return answered

    with ThreadPoolExecutor(CALLERS) as pool:
        return [one for shares in pool.map(share, range(CALLERS)) for one in shares]


def all_replay(ports: Sequence[int], answered: Sequence[Answered]) -> None:
    """The same key and body give the same reply, whichever server was asked first."""
    first = {one.ask.key: (one.status, one.body) for one in answered}
    again = ask_all(ports, [one.ask for one in answered])
    assert {one.ask.key: (one.status, one.body) for one in again} == first
    assert all(one.replayed for one in again)


def enrolment(number: int) -> Ask:
    """Give the request that a member joins."""
    body = {"member_id": f"member-{number}", "first_name": "Robin"}
    return Ask(MEMBERS_PATH, msgspec.json.encode(body), f"enrol-{number}")


def _any_ask(dice: Random, key: str, members: int) -> Ask:
    member = f"member-{dice.randrange(members)}"
    body: dict[str, Any] = {"member_id": member}
    kind = dice.choices(["order", "award", "redeem"], [5, 3, 3])[0]
    if kind == "order":
        path = "/v1/orders"
        body |= {"order_id": f"order-{key}", "order_subtotal": dice.randint(1, 90)}
    elif kind == "award":
        path = "/v1/points/award"
        body |= {"activity_id": "visit", "transaction_attributes": {"counter": key}}
    else:
        path = REDEMPTIONS_PATH
        body |= {"reward_id": dice.choice(["mug", "coffee"]), "hold": dice.random() < 0.2}
    return Ask(path, msgspec.json.encode(body), key)
