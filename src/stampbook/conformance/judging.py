"""Judging: what is wrong with an answer, in words; no word when it is right.

Source: how the sender judges, core/delivery.py, and the Standard Webhooks specification.
"""

from collections.abc import Iterator

from stampbook.conformance.wire import Answer

RECEIVED = range(200, 300)
REDIRECTS = range(300, 400)
REFUSED = range(400, 500)
FAILED = range(500, 600)
GONE = 410
LATER = (409, 423, 425, 429, 503)
"""What says that another copy is at work right now; the sender tries again later."""


def received(answer: Answer) -> Iterator[str]:
    """Say what is wrong with the answer to a genuine request: it wants any 2xx."""
    status = answer.status
    if status in RECEIVED:
        return
    yield _common(answer) or (
        f"it was answered {status}, so it is sent again for three days and then given up"
    )


def refused(answer: Answer) -> Iterator[str]:
    """Say what is wrong with the answer to a forged request: it wants a 4xx, best 401."""
    status = answer.status
    if status in REFUSED and status != GONE:
        return
    if status in RECEIVED:
        yield f"it was taken: answered {status}"
    elif status is not None and status in FAILED:
        yield f"it broke the consumer, which answered {status} where it should have refused"
    else:
        yield _common(answer)


def received_once(answers: list[Answer]) -> Iterator[str]:
    """Say what is wrong with the answers to copies that came at the same time.

    Shapes: one at least was received; the others were as well, or were asked to come back.
    """
    if not any(answer.status in RECEIVED for answer in answers):
        yield "no copy was answered with 2xx"
    for answer in answers:
        if answer.status not in RECEIVED and answer.status not in LATER:
            yield _common(answer) or f"a copy was answered {answer.status}"


def _common(answer: Answer) -> str:
    """Say what is wrong with an answer to anything."""
    if answer.status is None:
        return f"it was not answered: {answer.error}"
    if answer.status == GONE:
        return "it was answered 410, which disables the endpoint for good"
    if answer.status in REDIRECTS:
        where = f" to {answer.location}" if answer.location else ""
        return f"it was redirected{where} ({answer.status}), and redirects are never followed"
    return ""
