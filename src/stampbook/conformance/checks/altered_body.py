"""Genuine signatures over another body: a value changed, or white space alone."""

from collections.abc import Iterator

from msgspec.structs import replace

from stampbook.conformance.checks import Check
from stampbook.conformance.judging import refused
from stampbook.conformance.session import Session


def run(session: Session) -> Iterator[str]:
    """Change the body after it was signed."""
    before = session.processed()
    post = session.letters.ordinary()
    bodies = {
        "a value changed": post.body.replace(b"62", b"99"),
        "a space put in": post.body.replace(b":", b": ", 1),
        "a line break at the end": post.body + b"\n",
    }
    for what, body in bodies.items():
        for fault in refused(session.send(replace(post, body=body))):
            yield f"{what}: {fault}"
    yield from session.miscounted(before, 0)


CHECK = Check(
    rank=73,
    sent="a body that is not the one that was signed",
    wanted="401",
    harm="Somebody between can change the points. If white space alone goes through, the consumer "
    "verifies what it wrote itself, and will refuse genuine events that it writes otherwise.",
    run=run,
)
