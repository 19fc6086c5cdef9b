"""Two requests over one connection, as a sender with much to say makes them."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Send the second over the connection of the first, unless the consumer said that it closes."""
    letters = session.letters
    first, second = session.send_along(letters.ordinary(), letters.ordinary())
    if first.status is not None and not first.closes and not second.is_kept:
        yield "the connection was closed after the answer, and no header said so"


CHECK = Check(
    rank=42,
    sent="two requests over one connection",
    wanted="the connection is kept, or the answer says `Connection: close`",
    harm="Now and then a request runs into the closing and has to be sent again.",
    run=run,
)
