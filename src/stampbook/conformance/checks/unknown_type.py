"""An event of a type that the consumer has never seen."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Send it."""
    letters = session.letters
    yield from received(session.send(letters.sign(letters.of_unknown_type())))


CHECK = Check(
    rank=61,
    sent="an event of a type that is new",
    wanted="2xx; it is passed over",
    harm="An endpoint that gets all types gets new ones too. If they are refused, they are sent "
    "for days, and the endpoint looks ill.",
    run=run,
)
