"""A worker in a process of its own: the application in the role that delivers.

Run as `python -m bench.courier` with the settings as JSON on its first line of input; it says when
it works, and ends with the input.
"""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import msgspec

from stampbook.bootstrap import App, configure_logs
from stampbook.config import (
    DatabaseSettings,
    DeliverySettings,
    LogSettings,
    SecretSettings,
    Settings,
)

LIFE_SECONDS_MAX = 600
WORKS = b"works\n"


@contextmanager
def delivering(database: str, master_key: str, in_flight_max: int) -> Generator[int]:
    """Run a worker of a database until the block ends; give its process."""
    settings = Settings(
        database=DatabaseSettings(url=database),
        delivery=DeliverySettings(allow_private=True, in_flight_max=in_flight_max),
        secrets=SecretSettings(key=master_key),
        log=LogSettings(level="error"),
    )
    with subprocess.Popen(
        [sys.executable, "-m", "bench.courier"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == WORKS, "the worker did not start"
        yield process.pid
        process.stdin.close()


def main() -> None:
    """Deliver until the input ends."""
    signal.alarm(LIFE_SECONDS_MAX)
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    configure_logs(settings.log)
    app = App(settings, "worker")
    app.start()
    sys.stdout.buffer.write(WORKS)
    sys.stdout.flush()
    sys.stdin.buffer.read()
    app.stop()


if __name__ == "__main__":
    main()
