"""A later event before an earlier one: that is what a retry of the earlier looks like."""

from collections.abc import Iterator
from datetime import timedelta

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session

EARLIER = timedelta(minutes=1)


def run(session: Session) -> Iterator[str]:
    """Send two requests in the wrong order."""
    letters = session.letters
    before = session.processed()
    earlier = letters.write(at=letters.now() - EARLIER)
    number = letters.number()
    yield from received(session.send(letters.sign(letters.write())))
    yield from received(session.send(letters.sign(earlier, number=number)))
    yield from session.miscounted(before, 2)


CHECK = Check(
    rank=30,
    sent="a later event, then an earlier one",
    wanted="2xx for both; both are processed",
    harm="After one failed try events come in another order; whoever refuses the earlier one "
    "never gets it.",
    run=run,
)
