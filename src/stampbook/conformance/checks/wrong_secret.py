"""Signatures of another secret, and of none: the empty one, with which everybody can sign."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.forging import signed_with_nothing
from stampbook.conformance.judging import refused
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Sign with each of them."""
    letters = session.letters
    before = session.processed()
    posts = {
        "another secret": letters.sign(letters.write(), secrets=(letters.another_secret,)),
        "an empty secret": signed_with_nothing(letters.ordinary()),
    }
    for what, post in posts.items():
        for fault in refused(session.send(post)):
            yield f"{what}: {fault}"
    yield from session.miscounted(before, 0)


CHECK = Check(
    rank=72,
    sent="signatures of another secret, and of an empty one",
    wanted="401",
    harm="A consumer whose secret is not set may take what anybody signs with nothing.",
    run=run,
)
