"""The bare client: our sender, requests that are ready beforehand, and nothing else.

Run as `python -m bench.bare_client` with a `Posting` as JSON on its input; `Posted` is its output.
"""

import subprocess
import sys
import time

import msgspec
from msgspec import Struct

from bench.posting import POST_SECONDS_MAX, facts, post_all, signed_request

START_SECONDS_MAX = 30


class Posting(Struct, frozen=True, kw_only=True):
    """How many facts are posted, to some addresses in turn."""

    urls: list[str]
    count: int


class Posted(Struct, frozen=True, kw_only=True):
    """How long it took, and the CPU of it. Units: seconds."""

    count: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Posts in a second."""
        return self.count / self.seconds


def post_bare(posting: Posting) -> Posted:
    """Post in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.bare_client"],
        input=msgspec.json.encode(posting),
        stdout=subprocess.PIPE,
        check=True,
        timeout=START_SECONDS_MAX + POST_SECONDS_MAX,
    )
    return msgspec.json.decode(done.stdout, type=Posted)


def main() -> None:
    """Post what is asked for on the input."""
    posting = msgspec.json.decode(sys.stdin.buffer.read(), type=Posting)
    requests = [
        signed_request(posting.urls[number % len(posting.urls)], fact)
        for number, fact in enumerate(facts(posting.count))
    ]
    start, cpu = time.perf_counter(), time.process_time()
    post_all(requests)
    posted = Posted(
        count=posting.count,
        seconds=time.perf_counter() - start,
        cpu=time.process_time() - cpu,
    )
    sys.stdout.buffer.write(msgspec.json.encode(posted))


if __name__ == "__main__":
    main()
