"""OpenAPI: the 3.1 document, assembled from the routes and the structures they read and send."""

from collections.abc import Iterator
from inspect import getdoc
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from stampbook import __version__
from stampbook.api import problem as problems
from stampbook.api.decoding import without
from stampbook.api.problem import STATUS_OF, Problem, ProblemKind
from stampbook.api.route import SCOPES, AnyRoute, Noun, Submit, takes_key
from stampbook.api.schemas import field_texts, schemas_of, spelled, without_null
from stampbook.core.refusals import (
    IDEMPOTENCY_ANSWER_ERASED,
    IDEMPOTENCY_KEY_REUSED,
    MEMBER_MERGED,
    RefusalCode,
)
from stampbook.facts.schemas import bodies, openapi_webhooks

OPENAPI = "3.1.0"
WEBHOOKS_TAG = "webhooks"

EVERY_ROUTE = (
    problems.KEY_MISSING,
    problems.KEY_INVALID,
    problems.KEY_SCOPE_MISSING,
    problems.ENGINE_UNAVAILABLE,
)
EVERY_INPUT = (problems.REQUEST_INVALID, problems.REQUEST_TEXT_UNSTORABLE)
EVERY_BODY = (
    problems.REQUEST_MALFORMED,
    problems.REQUEST_TOO_DEEP,
    problems.REQUEST_INCOMPLETE,
    problems.REQUEST_TOO_LARGE,
    problems.REQUEST_MEDIA_TYPE,
)
EVERY_WRITE = (
    problems.IDEMPOTENCY_KEY_INVALID,
    IDEMPOTENCY_KEY_REUSED,
    IDEMPOTENCY_ANSWER_ERASED,
)

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same request gives the same answer, refusals included; "
    "it is kept for 72 hours.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
}
REQUEST_ID = {
    "X-Request-Id": {
        "description": "The id of this request: the `cause` of every fact that follows from it.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
    }
}
REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` when the answer was given before to the same Idempotency-Key.",
        "schema": {"type": "string", "const": "true"},
    }
}


SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "sb_...",
    "description": "An API key of one program. Its scopes: "
    + " ".join(f"`{scope}`: {text}" for scope, text in SCOPES.items()),
}


class Shape(Struct, frozen=True):
    """A route with the types that its description needs, each made once."""

    route: AnyRoute
    body: type[Struct] | None
    parameters: tuple[FieldInfo, ...]


def document(nouns: tuple[Noun, ...], description: str) -> dict[str, Any]:
    """Assemble the document.

    Shapes: every answer that a route can give is declared, apart from 500; each error's
    description lists its codes.
    """
    shapes = {noun.name: tuple(_shape(route) for route in noun.routes) for noun in nouns}
    types: list[Any] = [Problem, *bodies().values()]
    sent = [*bodies().values(), *(route.gives for noun in nouns for route in noun.routes)]
    for shape in (shape for of_noun in shapes.values() for shape in of_noun):
        types += [shape.body or Problem, shape.route.gives]
        types += [parameter.type for parameter in shape.parameters]
    schemas = schemas_of(types, sent)
    made = iter(schemas.of)
    problem = next(made)
    facts = {name: next(made) for name in bodies()}
    paths: dict[str, dict[str, Any]] = {}
    for name, of_noun in shapes.items():
        for shape in of_noun:
            operation = _operation(shape, name, made, problem)
            paths.setdefault(shape.route.path, {})[shape.route.method.lower()] = operation
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Stampbook",
            "version": __version__,
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [
            *({"name": noun.name, "description": noun.description} for noun in nouns),
            {"name": WEBHOOKS_TAG, "description": "What subscribers of the native dialect get."},
        ],
        "paths": paths,
        "webhooks": openapi_webhooks(facts),
        "components": {"schemas": schemas.components, "securitySchemes": {"key": SECURITY}},
    }


def problems_of(route: AnyRoute) -> dict[int, dict[str, str]]:
    """Give every code that a route may answer, and what it means, by status."""
    kinds: list[RefusalCode | ProblemKind] = [*EVERY_ROUTE, *route.refuses]
    if fields(route.asks):
        kinds += EVERY_INPUT
    if not route.reads_query or route.reads_text:
        kinds += EVERY_BODY
    if takes_key(route):
        kinds += EVERY_WRITE
    if isinstance(route, Submit):
        kinds += (problems.ENGINE_BUSY, MEMBER_MERGED)
    found: dict[int, dict[str, str]] = {}
    for kind in kinds:
        if isinstance(kind, ProblemKind):
            found.setdefault(kind.status, {})[kind.code] = kind.title
        else:
            found.setdefault(STATUS_OF[kind.kind], {})[kind.code] = kind.meaning
    return dict(sorted(found.items()))


def _shape(route: AnyRoute) -> Shape:
    names = route.path_names
    own = {info.name: info for info in fields(route.asks)}
    in_path = tuple(own[name] for name in names)
    if route.reads_query:
        return Shape(
            route, None, in_path + tuple(info for info in own.values() if info.name not in names)
        )
    return Shape(route, without(route.asks, names) if names else route.asks, in_path)


def _operation(
    shape: Shape, tag: str, schemas: Iterator[dict[str, Any]], problem: dict[str, Any]
) -> dict[str, Any]:
    """Describe one route; takes the schemas of its types from the front."""
    route = shape.route
    body, gives = next(schemas), next(schemas)
    parameters = [_parameter(route, info, next(schemas)) for info in shape.parameters]
    headers = REQUEST_ID
    if takes_key(route):
        parameters.append(IDEMPOTENCY_KEY)
        headers = REQUEST_ID | REPLAYED
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": f"{spelled(getdoc(route.asks) or '')}\n\nScope: `{route.scope}`.",
        "tags": [tag],
        "parameters": parameters,
        "responses": {
            str(route.status): {
                "description": spelled(getdoc(route.gives) or ""),
                "headers": headers,
                "content": {"application/json": {"schema": gives}},
            },
            **{
                str(status): {
                    "description": "\n".join(f"- `{code}`: {told}" for code, told in codes.items()),
                    "headers": REQUEST_ID,
                    "content": {"application/problem+json": {"schema": problem}},
                }
                for status, codes in problems_of(route).items()
            },
        },
    }
    if route.reads_text:
        text = {"schema": {"type": "string"}, "example": route.example}
        operation["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(route.media_types, text),
        }
    elif shape.body is not None:
        content: dict[str, Any] = {"schema": body}
        if route.example is not None:
            content["example"] = route.example
        operation["requestBody"] = {
            "required": any(info.required for info in fields(shape.body)),
            "content": {"application/json": content},
        }
    return operation


def _parameter(route: AnyRoute, info: FieldInfo, schema: dict[str, Any]) -> dict[str, Any]:
    in_path = info.name in route.path_names
    parameter: dict[str, Any] = {
        "name": info.name,
        "in": "path" if in_path else "query",
        "required": in_path or info.required,
        "schema": without_null(schema),
    }
    text = field_texts(route.asks).get(info.name)
    if text is not None:
        parameter["description"] = spelled(text)
    if not in_path and info.default not in {NODEFAULT, None}:
        parameter["schema"]["default"] = info.default
    return parameter
