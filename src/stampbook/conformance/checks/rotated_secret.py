"""A list of signatures, of which the consumer can check the second: its secret is being changed."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Sign with a newer secret first, and then the other way round."""
    letters = session.letters
    newer = letters.another_secret
    for secrets in ((newer, letters.secret), (letters.secret, newer)):
        yield from received(session.send(letters.sign(letters.write(), secrets=secrets)))


def spared(session: Session) -> str:
    """Say that the vendors have room for one signature."""
    return "a vendor's header has one signature" if session.reads == "vendor" else ""


CHECK = Check(
    rank=51,
    sent="a list of signatures; one of them fits",
    wanted="2xx",
    harm="While a secret changes both sides have two. Whoever looks at the first signature alone "
    "loses webhooks until both have changed at the same moment.",
    run=run,
    spared=spared,
)
