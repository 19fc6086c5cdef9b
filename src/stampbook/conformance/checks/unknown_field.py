"""Fields that the consumer has never seen, in every object."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Send them."""
    letters = session.letters
    yield from received(session.send(letters.sign(letters.with_unknown_fields())))


CHECK = Check(
    rank=60,
    sent="an event with fields that are new",
    wanted="2xx; they are passed over",
    harm="A newer sender says more. A consumer that refuses what it does not know stops with the "
    "sender's next version.",
    run=run,
)
