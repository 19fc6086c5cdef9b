"""An event of three days ago, signed just now: the last try of a sender that found nobody."""

from collections.abc import Iterator
from datetime import timedelta

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session

AGE = timedelta(days=3)


def run(session: Session) -> Iterator[str]:
    """Send an old event under a fresh signature."""
    letters = session.letters
    before = session.processed()
    yield from received(session.send(letters.sign(letters.write(at=letters.now() - AGE))))
    yield from session.miscounted(before, 1)


CHECK = Check(
    rank=31,
    sent="an event of three days ago, signed just now",
    wanted="2xx; it is processed",
    harm="Only the signature has an age. Whoever judges by the date of the event loses all that "
    "happened while the consumer was down.",
    run=run,
)
