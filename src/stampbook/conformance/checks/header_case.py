"""Header names in another case, as some proxies write them."""

from collections.abc import Iterator

from msgspec.structs import replace

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import received
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Send one request with capitals, and one that shouts."""
    for spell in (str.title, str.upper):
        post = session.letters.ordinary()
        headers = tuple((spell(name), value) for name, value in post.headers)
        for fault in received(session.send(replace(post, headers=headers))):
            yield f"{headers[1][0]}: {fault}"


CHECK = Check(
    rank=50,
    sent="header names in capitals",
    wanted="2xx",
    harm="Names of headers have no case. A proxy or a library that spells them in its own way "
    "would stop every webhook.",
    run=run,
)
