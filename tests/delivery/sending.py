"""A sender in the hands of a test: names that say what the test wants, and answers in order."""

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import EAI_NONAME, gaierror

from stampbook.delivery.call import Policy, Request, Response
from stampbook.delivery.sender import Sender
from stampbook.values.egress import networks

WAIT_SECONDS = 30


@dataclass(slots=True)
class Names:
    """What names mean: each look-up gives the next of a name's answers, and the last for ever.

    A name in `hung` is looked up until it is released.
    """

    answers: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])
    hung: dict[str, threading.Event] = field(default_factory=dict[str, threading.Event])
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        if name in self.hung:
            self.hung[name].wait(WAIT_SECONDS)
        if name not in self.answers:
            raise gaierror(EAI_NONAME, "Name or service not known by 10.11.12.13")
        answers = self.answers[name]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass(slots=True)
class Watch:
    """A sender's clock, which a test may put forward."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


def names(**answers: str) -> Names:
    """Say what names mean for ever: addresses separated by spaces; `__` in a name is a dot."""
    return Names({name.replace("__", "."): [said.split()] for name, said in answers.items()})


def policy(
    *subnets: str,
    allow_private: bool = False,
    certificates: str | None = None,
    connect_timeout_ms: int = 5_000,
    total_timeout_ms: int = 15_000,
) -> Policy:
    return Policy(
        allow_private=allow_private,
        allow_subnets=networks(subnets),
        certificates=certificates,
        user_agent="Stampbook",
        connect_timeout_ms=connect_timeout_ms,
        total_timeout_ms=total_timeout_ms,
    )


@contextmanager
def sending(
    rule: Policy,
    look_up: Names | None = None,
    *,
    in_flight_max: int = 64,
    elapsed: Watch | None = None,
) -> Generator[Sender[int]]:
    sender = Sender[int](
        rule,
        in_flight_max=in_flight_max,
        look_up=Names() if look_up is None else look_up,
        elapsed=Watch() if elapsed is None else elapsed,
    )
    try:
        yield sender
    finally:
        sender.close()


def a_request(url: str, body: bytes = b"hi") -> Request:
    return Request(url=url, headers=(("content-type", "text/plain"),), body=body)


def post(sender: Sender[int], *requests: Request | str) -> list[Response]:
    """Send all at once, and give the answers in the order of the requests."""
    for number, request in enumerate(requests):
        sender.start(number, a_request(request) if isinstance(request, str) else request)
    answers: dict[int, Response] = {}
    while sender.in_flight:
        ended = sender.wait(WAIT_SECONDS)
        assert ended, "the sender slept over an answer"
        answers.update(ended)
    return [answers[number] for number in range(len(requests))]
