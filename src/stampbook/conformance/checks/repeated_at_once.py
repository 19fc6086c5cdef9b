"""Copies of a request at the same time: a sender that timed out, and its consumer still at work."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received_once
from stampbook.conformance.session import Session

COPIES = 5


def run(session: Session) -> Iterator[str]:
    """Send copies at the same time."""
    before = session.processed()
    answers = session.send_together([session.letters.ordinary()] * COPIES)
    yield from received_once(answers)
    yield from session.miscounted(before, 1)


CHECK = Check(
    rank=21,
    sent="five copies of a request at the same time",
    wanted="2xx, or 409 or 503 while another copy is at work; its event is processed once",
    harm="Looking an id up first and noting it afterwards lets two copies through; let the "
    "database refuse the second.",
    needs_count=True,
    run=run,
)
