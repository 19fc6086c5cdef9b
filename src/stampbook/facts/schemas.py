"""Schemas: what a subscriber of native webhooks may rely on, made from the structures that it gets.

One JSON Schema per fact; together they are an AsyncAPI 3 document and the `webhooks` section of an
OpenAPI 3.1 document. Pure: every function gives a new tree.
"""

from collections.abc import Mapping
from functools import cache
from inspect import cleandoc, getdoc
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from stampbook.facts import FactType, catalogue
from stampbook.facts.envelope import Envelope
from stampbook.nouns.examples import EXAMPLE_NOW
from stampbook.values.ids import ID_PATTERN
from stampbook.values.json import decode, encode
from stampbook.values.signatures import WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI = "3.0.0"
CHANNEL = "facts"

HEADERS: dict[str, dict[str, Any]] = {
    WEBHOOK_ID: {
        "type": "string",
        "pattern": ID_PATTERN,
        "description": "The same on every retry: a receiver drops what it has seen.",
    },
    WEBHOOK_TIMESTAMP: {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "When the attempt was made, in seconds since 1970.",
    },
    WEBHOOK_SIGNATURE: {
        "type": "string",
        "pattern": "^v1a?,[A-Za-z0-9+/]+=*( v1a?,[A-Za-z0-9+/]+=*)*$",
        "description": "One signature for each secret in force, separated by spaces: `v1` with a "
        "shared secret, `v1a` with a private key.",
    },
}


@cache
def bodies() -> Mapping[str, type[Struct]]:
    """Give the structure of the native body of every fact by its native name.

    Shapes: the fields of Envelope, with this fact's name and data in place of any fact's.
    """
    return {name: _body(fact) for name, fact in catalogue().items()}


def json_schemas() -> dict[str, dict[str, Any]]:
    """Give a JSON Schema of the native body of every fact by its native name.

    Shapes: each stands alone, with what it refers to in `$defs`.
    """
    schemas: dict[str, dict[str, Any]] = {}
    for name, body in bodies().items():
        (root,), parts = msgspec.json.schema_components((body,), ref_template="#/$defs/{name}")
        _require_all(parts)
        schemas[name] = {"$schema": DRAFT, **root, "$defs": parts}
    return schemas


def asyncapi(title: str, version: str) -> dict[str, Any]:
    """Give the AsyncAPI 3 document of the native webhooks; `version` is that of the software."""
    roots, parts = msgspec.json.schema_components(
        bodies().values(), ref_template=_ref("schemas", "{name}")
    )
    _require_all(parts)
    messages = {
        name: {
            "name": name,
            "title": fact.data.__name__,
            "summary": fact.sent_when,
            "description": getdoc(fact.data),
            "contentType": "application/json",
            "headers": {"$ref": _ref("schemas", "WebhookHeaders")},
            "payload": root,
            "examples": [{"name": name, "payload": example_body(fact)}],
        }
        for (name, fact), root in zip(catalogue().items(), roots, strict=True)
    }
    return {
        "asyncapi": ASYNCAPI,
        "info": {"title": title, "version": version},
        "defaultContentType": "application/json",
        "channels": {
            CHANNEL: {
                "address": None,
                "description": "The URL of the subscriber's endpoint.",
                "messages": {name: {"$ref": _ref("messages", name)} for name in messages},
            }
        },
        "operations": {
            "sendFact": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{CHANNEL}"},
                "summary": "Each fact is sent to every endpoint that subscribes to its type.",
            }
        },
        "components": {
            "messages": messages,
            "schemas": {**parts, "WebhookHeaders": _headers_schema()},
        },
    }


def openapi_webhooks(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give the `webhooks` section of an OpenAPI 3.1 document.

    Shapes: `schemas` are the schemas of `bodies()` by fact name, as the document that holds the
    section refers to them: one call of `msgspec.json.schema_components` over these bodies and the
    document's own structures keeps names that both use apart.
    """
    parameters = [
        {"name": name, "in": "header", "required": True, "schema": schema}
        for name, schema in HEADERS.items()
    ]
    return {
        name: {
            "post": {
                "operationId": f"send_{name.replace('.', '_')}",
                "summary": fact.sent_when,
                "description": getdoc(fact.data),
                "tags": ["webhooks"],
                "parameters": parameters,
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": dict(schemas[name]),
                            "example": example_body(fact),
                        }
                    },
                },
                "responses": {"2XX": {"description": "Received; nothing is sent again."}},
            }
        }
        for name, fact in catalogue().items()
    }


def example_body(fact: FactType) -> dict[str, Any]:
    """Give the native body of a fact's example as a tree."""
    envelope = Envelope(type=fact.name, timestamp=EXAMPLE_NOW, data=Raw(encode(fact.example())))
    return decode(encode(envelope), dict[str, Any])


def _body(fact: FactType) -> type[Struct]:
    own = {
        "type": Annotated[str, Meta(extra_json_schema={"const": fact.name})],
        "data": fact.data,
    }
    return msgspec.defstruct(
        f"{fact.data.__name__}Body",
        [
            (field.name, own.get(field.name, field.type))
            for field in msgspec.structs.fields(Envelope)
        ],
        namespace={"__doc__": fact.sent_when},
        frozen=True,
        kw_only=True,
    )


def _require_all(parts: dict[str, Any]) -> None:
    """Say that every property is there: defaults are for reading old facts, all of it is sent."""
    for part in parts.values():
        part["description"] = cleandoc(part.get("description", ""))
        part["required"] = list(part["properties"])
        for schema in part["properties"].values():
            schema.pop("default", None)


def _headers_schema() -> dict[str, Any]:
    return {"type": "object", "required": list(HEADERS), "properties": HEADERS}


def _ref(kind: str, name: str) -> str:
    return f"#/components/{kind}/{name}"
