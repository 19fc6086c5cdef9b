"""A group: several processes of one role, started together, and ended when one of them ends."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

STOP_SECONDS = 20
WATCH_SECONDS = 0.2


def run_group(
    arguments: list[str],
    members_settings: Sequence[Mapping[str, str]],
    wants_to_stop: Callable[[], bool],
) -> bool:
    """Run `stampbook` for each settings until somebody asks to stop; False when one ended before.

    Shapes: settings are environment variables that a process gets beside ours.
    """
    command = [sys.executable, "-m", "stampbook.cli.main", *arguments]
    members = [
        subprocess.Popen(command, env={**os.environ, **settings})  # noqa: S603 - ourselves
        for settings in members_settings
    ]
    try:
        while not wants_to_stop() and all(member.poll() is None for member in members):
            time.sleep(WATCH_SECONDS)
        return all(member.poll() is None for member in members)
    finally:
        _stop(members)


def _stop(members: list["subprocess.Popen[bytes]"]) -> None:
    for member in members:
        member.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for member in members:
        try:
            member.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            member.kill()
            member.wait()
