"""The largest body that the dialect sends: a full batch, or one very large event."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Send it."""
    before = session.processed()
    letter = session.letters.large()
    answer = session.send(session.letters.sign(letter))
    for fault in received(answer):
        yield f"{len(letter.body) // 1024} kB: {fault}"
    yield from session.miscounted(before, session.letters.dialect.usual_size)


CHECK = Check(
    rank=40,
    sent="a full batch, or a very large event",
    wanted="2xx; every event of it is processed",
    harm="A limit of the server or of the proxy before it refuses exactly the days with the most "
    "points; whoever reads only the first event of a batch loses the others.",
    run=run,
)
