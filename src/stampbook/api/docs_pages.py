"""Docs pages: the OpenAPI document as pages that need no network and run no script."""

import json
from collections.abc import Mapping
from shlex import quote
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from stampbook.api.exchange import NO_SNIFF, Header, Reply
from stampbook.api.openapi import IDEMPOTENCY_KEY, WEBHOOKS_TAG
from stampbook.api.problem import PROBLEMS_PATH, ProblemKind, problem_kinds
from stampbook.api.route import SCOPES
from stampbook.api.spelling import Field, Tree, field_of, fields_of, paragraphs, resolved

CSP = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
CACHED: Header = (b"cache-control", b"public, max-age=300")
PAGE_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", CSP.encode()),
    (b"referrer-policy", b"no-referrer"),
    CACHED,
    NO_SNIFF,
)
STYLE_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/css; charset=utf-8"),
    CACHED,
    NO_SNIFF,
)

NOTHING: Tree = {}
HOST = "https://stampbook.example"


class Operation(Struct, frozen=True, kw_only=True):
    """What a page says of one route."""

    id: str
    slug: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    media_types: tuple[str, ...]
    body_fields: tuple[Field, ...]
    curl: str
    status: str
    answer_description: str
    answer_fields: tuple[Field, ...]
    problems: tuple[ProblemKind, ...]


class Section(Struct, frozen=True, kw_only=True):
    """What the pages say of one noun."""

    name: str
    slug: str
    description: str
    operations: tuple[Operation, ...]


def docs_pages(document: Tree, codes: Mapping[str, tuple[str, ...]]) -> dict[str, Reply]:
    """Render every page of the reference by its path.

    Shapes: `codes` are the problem codes of each operation by its id.
    """
    pages = Environment(
        loader=PackageLoader("stampbook.api"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    components: Tree = document["components"]["schemas"]
    nouns = _sections(document, codes)
    shared = {"info": document["info"], "nouns": nouns, "paragraphs": paragraphs}

    def page(template: str, here: str, **values: Any) -> Reply:
        text = pages.get_template(template).render(**shared, here=here, **values)
        return Reply(200, text.encode(), PAGE_HEADERS)

    style, _, _ = PackageLoader("stampbook.api").get_source(pages, "style.css")
    operations = [operation for noun in nouns for operation in noun.operations]
    return {
        "/docs": page("overview.html", "overview", scopes=SCOPES),
        **{f"/docs/{noun.slug}": page("noun.html", noun.slug, noun=noun) for noun in nouns},
        "/docs/webhooks": page("webhooks.html", "webhooks", webhooks=_webhooks(document)),
        "/docs/schemas": page("schemas.html", "schemas", schemas=_schemas(components)),
        "/docs/problems": page("problems.html", "problems", problems=problem_kinds().values()),
        **{
            PROBLEMS_PATH + code: page(
                "problem.html",
                "problems",
                problem=problem,
                operations=[each for each in operations if problem in each.problems],
            )
            for code, problem in problem_kinds().items()
        },
        "/docs/style.css": Reply(200, style.encode(), STYLE_HEADERS),
    }


def _sections(document: Tree, codes: Mapping[str, tuple[str, ...]]) -> tuple[Section, ...]:
    components: Tree = document["components"]["schemas"]
    kinds = problem_kinds()
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            problems = tuple(kinds[code] for code in codes[operation["operationId"]])
            found.setdefault(operation["tags"][0], []).append(
                _operation(path, method.upper(), operation, components, problems)
            )
    return tuple(
        Section(
            name=tag["name"],
            slug=_slug(tag["name"]),
            description=tag["description"],
            operations=tuple(found[tag["name"]]),
        )
        for tag in document["tags"]
        if tag["name"] != WEBHOOKS_TAG
    )


def _operation(
    path: str, method: str, operation: Tree, components: Tree, problems: tuple[ProblemKind, ...]
) -> Operation:
    content: Tree = operation.get("requestBody", {}).get("content", {})
    status, answer = next(iter(operation["responses"].items()))
    body: Tree = next((described["schema"] for described in content.values()), NOTHING)
    gives: Tree = answer["content"]["application/json"]["schema"]
    return Operation(
        id=operation["operationId"],
        slug=_slug(operation["tags"][0]),
        method=method,
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        parameters=tuple(
            field_of(
                each["name"],
                each["schema"] | {"description": each.get("description", "")},
                required=each.get("required", False),
                place=each["in"],
            )
            for each in operation["parameters"]
        ),
        media_types=tuple(content),
        body_fields=fields_of(body, components),
        curl=_curl(path, method, content),
        status=status,
        answer_description=answer["description"],
        answer_fields=fields_of(gives, components),
        problems=problems,
    )


def _curl(path: str, method: str, content: Tree) -> str:
    lines = [f"curl -X {method} {quote(HOST + path)}", "-H 'Authorization: Bearer sb_...'"]
    if method != "GET":
        lines.append(f"-H '{IDEMPOTENCY_KEY['name']}: order-1001-a'")
    for media_type, described in content.items():
        lines.append(f"-H 'Content-Type: {media_type}'")
        if "example" in described:
            example = described["example"]
            text = example if isinstance(example, str) else json.dumps(example, indent=2)
            lines.append(f"--data-binary {quote(text)}")
        break
    return " \\\n  ".join(lines)


def _webhooks(document: Tree) -> list[dict[str, Any]]:
    components: Tree = document["components"]["schemas"]
    found: list[dict[str, Any]] = []
    for name, methods in document["webhooks"].items():
        described: Tree = methods["post"]["requestBody"]["content"]["application/json"]
        body = resolved(described["schema"], components)
        found.append(
            {
                "name": name,
                "summary": methods["post"]["summary"],
                "description": methods["post"]["description"],
                "fields": fields_of(body["properties"]["data"], components),
                "example": json.dumps(described["example"], indent=2, ensure_ascii=False),
            }
        )
    return found


def _schemas(components: Tree) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "description": schema.get("description", ""),
            "fields": fields_of(schema, components),
        }
        for name, schema in sorted(components.items())
    ]


def _slug(name: str) -> str:
    return name.replace(" ", "-")
