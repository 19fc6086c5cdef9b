"""A closed loop of HTTP connections: each sends its next request when its reply has come.

A process of its own, in plain Python over epoll, so that it takes little of the machine it shares
with the server: requests are made beforehand, and of a reply only the status and the length are
read. Run as `python -m bench.load` with a `Load` as JSON on its input; `Loaded` is its output.
"""

import math
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec
from msgspec import Struct

HOST = "127.0.0.1"
REPLY_BYTES_MAX = 1 << 16
QUIET_SECONDS_MAX = 20
REQUESTS_MAX = 1_000_000


class Load(Struct, frozen=True, kw_only=True):
    """What to send: `bodies` in turn, each over the connection that is free next.

    Units: seconds. What is answered in the first `warm_up` of `seconds` is not counted.
    """

    port: int
    path: str
    headers: dict[str, str]
    bodies: list[str]
    first: int = 0
    """The place of the body to begin with."""
    connections: int
    seconds: float
    warm_up: float = 0.5
    status: int = 201


class Loaded(Struct, frozen=True, kw_only=True):
    """What came back. `cpu_share` is of one core, the load generator's own."""

    replies: int
    seconds: float
    latencies_ms: list[float]
    other_statuses: dict[str, int]
    cpu_share: float
    next: int
    """The place of the body that would come next."""

    @property
    def rate(self) -> float:
        """Replies in a second."""
        return self.replies / self.seconds


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def run_load(load: Load) -> Loaded:
    """Run a load in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=msgspec.json.encode(load),
        stdout=subprocess.PIPE,
        check=True,
        timeout=load.seconds + QUIET_SECONDS_MAX + 10,
    )
    return msgspec.json.decode(done.stdout, type=Loaded)


class _Loop:
    def __init__(self, load: Load) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in load.headers.items())
        first_line = f"POST {load.path} HTTP/1.1\r\nhost: {HOST}:{load.port}\r\n"
        self.requests = [
            f"{first_line}{head}content-length: {len(body.encode())}\r\n\r\n{body}".encode()
            for body in load.bodies
        ]
        self.wanted = b"HTTP/1.1 %d" % load.status
        self.next = load.first
        self.latencies: list[float] = []
        self.others: dict[str, int] = {}
        self.epoll = select.epoll()
        self.sockets = [
            socket.create_connection((HOST, load.port)) for _ in range(load.connections)
        ]
        for each in self.sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.epoll.register(each.fileno(), select.EPOLLIN)
        self.by_number = {each.fileno(): each for each in self.sockets}
        self.sent_at = dict.fromkeys(self.by_number, 0.0)
        self.parts: dict[int, bytes] = {}

    def send(self, number: int) -> None:
        request = self.requests[self.next % len(self.requests)]
        self.next += 1
        self.sent_at[number] = time.perf_counter()
        self.by_number[number].sendall(request)

    def answered(self, counts_from: float, ends: float) -> None:
        """Wait for replies; each is followed by the next request while there is time."""
        ready = self.epoll.poll(QUIET_SECONDS_MAX)
        if not ready:
            raise TimeoutError(f"no reply for {QUIET_SECONDS_MAX} s")
        for number, _ in ready:
            data = self.by_number[number].recv(REPLY_BYTES_MAX)
            if not data:
                raise ConnectionError("the server hung up")
            if number in self.parts:
                data = self.parts.pop(number) + data
            if not is_whole(data):
                self.parts[number] = data
                continue
            now = time.perf_counter()
            if not data.startswith(self.wanted):
                status = data[9:12].decode()
                self.others[status] = self.others.get(status, 0) + 1
            elif counts_from <= now < ends:
                self.latencies.append((now - self.sent_at[number]) * 1000)
            self.sent_at[number] = 0.0
            if now < ends and self.next < REQUESTS_MAX:
                self.send(number)

    @property
    def is_waiting(self) -> bool:
        return any(self.sent_at.values())


def is_whole(reply: bytes) -> bool:
    """Tell whether a reply has as many bytes as it says."""
    end = reply.find(b"\r\n\r\n")
    if end < 0:
        return False
    start = reply.find(b"content-length: ", 0, end + 2)
    assert start >= 0, "a reply without content-length"
    length = int(reply[start + 16 : reply.find(b"\r\n", start)])
    return len(reply) >= end + 4 + length


def main() -> None:
    """Run the load that is asked for on the input."""
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    loop = _Loop(load)
    cpu, start = time.process_time(), time.perf_counter()
    counts_from, ends = start + load.warm_up, start + load.seconds
    for number in loop.by_number:
        loop.send(number)
    while time.perf_counter() < ends:
        loop.answered(counts_from, ends)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    while loop.is_waiting:  # so that nothing of this load runs into the next
        loop.answered(counts_from, ends)
    loaded = Loaded(
        replies=len(loop.latencies),
        seconds=load.seconds - load.warm_up,
        latencies_ms=loop.latencies,
        other_statuses=loop.others,
        cpu_share=cpu / took,
        next=loop.next,
    )
    sys.stdout.buffer.write(msgspec.json.encode(loaded))


if __name__ == "__main__":
    main()
