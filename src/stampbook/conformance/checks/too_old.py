"""A genuine request of an hour ago: recorded, and played again."""

from collections.abc import Iterator
from datetime import timedelta

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import refused
from stampbook.conformance.session import Session

AGE = timedelta(hours=1)


def run(session: Session) -> Iterator[str]:
    """Sign it for then."""
    letters = session.letters
    before = session.processed()
    yield from refused(session.send(letters.sign(letters.write(), at=letters.now() - AGE)))
    yield from session.miscounted(before, 0)


def spared(session: Session) -> str:
    """Say that one vendor signs no time."""
    if session.reads == "vendor" and session.letters.dialect.name == "nector":
        return "this vendor's signature has no time: what was recorded is good for ever"
    return ""


CHECK = Check(
    rank=80,
    sent="a request that was signed an hour ago",
    wanted="401; a sender signs anew for each try",
    harm="Whoever once got hold of a request can play it again whenever they like.",
    run=run,
    spared=spared,
)
