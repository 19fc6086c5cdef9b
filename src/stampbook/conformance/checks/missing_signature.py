"""Requests without a signature, or without what is signed beside the body."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.forging import (
    NONCE,
    SIGNATURES,
    TIMESTAMP,
    WEBHOOK_ID,
    emptied,
    without,
)
from stampbook.conformance.judging import refused
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Leave headers out."""
    letters = session.letters
    before = session.processed()
    posts = {
        "no signature": without(letters.ordinary(), *SIGNATURES),
        "an empty signature": emptied(letters.ordinary(), *SIGNATURES),
    }
    if session.reads == "standard":
        posts["no id"] = without(letters.ordinary(), WEBHOOK_ID)
        posts["no time"] = without(letters.ordinary(), TIMESTAMP)
    elif letters.dialect.name == "zinrelo":
        posts["no nonce"] = without(letters.ordinary(), NONCE)
    for what, post in posts.items():
        for fault in refused(session.send(post)):
            yield f"{what}: {fault}"
    yield from session.miscounted(before, 0)


CHECK = Check(
    rank=71,
    sent="no signature",
    wanted="401",
    harm="Whoever leaves a header out gets past the lock.",
    run=run,
)
