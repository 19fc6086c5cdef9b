"""The same request again: an answer that got lost on its way back looks like that."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session

TIMES = 3


def run(session: Session) -> Iterator[str]:
    """Send one request several times, one after the other."""
    before = session.processed()
    post = session.letters.ordinary()
    for _ in range(TIMES):
        yield from received(session.send(post))
    yield from session.miscounted(before, 1)


CHECK = Check(
    rank=20,
    sent="the same request three times",
    wanted="2xx each time; its event is processed once",
    harm="A customer gets the same points, coupon or mail twice; or, if a copy is answered with "
    "an error, the sender takes it for lost.",
    needs_count=True,
    run=run,
)
