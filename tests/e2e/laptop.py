"""A laptop: `stampbook listen` in a process of its own, whose output is read as it comes."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.e2e.server import LIFE_SECONDS_MAX

LINE_SECONDS = 30
END_SECONDS = 20
COMMAND = (
    "import signal, sys; "
    f"signal.alarm({LIFE_SECONDS_MAX}); "
    "from stampbook.cli.main import main; "
    "sys.exit(main())"
)


class Laptop:
    """A running command; `lines` of its output come in order."""

    def __init__(self, port: int, key: str, *arguments: str) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("STAMPBOOK_")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            env={
                **environment,
                "STAMPBOOK_API_URL": f"http://127.0.0.1:{port}",
                "STAMPBOOK_API_KEY": key,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def line(self, seconds: float = LINE_SECONDS) -> str:
        """Give the next line."""
        return self._lines.get(timeout=max(0.0, seconds))

    def line_with(self, text: str, seconds: float = LINE_SECONDS) -> str:
        """Give the next line that holds a text; those before it are dropped."""
        deadline = time.monotonic() + seconds
        while text not in (line := self.line(deadline - time.monotonic())):
            pass
        return line

    def event(self) -> Any:
        """Give the next request that was forwarded, of a command that writes JSON."""
        return msgspec.json.decode(self.line_with('"request_id"'))

    def end(self, number: int = signal.SIGINT) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(END_SECONDS)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))


@contextmanager
def listening(port: int, key: str, *arguments: str) -> Generator[Laptop]:
    """Run `stampbook listen`, until the block ends at the latest."""
    laptop = Laptop(port, key, "listen", *arguments)
    try:
        yield laptop
    finally:
        laptop.kill()
        assert laptop.process.stdout is not None
        laptop.process.stdout.close()
