"""A genuine event of each type that the dialect sends."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session

SILENCES_MAX = 3
"""Requests without an answer, after which no more are sent."""
NAMED_MAX = 8
"""Types that are named; the others are counted."""


def run(session: Session) -> Iterator[str]:
    """Send one of each; types that were answered alike are named together."""
    wrong: dict[str, dict[str, None]] = {}
    silences = 0
    for name in session.letters.spoken():
        letter = session.letters.write(name)
        answer = session.send(session.letters.sign(letter))
        for fault in received(answer):
            wrong.setdefault(fault, {})[letter.event_type] = None
        silences += answer.status is None
        if silences >= SILENCES_MAX:
            break
    for fault, types in wrong.items():
        more = f" and {len(types) - NAMED_MAX} more" if len(types) > NAMED_MAX else ""
        yield f"{', '.join(list(types)[:NAMED_MAX])}{more}: {fault}"


CHECK = Check(
    rank=10,
    sent="a genuine event of each type",
    wanted="2xx",
    harm="What is not answered with 2xx comes again and again, and in the end never.",
    run=run,
)
