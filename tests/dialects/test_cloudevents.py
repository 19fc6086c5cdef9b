"""CloudEvents: one event or a batch, as the media type says; the strict reader accepts them all."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from stampbook import dialects, facts
from stampbook.core.asking import says
from stampbook.dialects import Letter, StoredFact, example_of
from stampbook.nouns.examples import EXAMPLE_BUSINESS
from stampbook.values.ids import FactId, RequestId
from stampbook.values.signatures import secret_of
from tests.contract import cloudevents_reader

CLOUDEVENTS = dialects.catalogue()["cloudevents"]
NATIVE = dialects.catalogue()["native"]
SECRET = secret_of(bytes(range(32)))
REQUEST = RequestId("019df2a1c0de4a0000000090")
SENT_AT = datetime(2026, 5, 4, 9, 30, 16, 250_000, tzinfo=UTC)


def example(name: str, number: int = 1) -> StoredFact:
    return example_of(facts.catalogue()[name], FactId(f"019df2a1c0de4a00000001{number:02x}"))


def letter_of(*some: StoredFact) -> Letter:
    return CLOUDEVENTS.render(some, REQUEST, EXAMPLE_BUSINESS)


def problems(letter: Letter) -> list[str]:
    headers = CLOUDEVENTS.sign(letter, [SECRET], REQUEST, SENT_AT)
    return cloudevents_reader.check(
        letter.body, {**headers, "content-type": letter.content_type}, SECRET
    )


@pytest.mark.parametrize("name", facts.catalogue())
def test_every_fact_is_an_event_under_its_own_name(name: str) -> None:
    letter = letter_of(example(name))
    assert problems(letter) == []
    event = json.loads(letter.body)
    assert (event["type"], event["id"]) == (name, example(name).id)
    assert event["data"] == json.loads(NATIVE.render([example(name)], REQUEST, None).body)["data"]


def test_several_facts_are_a_batch_and_each_has_the_id_of_its_fact() -> None:
    some = [example("member.deleted", number) for number in range(CLOUDEVENTS.batch_size)]
    letter = letter_of(*some)
    assert letter.content_type == "application/cloudevents-batch+json"
    assert problems(letter) == []
    assert [event["id"] for event in json.loads(letter.body)] == [fact.id for fact in some]


def test_sequences_sort_as_texts() -> None:
    bodies = [replace(example("tier.upgraded"), body=_body(n)) for n in (9, 10, 2_000_000_000)]
    said = [json.loads(letter_of(one).body)["sequence"] for one in bodies]
    assert said == sorted(said) == ["0000000009", "0000000010", "2000000000"]


def _body(sequence: int) -> str:
    return json.dumps({**json.loads(example("tier.upgraded").body), "sequence": sequence})


def test_a_subject_that_there_is_not_is_left_out() -> None:
    data = json.loads(example("tier.upgraded").body)
    data["member"]["member_id"] = ""
    fact = replace(example("tier.upgraded"), body=json.dumps(data))
    assert "subject" not in json.loads(letter_of(fact).body)


def test_an_endpoint_may_ask_for_fields_of_the_event() -> None:
    fact = example("points.earned")
    assert says(CLOUDEVENTS, fact, ("data.member.email_address", "subject"), EXAMPLE_BUSINESS)
    assert not says(CLOUDEVENTS, fact, ("data.member.shoe_size",), EXAMPLE_BUSINESS)
    batch = json.loads(letter_of(fact, fact).body)
    assert CLOUDEVENTS.event(batch) == batch[0]


FAULTS: dict[str, Any] = {
    "another version": {"specversion": "0.3"},
    "no id": {"id": ""},
    "a name with a dash": {"trace-id": "1"},
    "a number as sequence": {"sequence": 17},
    "a null": {"subject": None},
    "another subject": {"subject": "somebody-else"},
    "another sequence": {"sequence": "0000000001"},
    "another type": {"type": "tier.renewed"},
    "a time without an offset": {"time": "2026-05-04T09:30:15"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_reader_finds(fault: str) -> None:
    letter = letter_of(example("points.earned"))
    tree = {**json.loads(letter.body), **FAULTS[fault]}
    assert problems(replace(letter, body=json.dumps(tree).encode()))


def test_the_reader_finds_a_media_type_that_does_not_fit() -> None:
    letter = letter_of(example("points.earned"))
    assert problems(replace(letter, content_type="application/json"))
    assert problems(replace(letter, body=b"[" + letter.body + b"]"))
