"""Whoever does not ask for telemetry pays nothing for it."""

import subprocess
import sys

import pytest

from stampbook.bootstrap import App
from stampbook.config import load
from tests.delivery.sink import running_sink

LOADED = """
import sys
from stampbook.bootstrap import App
from stampbook.config import load
import stampbook.cli.terminal.serving
app = App(load({"STAMPBOOK_DATABASE_URL": sys.argv[1]}).settings)
assert app.tracing is None
print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
"""


@pytest.fixture
def no_otel(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                 "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_nothing_of_it_is_imported_unless_it_is_asked_for(
    no_otel: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    del no_otel
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, sqlite_url],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


def opened(sqlite_url: str) -> App:
    return App(load({"STAMPBOOK_DATABASE_URL": sqlite_url}).settings)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "True"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_who_does_not_ask_is_not_traced(
    sqlite_url: str, environment: dict[str, str], no_otel: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        no_otel.setenv(name, value)
    app = opened(sqlite_url)
    app.start()
    assert app.tracing is None
    app.stop()


def test_who_asks_is_traced(sqlite_url: str, no_otel: pytest.MonkeyPatch) -> None:
    with running_sink() as sink:
        no_otel.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", sink.url("/v1/traces"))
        no_otel.setenv("OTEL_SERVICE_NAME", "roastery")
        app = opened(sqlite_url)
        app.start()
        assert app.tracing is not None
        assert app.tracing.resource["service.name"] == "roastery"
        app.tracing.tracer.start_span("hello").end()
        app.stop()  # which sends what was told
        [received] = sink.received
    assert received.path == "/v1/traces"
    assert b"hello" in received.body
    assert b"roastery" in received.body
