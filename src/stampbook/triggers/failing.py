"""Failing: a throw-away listener whose requests are reported as an endpoint's would be."""

from collections.abc import Generator
from contextlib import contextmanager

from stampbook.core.health import DEGRADED_AFTER_FAILURES, DEGRADED_AFTER_MS
from stampbook.delivery.pulling import Pulled, Report
from stampbook.remote.listener import Listener, Told, Wanted
from stampbook.triggers.stage import ImpossibleError, Stage

WAIT_SECONDS = 10
DEGRADED_SECONDS = DEGRADED_AFTER_MS / 1000 + 0.2
PAUSED_SECONDS = 1.2
"""The first pause of an endpoint that is degraded, and a little."""
TRIES_MAX = 20


@contextmanager
def throw_away(stage: Stage) -> Generator["Subject"]:
    """Make an endpoint that is sent enrolments, and remove it at the end."""
    wanted = Wanted(event_types=("member.enrolled",), description="stampbook trigger")
    listener = Listener.made(stage.server, wanted)
    stage.endpoints.append(listener.endpoint_id)
    stage.did(f"made the endpoint {listener.endpoint_id}")
    try:
        yield Subject(stage, listener)
    finally:
        listener.remove()


class Subject:
    """An endpoint that does as it is told."""

    def __init__(self, stage: Stage, listener: Listener) -> None:
        self._stage = stage
        self._listener = listener

    def answer(self, status: int) -> None:
        """Let somebody enrol, and the endpoint answer what it is sent of it."""
        self._stage.enrol()
        self._report(self._requests(1), status)

    def degrade(self) -> None:
        """Let the endpoint fail as often and as long as it takes to be degraded."""
        for _ in range(DEGRADED_AFTER_FAILURES):
            self._stage.enrol()
        *most, last = self._requests(DEGRADED_AFTER_FAILURES)
        self._report(most, 500)
        self._stage.sleep(DEGRADED_SECONDS)
        self._report([last], 500)

    def recover(self) -> None:
        """Let the endpoint answer well after it was degraded."""
        self._stage.sleep(PAUSED_SECONDS)
        self.answer(204)

    def _requests(self, count: int) -> list[Pulled]:
        found: list[Pulled] = []
        for _ in range(TRIES_MAX):
            found += self._listener.pull(count - len(found), WAIT_SECONDS).items
            if len(found) >= count:
                return found
        raise ImpossibleError(
            "The throw-away endpoint was not sent what happened.", "Try it again."
        )

    def _report(self, some: list[Pulled], status: int) -> None:
        report = Report(status_code=status, duration_ms=1)
        self._listener.settle([Told(one, report) for one in some])
        self._stage.did(f"let it answer {status} {len(some)} times")
