"""A receiver of webhooks that takes little of the machine: it answers, counts, and stamps arrivals.

A process of its own, in plain Python over epoll: of a request only the length is read, and the path
and the `webhook-id`, which together tell a repetition. Run as `python -m bench.receiver`: its port
comes out first, then an answer to each line of its input; it ends with the input.
"""

import json
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

import msgspec

HOST = "127.0.0.1"
BACKLOG = 1024
REQUEST_BYTES_MAX = 1 << 14
LIFE_SECONDS_MAX = 600
LENGTH, NAME = b"\r\ncontent-length:", b"\r\nwebhook-id:"
METHOD = b"POST "
RECEIVED = b"HTTP/1.1 204 No Content\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
HANGS, FAILS = "/hangs", "/fails"
"""Paths: where a request is never answered, and where the answer is 500. All others get 204."""


class Receiver:
    """The receiver, asked from the process that started it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.port = int(self._line())

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def url(self, path: str) -> str:
        """Give an address of it."""
        return f"http://{HOST}:{self.port}{path}"

    def count(self) -> int:
        """Ask how many requests were received; those of a path that hangs or fails are not."""
        return int(self._asked(b"count\n"))

    def arrivals(self) -> dict[str, int]:
        """Take when each request first arrived, by `arrival_key`, and let the receiver begin anew.

        Units: nanoseconds of the machine's wall clock.
        """
        return msgspec.json.decode(self._asked(b"arrivals\n"), type=dict[str, int])

    def _asked(self, question: bytes) -> bytes:
        assert self._process.stdin is not None
        self._process.stdin.write(question)
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the receiver ended"
        return line


@contextmanager
def receiving() -> Generator[Receiver]:
    """Run a receiver until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.receiver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        yield Receiver(process)
        process.stdin.close()


def arrival_key(path: str, webhook_id: str) -> str:
    """Give the key of a request that was received."""
    return f"{path} {webhook_id}"


class _Loop:
    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.epoll = select.epoll()
        self.epoll.register(listener.fileno(), select.EPOLLIN)
        self.epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        self.by_number: dict[int, socket.socket] = {}
        self.parts: dict[int, bytes] = {}
        self.first_seen: dict[tuple[bytes, bytes], int] = {}
        self.count = 0

    def run(self) -> None:
        while True:
            for number, _ in self.epoll.poll():
                if number in self.by_number:
                    self.read(number)
                elif number == self.listener.fileno():
                    self.accept()
                elif not self.answer_owner():
                    return

    def accept(self) -> None:
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.by_number[connection.fileno()] = connection
        self.epoll.register(connection.fileno(), select.EPOLLIN)

    def read(self, number: int) -> None:
        connection = self.by_number[number]
        try:
            data = connection.recv(REQUEST_BYTES_MAX)
        except ConnectionError:
            data = b""
        if not data:
            self.epoll.unregister(number)
            self.parts.pop(number, None)
            self.by_number.pop(number).close()
            return
        if number in self.parts:
            data = self.parts.pop(number) + data
        end = data.find(b"\r\n\r\n") + 2
        head = data[:end].lower()
        if end < 2 or len(data) < end + 2 + int(_value(head, LENGTH)):
            self.parts[number] = data
            return
        path = data[len(METHOD) : data.find(b" ", len(METHOD))]
        if path == HANGS.encode():
            return
        if path == FAILS.encode():
            connection.sendall(FAILED)
            return
        connection.send(RECEIVED)
        self.count += 1
        self.first_seen.setdefault((path, _value(head, NAME)), time.time_ns())

    def answer_owner(self) -> bool:
        question = sys.stdin.buffer.readline().strip()
        if question == b"count":
            answer = str(self.count)
        elif question == b"arrivals":
            answer = json.dumps(
                {
                    arrival_key(path.decode(), name.decode()): at
                    for (path, name), at in self.first_seen.items()
                }
            )
            self.first_seen, self.count = {}, 0
        else:
            return False
        print(answer, flush=True)
        return True


def _value(head: bytes, name: bytes) -> bytes:
    """Give the value of a header that must be there; a head in small letters is searched faster."""
    start = head.find(name)
    assert start >= 0, f"a request without {name!r}"
    start += len(name)
    return head[start : head.find(b"\r\n", start)].strip()


def main() -> None:
    """Receive until the input ends."""
    signal.alarm(LIFE_SECONDS_MAX)
    with socket.create_server((HOST, 0), backlog=BACKLOG) as listener:
        print(listener.getsockname()[1], flush=True)
        _Loop(listener).run()


if __name__ == "__main__":
    main()
