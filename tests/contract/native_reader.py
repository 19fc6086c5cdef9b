"""A subscriber of native webhooks: the published schemas and the public signature library.

`check` may read any recorded traffic: it proves the signature for the timestamp that was sent,
and leaves the age of a message to the library's own `verify`.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from jsonschema_rs import Draft202012Validator
from standardwebhooks.webhooks import Webhook

from stampbook.facts.schemas import HEADERS, json_schemas


def check(body: bytes, headers: Mapping[str, str], secret: str) -> list[str]:
    """Give everything that is wrong with a request; nothing when it keeps what is published."""
    return [*_signature(body, headers, secret), *check_body(body)]


@cache
def _validators() -> dict[str, Draft202012Validator]:
    return {
        name: Draft202012Validator(schema, validate_formats=True)
        for name, schema in json_schemas().items()
    }


@cache
def _header_validators() -> dict[str, Draft202012Validator]:
    return {header: Draft202012Validator(schema) for header, schema in HEADERS.items()}


def _signature(body: bytes, headers: Mapping[str, str], secret: str) -> Iterator[str]:
    got = {key.lower(): value for key, value in headers.items()}
    for header, validator in _header_validators().items():
        if not validator.is_valid(got.get(header)):
            yield f"{header}: {got.get(header)!r} is not as published"
            return
    sent_at = datetime.fromtimestamp(int(got["webhook-timestamp"]), UTC)
    wanted = Webhook(secret).sign(got["webhook-id"], sent_at, body.decode())
    if wanted not in got["webhook-signature"].split(" "):
        yield "webhook-signature: none of them fits"


def check_body(body: bytes) -> Iterator[str]:
    """Give what is wrong with a body, whatever proves it."""
    tree: Any = json.loads(body)
    kind = cast("dict[str, Any]", tree).get("type") if isinstance(tree, dict) else None
    validator = _validators().get(str(kind))
    if validator is None:
        yield f"body.type: {kind!r} is not published"
        return
    for error in validator.iter_errors(tree):
        yield f"body.{'.'.join(map(str, error.instance_path))}: {error.message}"
