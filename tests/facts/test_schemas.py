"""The published documents hold every fact, and all that they refer to is in them."""

import json
from collections.abc import Iterator
from typing import Any, cast, get_args

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator, meta
from msgspec import Struct

from stampbook import facts
from stampbook.facts import schemas
from stampbook.nouns.member import Member

DOCUMENTS = {
    **schemas.json_schemas(),
    "asyncapi": schemas.asyncapi("Stampbook", "0.1.0"),
}


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        fields = cast("dict[str, Any]", tree)
        yield fields
        for value in fields.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in cast("list[Any]", tree):
            yield from nodes(value)


def structs(kind: Any) -> Iterator[type[Struct]]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
        for field in msgspec.structs.fields(kind):
            yield from structs(field.type)
    for part in get_args(kind):
        yield from structs(part)


def target(document: Any, reference: str) -> Any:
    for key in reference.removeprefix("#/").split("/"):
        document = document[key]
    return document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_reference_leads_somewhere(name: str) -> None:
    document = json.loads(json.dumps(DOCUMENTS[name]))
    references = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    assert references
    for reference in references:
        assert target(document, reference)


@pytest.mark.parametrize("name", facts.catalogue())
def test_each_fact_has_a_valid_schema(name: str) -> None:
    assert meta.is_valid(DOCUMENTS[name])
    validator = Draft202012Validator(DOCUMENTS[name], validate_formats=True)
    assert validator.is_valid(schemas.example_body(facts.catalogue()[name]))
    assert not validator.is_valid({"type": name, "timestamp": "2026-05-04T09:30:15Z", "data": {}})


def test_no_structure_that_is_sent_leaves_out_its_defaults() -> None:
    sent = {struct for body in schemas.bodies().values() for struct in structs(body)}
    assert Member in sent
    assert [struct for struct in sent if struct.__struct_config__.omit_defaults] == []


def test_the_asyncapi_document_sends_every_fact() -> None:
    document = DOCUMENTS["asyncapi"]
    assert document["asyncapi"].startswith("3.")
    messages = document["components"]["messages"]
    assert set(messages) == set(facts.catalogue())
    assert set(document["channels"]["facts"]["messages"]) == set(messages)


def test_the_openapi_section_refers_to_the_schemas_of_its_document() -> None:
    refs, components = msgspec.json.schema_components(
        schemas.bodies().values(), ref_template="#/components/schemas/{name}"
    )
    section = schemas.openapi_webhooks(dict(zip(schemas.bodies(), refs, strict=True)))
    document = {"components": {"schemas": components}, "webhooks": section}
    assert set(section) == set(facts.catalogue())
    for name, item in section.items():
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        body = target(document, schema["$ref"])
        assert body["properties"]["type"]["const"] == name
    identifiers = [item["post"]["operationId"] for item in section.values()]
    assert len(identifiers) == len(set(identifiers))
