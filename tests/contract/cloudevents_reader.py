"""A subscriber of CloudEvents: the specification's own rules, and the published schemas of data.

Source: CloudEvents 1.0, its JSON format and its HTTP binding.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from jsonschema_rs import Draft202012Validator

from tests.contract import native_reader, standard_webhook

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

TEXT = {"type": "string", "minLength": 1}
EVENT = Draft202012Validator(
    {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "sequence", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
            "source": {"type": "string", "format": "uri-reference", "minLength": 1},
            "type": TEXT,
            "subject": TEXT,
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "sequence": {"type": "string", "pattern": "^[0-9]{10}$"},
            "data": {"type": "object"},
        },
        "additionalProperties": False,
        "propertyNames": {"pattern": "^[a-z0-9]{1,20}$"},
    },
    validate_formats=True,
)


def check(body: bytes, headers: Mapping[str, str], secret: str) -> list[str]:
    """Give everything that is wrong with a request; nothing when it keeps the specification."""
    got = {key.lower(): value for key, value in headers.items()}
    tree: Any = json.loads(body)
    problems = [*standard_webhook.signature(body, got, secret)]
    is_batch = isinstance(tree, list)
    events: list[Any] = cast("list[Any]", tree) if is_batch else [tree]
    wanted = BATCH if is_batch else ONE
    if got.get("content-type") != wanted:
        problems.append(f"content-type: {got.get('content-type')} and not {wanted}")
    if is_batch and len(events) < 2:
        problems.append("body: a batch of one")
    for event in events:
        problems += _event(event)
    return problems


def _event(event: Any) -> Iterator[str]:
    errors = [error.message for error in EVENT.iter_errors(event)]
    if errors:
        yield from errors
        return
    data = event["data"]
    yield from native_reader.check_body(
        json.dumps({"type": event["type"], "timestamp": event["time"], "data": data}).encode()
    )
    about = data["member"]["member_id"] if "member" in data else data["endpoint"]["id"]
    if event.get("subject") != about:
        yield f"subject: {event.get('subject')} and not {about}"
    if int(event["sequence"]) != data["sequence"]:
        yield f"sequence: {event['sequence']} and not {data['sequence']}"
    if re.fullmatch("/programs/[^/]+", event["source"]) is None:
        yield f"source: {event['source']} is no program"
