"""A consumer's structures are what the dialects send: nothing is missing, nothing is narrower."""

import json
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import pytest

from docs.generate_payloads import FILE, payloads
from stampbook import dialects, facts
from stampbook.consumer import DialectName, Unknown, native, nector, parse, zinrelo
from stampbook.dialects import Dialect, StoredFact
from stampbook.facts import FactHead, type_of
from stampbook.nouns.examples import EXAMPLE_BUSINESS, EXAMPLE_NOW
from stampbook.values.ids import FactId, RequestId
from stampbook.values.json import encode_text
from tests.contract.test_zinrelo_variants import VARIANTS

REQUEST = RequestId("019df2a1c0de4a0000000090")


@dataclass(frozen=True)
class Case:
    dialect: DialectName
    data: FactHead


EXAMPLES: list[FactHead] = [fact.example() for fact in facts.catalogue().values()]
MORE: list[FactHead] = [data for data, _ in VARIANTS.values()]
NAMES: tuple[DialectName, ...] = ("native", "zinrelo", "nector", "cloudevents")


def spoken(name: DialectName) -> list[Case]:
    dialect = dialects.catalogue()[name]
    said = [
        data
        for data in (*EXAMPLES, *MORE)
        if dialect.event_types(facts.catalogue()[type_of(type(data))])
    ]
    return [Case(name, data) for data in said]


CASES = {
    f"{case.dialect} {type_of(type(case.data))} {number}": case
    for name in NAMES
    for number, case in enumerate(spoken(name))
}


def rendered(dialect: Dialect, data: FactHead) -> tuple[str, bytes]:
    stored = StoredFact(
        id=FactId("019df2a1c0de4a0000000100"),
        type=type_of(type(data)),
        cause=data.cause,
        occurred_at=EXAMPLE_NOW,
        recorded_at=EXAMPLE_NOW,
        body=encode_text(data),
    )
    letter = dialect.render([stored], REQUEST, EXAMPLE_BUSINESS)
    return letter.event_type, letter.body


def lost(sent: Any, kept: Any, path: str = "data") -> list[str]:
    """Give where something of what was sent is not in what was kept."""
    sent, kept = items(sent), items(kept)
    if not (isinstance(sent, dict) and isinstance(kept, dict)):
        return [] if sent == kept else [path]
    had, has = cast("dict[str, Any]", sent), cast("dict[str, Any]", kept)
    return [
        place
        for key, value in had.items()
        for place in lost(value, has.get(key, ...), f"{path}.{key}")
    ]


def items(tree: Any) -> Any:
    """Give a list as the dict of its places."""
    if not isinstance(tree, list):
        return tree
    return {str(place): item for place, item in enumerate(cast("list[Any]", tree))}


@pytest.mark.parametrize("name", CASES)
def test_everything_that_is_sent_has_its_field(name: str) -> None:
    case = CASES[name]
    event_type, body = rendered(dialects.catalogue()[case.dialect], case.data)
    headers = {"webhook-id": REQUEST, "x-nector-topic": event_type}
    (event,) = parse(case.dialect, headers, body).events
    assert event.type == event_type
    assert not isinstance(event.data, Unknown)
    assert lost(event.raw, json.loads(msgspec.json.encode(event.data))) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_type_that_may_be_sent_has_its_structure_and_no_other(name: DialectName) -> None:
    dialect = dialects.catalogue()[name]
    sent = {word for fact in facts.catalogue().values() for word in dialect.event_types(fact)}
    types = {
        "native": native.TYPES,
        "cloudevents": native.TYPES,
        "zinrelo": zinrelo.TYPES,
        "nector": nector.TYPES,
    }[name]
    assert types.keys() == sent


def test_every_dialect_can_be_read() -> None:
    assert set(dialects.catalogue()) == set(NAMES)


def test_the_native_structures_are_those_of_the_facts() -> None:
    assert FILE.read_text(encoding="utf-8") == payloads(), "run `python -m docs.generate_payloads`"


def test_a_friend_may_say_all_that_a_member_says() -> None:
    member = set(zinrelo.MemberInfo.__struct_fields__)
    assert set(zinrelo.FriendInfo.__struct_fields__) == member


def test_the_structures_read_what_older_senders_sent() -> None:
    """Take away what has a default in the fact: it came later, and old facts are sent without."""
    for fact in facts.catalogue().values():
        kind = native.TYPES[fact.name]
        wanted = {f.name for f in msgspec.structs.fields(kind) if f.required}
        required = {f.name for f in msgspec.structs.fields(fact.data) if f.required}
        assert wanted == required
