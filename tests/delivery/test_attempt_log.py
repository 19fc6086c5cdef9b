"""The log of attempts: one wide line for a try, and nothing in it that is secret."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from stampbook.core.delivery import Conduct
from stampbook.delivery.attempt_log import AttemptLog
from tests.delivery.stage import Stage
from tests.delivery.test_metrics import drained, watched


def told(stage: Stage, log: AttemptLog) -> list[Any]:
    with capture_logs() as lines:
        drained(watched(stage, log.tell))
    return [line for line in lines if line["event"] == "delivery.attempt"]


def test_a_try_that_failed_is_told_with_all_that_is_asked(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.sink.modes["/shop?token=hush"] = "fail"
    endpoint = stage.endpoint("/shop?token=hush")
    [fact] = stage.deliver(endpoint)
    stage.clock.now_ms += 40
    [line] = told(stage, AttemptLog(trace_of=lambda _: "4bf9"))
    [(request_id, due_at_ms)] = stage.deliveries(endpoint, "request_id, due_at_ms")
    assert isinstance(due_at_ms, int)
    assert line | {"duration_ms": 0, "due_at": ""} == {
        "event": "delivery.attempt",
        "log_level": "info",
        "program": endpoint.program_id,
        "endpoint": endpoint.endpoint_id,
        "dialect": "native",
        "request_id": request_id,
        "message_id": fact,
        "sequence": 1,
        "facts": 1,
        "fact_types": ["points.earned"],
        "number": 1,
        "is_trial": False,
        "status": 500,
        "error": None,
        "duration_ms": 0,
        "wait_ms": 40,
        "verdict": "retry",
        "health": "healthy",
        "due_at": "",
        "trace_id": "4bf9",
    }
    text = json.dumps(line)
    assert "hush" not in text
    assert "broken" not in text  # what the receiver said
    assert stage.secret not in text


def test_a_dead_letter_is_a_warning(sqlite_stage: Stage) -> None:
    sqlite_stage.sink.modes["/shop"] = "close"
    conduct = Conduct(retry_delays_seconds=())
    sqlite_stage.deliver(sqlite_stage.endpoint("/shop", conduct=conduct))
    [line] = told(sqlite_stage, AttemptLog())
    assert (line["log_level"], line["verdict"], line["status"]) == ("warning", "failed", None)
    assert line["error"]
    assert "due_at" not in line
    assert "trace_id" not in line


@pytest.mark.parametrize(("every", "lines"), [(0, 0), (1, 6), (3, 2)])
def test_of_what_was_received_so_many_are_told_as_the_settings_say(
    sqlite_stage: Stage, every: int, lines: int
) -> None:
    sqlite_stage.deliver(sqlite_stage.endpoint("/shop"), 6)
    found = told(sqlite_stage, AttemptLog(every))
    assert len(found) == lines
    assert all(line["verdict"] == "delivered" for line in found)


def test_a_request_of_many_facts_is_one_line(sqlite_stage: Stage) -> None:
    sqlite_stage.deliver(sqlite_stage.endpoint("/shop", dialect="zinrelo"), 4)
    [line] = told(sqlite_stage, AttemptLog(1))
    assert line["facts"] == 4
    assert line["message_id"] == line["request_id"]
