"""Signatures that are none: cut, of no scheme, or of other digits."""

from collections.abc import Callable, Iterator

from stampbook.conformance.checks import Check
from stampbook.conformance.forging import with_signatures
from stampbook.conformance.judging import refused
from stampbook.conformance.session import Session

SPOILED: dict[str, Callable[[str], str]] = {
    "cut to its beginning": lambda digest: digest[:8],
    "one character": lambda digest: digest[:1],
    "other digits": lambda digest: digest[::-1],
    "no digest at all": lambda _: "%%%",
}


def run(session: Session) -> Iterator[str]:
    """Send a request with each of them."""
    before = session.processed()
    for what, spoil in SPOILED.items():
        answer = session.send(with_signatures(session.letters.ordinary(), spoil))
        for fault in refused(answer):
            yield f"{what}: {fault}"
    yield from session.miscounted(before, 0)


CHECK = Check(
    rank=70,
    sent="signatures that are none",
    wanted="401",
    harm="Anybody who knows the URL can give points away.",
    run=run,
)
