"""Letters for tests: signed requests as delivery makes them, and what comes of sending them."""

import json
import random
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from standardwebhooks import Webhook

from stampbook.delivery.call import Policy, Request, Response
from stampbook.delivery.gate import Vet
from stampbook.delivery.links import Limits
from stampbook.delivery.posts import Posted, Posts
from stampbook.delivery.prepare import CONTENT_TYPE
from stampbook.delivery.secrets import new_secret
from stampbook.delivery.sender import Sender
from stampbook.dialects import catalogue, example_of
from stampbook.facts import catalogue as facts
from stampbook.nouns.examples import EXAMPLE_BUSINESS
from stampbook.values.ids import FactId, RequestId

SECRET = new_secret(random.Random(3).randbytes)
WAIT_SECONDS = 0.5
WAITS_MAX = 120


class PostsMaker(Protocol):
    def __call__(
        self,
        *,
        vet: Vet | None = None,
        certificates: Path | None = None,
        limits: Limits = ...,
    ) -> Posts[str]: ...


def a_sender() -> Sender[Posted[str]]:
    return Sender(Policy(allow_private=True, certificates=None, user_agent="Stampbook"))


def a_letter(url: str, *, dialect: str = "native") -> Request:
    """Make a request with an id of its own, signed now."""
    words, request_id = catalogue()[dialect], RequestId(secrets.token_hex(12))
    fact = example_of(facts()["points.earned"], FactId(secrets.token_hex(12)))
    letter = words.render((fact,), request_id, EXAMPLE_BUSINESS)
    now = datetime.now(UTC)  # noqa: TID251 - a consumer checks the age by the real clock
    headers = (
        (CONTENT_TYPE, letter.content_type),
        *words.sign(letter, (SECRET,), request_id, now).items(),
    )
    return Request(url=url, headers=headers, body=letter.body)


def id_in(request: Request) -> str:
    return dict(request.headers)["webhook-id"]


def send(posts: Posts[str], *requests: Request) -> list[Response]:
    """Send requests and give their answers in the same order."""
    for number, request in enumerate(requests):
        posts.start(str(number), request)
    answers: dict[str, Response] = {}
    for _ in range(WAITS_MAX):
        answers.update(posts.wait(WAIT_SECONDS))
        if not posts.in_flight:
            break
    return [answers[str(number)] for number in range(len(requests))]


def statuses(responses: Sequence[Response]) -> list[int | None]:
    return [response.status_code for response in responses]


def error_of(response: Response) -> str:
    assert response.status_code is None
    assert response.error
    return response.error


def receipt_of(response: Response) -> dict[str, Any]:
    assert (response.status_code, response.error) == (200, None)
    return json.loads(response.excerpt)


def verified(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Verify a message as a receiver of webhooks does."""
    return Webhook(SECRET).verify(body, dict(headers))
