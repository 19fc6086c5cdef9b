"""The bare client: our sender, requests that are ready beforehand, and nothing else.

Run as `python -m bench.bare_client` with a `Posting` as JSON on its input; `Posted` is its output.
"""

import random
import subprocess
import sys
import time

import msgspec
from msgspec import Struct

from stampbook.delivery.call import Policy, Request, system_certificates
from stampbook.delivery.lanes import IN_FLIGHT_MAX
from stampbook.delivery.secrets import new_secret
from stampbook.delivery.sender import Sender
from stampbook.dialects import StoredFact, catalogue, example_of
from stampbook.facts import catalogue as fact_types
from stampbook.values.ids import CommandIds, FactId, RequestId
from stampbook.values.instants import from_ms

SECONDS_MAX = 60
WAIT_SECONDS = 1.0


class Posting(Struct, frozen=True, kw_only=True):
    """What is posted: the example of a kind of fact, so many times, to some addresses in turn."""

    urls: list[str]
    count: int
    fact_type: str = "points.earned"


class Posted(Struct, frozen=True, kw_only=True):
    """How long it took, and the CPU of it. Units: seconds."""

    seconds: float
    cpu: float


def post_bare(posting: Posting) -> Posted:
    """Post in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.bare_client"],
        input=msgspec.json.encode(posting),
        stdout=subprocess.PIPE,
        check=True,
        timeout=SECONDS_MAX + 30,
    )
    return msgspec.json.decode(done.stdout, type=Posted)


def signed_request(url: str, fact: StoredFact, request_id: str, secret: str) -> Request:
    """Render and sign a fact as a worker does."""
    dialect = catalogue()["native"]
    letter = dialect.render((fact,), RequestId(request_id), None)
    at = from_ms(time.time_ns() // 1_000_000)
    headers = dialect.sign(letter, [secret], RequestId(request_id), at)
    content_type = ("content-type", "application/json")
    return Request(url=url, headers=(content_type, *headers.items()), body=letter.body)


def _requests(posting: Posting) -> list[Request]:
    ids, secret = CommandIds(1), new_secret(random.randbytes)
    kind = fact_types()[posting.fact_type]
    names = [ids.take(time.time_ns() // 1_000_000) for _ in range(posting.count)]
    return [
        signed_request(
            posting.urls[number % len(posting.urls)], example_of(kind, FactId(name)), name, secret
        )
        for number, name in enumerate(names)
    ]


def main() -> None:
    """Post what is asked for on the input, as many at once as a worker does."""
    posting = msgspec.json.decode(sys.stdin.buffer.read(), type=Posting)
    requests = _requests(posting)
    sender = Sender[None](
        Policy(allow_private=True, certificates=system_certificates(), user_agent="bench")
    )
    start, cpu = time.perf_counter(), time.process_time()
    waiting = iter(requests)
    answered = 0
    while answered < len(requests) and time.perf_counter() - start < SECONDS_MAX:
        while sender.in_flight < IN_FLIGHT_MAX and (request := next(waiting, None)) is not None:
            sender.start(None, request)
        for _, response in sender.wait(WAIT_SECONDS):
            assert response.status_code == 204, response
            answered += 1
    posted = Posted(seconds=time.perf_counter() - start, cpu=time.process_time() - cpu)
    assert answered == len(requests), answered
    sender.close()
    sys.stdout.buffer.write(msgspec.json.encode(posted))


if __name__ == "__main__":
    main()
