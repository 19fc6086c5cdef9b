"""A request that is signed for a time to come: made in store, to be played later."""

from collections.abc import Iterator
from datetime import timedelta

from stampbook.conformance.checks import Check
from stampbook.conformance.checks.too_old import spared
from stampbook.conformance.judging import refused
from stampbook.conformance.session import Session

AHEAD = timedelta(hours=1)


def run(session: Session) -> Iterator[str]:
    """Sign it for then."""
    letters = session.letters
    before = session.processed()
    yield from refused(session.send(letters.sign(letters.write(), at=letters.now() + AHEAD)))
    yield from session.miscounted(before, 0)


CHECK = Check(
    rank=81,
    sent="a request that is signed for an hour from now",
    wanted="401",
    harm="A request that is dated ahead stays good for longer than the tolerance; and nobody "
    "learns that a clock is wrong.",
    run=run,
    spared=spared,
)
