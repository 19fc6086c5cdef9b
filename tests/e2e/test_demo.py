"""The demo runs from the command line to its end, and all that it sent keeps the contract."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from stampbook.demo.summary import Summary
from tests.contract import native_reader, nector_reader, zinrelo_reader
from tests.contract.zinrelo_reader import EVENTS

DEMO_SECONDS_MAX = 240
"""It takes half a minute on two idle cores."""
PROBLEMS_SHOWN = 5

Reader = Callable[[bytes, Mapping[str, str], str], list[str]]
READERS: dict[str, Reader] = {
    "native": native_reader.check,
    "nector": nector_reader.check,
    "zinrelo": zinrelo_reader.check,
}


class Recorded(Struct, frozen=True):
    """One request as the demo's receiver wrote it down."""

    dialect: str
    secret: str
    headers: dict[str, str]
    body: str


@pytest.mark.timeout(DEMO_SECONDS_MAX + 60)
def test_the_demo_ends_sound_and_everything_it_sent_keeps_the_contract(tmp_path: Path) -> None:
    record = tmp_path / "webhooks.jsonl"
    summary = msgspec.json.decode(run_demo(record).splitlines()[-1], type=Summary)
    assert summary.verify == "clean"
    assert summary.failed == 0
    assert summary.bad_signatures == {}
    assert summary.received["zinrelo"].keys() == EVENTS.keys()

    read: Counter[str] = Counter()
    problems: list[str] = []
    for one in recorded(record):
        read[one.dialect] += 1
        problems += READERS[one.dialect](one.body.encode(), one.headers, one.secret)
        if len(problems) >= PROBLEMS_SHOWN:
            break
    assert problems == []
    assert read == summary.requests


def run_demo(record: Path) -> bytes:
    """Give what the demo prints; its own processes do not outlive it."""
    arguments = ["demo", "--exit", "--record", str(record)]
    with subprocess.Popen(
        [sys.executable, "-m", "stampbook.cli.main", *arguments],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as demo:
        try:
            printed, _ = demo.communicate(timeout=DEMO_SECONDS_MAX)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGKILL)
    assert demo.returncode == 0
    return printed


def recorded(path: Path) -> Iterator[Recorded]:
    with path.open("rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=Recorded)
