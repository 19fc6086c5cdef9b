"""How long an answer takes."""

from collections.abc import Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.letters import CHANGE
from stampbook.conformance.session import Session

TIMES = 3


def run(session: Session) -> Iterator[str]:
    """Send some, and look at the slowest."""
    letters = session.letters
    answers = [session.send(letters.sign(letters.write(CHANGE))) for _ in range(TIMES)]
    slowest = max(answer.seconds for answer in answers)
    allowed = session.limits.answer_seconds_max
    if slowest > allowed:
        yield f"an answer took {slowest:.1f} seconds; {allowed:g} are plenty"


CHECK = Check(
    rank=41,
    sent="three genuine events",
    wanted="an answer within a few seconds",
    harm="The sender hangs up after fifteen seconds and tries again. Store the event, answer, and "
    "do the work afterwards.",
    run=run,
)
