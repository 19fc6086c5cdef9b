"""The private brokers that the other tests stand on."""

import os
import subprocess
import sys
import time

import pytest

GONE_SECONDS_MAX = 20
RUN_UNTIL_KILLED = """
import time
from pathlib import Path
from tests.destinations.brokers import supervised
with supervised(["sleep", "60"], Path("/dev/null")) as process_id:
    print(process_id, flush=True)
    time.sleep(60)
"""


def is_there(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_program_dies_with_its_user_however_that_dies(request: pytest.FixtureRequest) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN_UNTIL_KILLED],
        stdout=subprocess.PIPE,
        text=True,
        cwd=request.config.rootpath,
    ) as user:
        assert user.stdout is not None
        process_id = int(user.stdout.readline())
        assert is_there(process_id)
        user.kill()
    deadline = time.monotonic() + GONE_SECONDS_MAX
    while is_there(process_id):
        assert time.monotonic() < deadline, "it outlived its user"
        time.sleep(0.05)
