"""The demo runs from the command line to its end, and all that it sent keeps the contract."""

import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from standardwebhooks import webhooks

from stampbook import dialects
from stampbook.demo.summary import Summary
from tests.contract import cloudevents_reader, native_reader, nector_reader, zinrelo_reader
from tests.contract.nector_reader import TOPICS
from tests.contract.zinrelo_reader import EVENTS

DEMO_SECONDS_MAX = 240
"""It takes half a minute on two idle cores, and several times that while other tests run."""
READING_SECONDS_MAX = 180
PROBLEMS_SHOWN = 5
OTP_DIGITS = 6

Reader = Callable[[bytes, Mapping[str, str], str], list[str]]
READERS: dict[str, Reader] = {
    "cloudevents": cloudevents_reader.check,
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


class WhenSent(datetime):
    """The clock of the public library, which stands at the time of the request that is verified:
    the demo may take longer than the library lets a request be on its way."""

    at: datetime

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "WhenSent":
        return cls.fromtimestamp(cls.at.timestamp(), tz)


@pytest.mark.timeout(DEMO_SECONDS_MAX + READING_SECONDS_MAX)
def test_the_demo_ends_sound_and_everything_it_sent_keeps_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "datetime", WhenSent)
    record = tmp_path / "webhooks.jsonl"
    summary = msgspec.json.decode(run_demo(record).splitlines()[-1], type=Summary)
    assert summary.verify == "clean"
    assert summary.failed == 0
    assert summary.bad_signatures == {}
    assert summary.received["zinrelo"].keys() == EVENTS.keys()
    assert summary.received["nector"].keys() == TOPICS.keys()

    assert {*READERS} == {*summary.received} == {*dialects.catalogue()}

    read: Counter[str] = Counter()
    seen: dict[str, set[object]] = defaultdict(set)
    problems: list[str] = []
    for one in recorded(record):
        read[one.dialect] += 1
        verify_by_library(one)
        problems += READERS[one.dialect](one.body.encode(), one.headers, one.secret)
        if one.dialect == "cloudevents":
            seen["media type"].add(one.headers["content-type"])
        if one.dialect == "zinrelo":
            look(msgspec.json.decode(one.body), seen)
        if len(problems) >= PROBLEMS_SHOWN:
            break
    assert problems == []
    assert seen["friend is a member"] == {True, False}
    assert seen["referrer's rewards"] == {("award", "coupon_award")}
    assert seen["friend's incentive is told"] == {True, False}
    assert {"email", "twitter"} <= seen["channels"]
    assert seen["password has six digits"] == {True}
    assert seen["media type"] == {cloudevents_reader.ONE, cloudevents_reader.BATCH}
    assert {"event_points_earned", "event_points_rejected", "event_member_delete"} <= seen["bulk"]
    assert read == summary.requests


def verify_by_library(one: Recorded) -> None:
    """Raise unless the public library says that a request is genuine."""
    WhenSent.at = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    webhooks.Webhook(one.secret).verify(one.body, one.headers, json_parse=False)


def look(body: Any, seen: dict[str, set[object]]) -> None:
    """Note which of the vendor's variants a body shows."""
    for event in body["events"]:
        data = event["data"]
        match event["event_type"]:
            case "event_referral_success":
                seen["friend is a member"].add("id" in data["friend_info"])
                kinds = tuple(one["transaction_type"] for one in data["referrer_reward_info"])
                seen["referrer's rewards"].add(kinds)
            case "event_friend_incentive_request":
                seen["friend's incentive is told"].add("incentive_info" in data)
            case "event_member_otp_generation":
                seen["password has six digits"].add(len(data["otp_info"]["otp"]) == OTP_DIGITS)
            case "event_referral_link_share":
                seen["channels"].add(data["share_info"]["channel_shared"])
            case kind if body["total_count"] > 1:
                seen["bulk"].add(kind)
            case _:
                pass


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
