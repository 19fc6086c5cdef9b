"""The strict readers accept what each dialect sends, and nothing that differs from it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from stampbook import dialects, facts
from stampbook.dialects import Dialect, Letter, StoredFact, example_of
from stampbook.nouns.examples import EXAMPLE_BUSINESS
from stampbook.values.ids import FactId, RequestId
from stampbook.values.signatures import secret_of
from tests.contract import native_reader, zinrelo_reader

SECRET = secret_of(bytes(range(32)))
REQUEST = RequestId("019df2a1c0de4a0000000090")
SENT_AT = datetime(2026, 5, 4, 9, 30, 16, 250_000, tzinfo=UTC)

NATIVE = dialects.catalogue()["native"]
ZINRELO = dialects.catalogue()["zinrelo"]
ZINRELO_FACTS = [name for name, fact in facts.catalogue().items() if fact.zinrelo]


def example(name: str, number: int = 1) -> StoredFact:
    return example_of(facts.catalogue()[name], FactId(f"019df2a1c0de4a00000001{number:02x}"))


def signed(dialect: Dialect, body: bytes) -> dict[str, str]:
    return dialect.sign(Letter("points.earned", body), [SECRET], REQUEST, SENT_AT)


def rendered(dialect: Dialect, *facts: StoredFact) -> bytes:
    return dialect.render(facts, REQUEST, EXAMPLE_BUSINESS).body


@pytest.mark.parametrize("name", facts.catalogue())
def test_every_fact_reads_in_native(name: str) -> None:
    body = rendered(NATIVE, example(name))
    assert native_reader.check(body, signed(NATIVE, body), SECRET) == []


@pytest.mark.parametrize("name", ZINRELO_FACTS)
def test_every_fact_with_a_word_reads_in_zinrelo(name: str) -> None:
    body = rendered(ZINRELO, example(name))
    assert zinrelo_reader.check(body, signed(ZINRELO, body), SECRET) == []


def test_the_zinrelo_words_are_those_that_the_reader_knows() -> None:
    words = [word for fact in facts.catalogue().values() for word in ZINRELO.event_types(fact)]
    assert sorted(words) == sorted(zinrelo_reader.EVENTS)
    assert len(zinrelo_reader.EVENTS) == 20


def test_many_events_of_one_cause_read_as_one_body() -> None:
    body = rendered(ZINRELO, *(example("member.deleted", number) for number in range(8)))
    assert zinrelo_reader.check(body, signed(ZINRELO, body), SECRET) == []
    assert json.loads(body)["total_count"] == 8


def test_a_header_that_does_not_fit_is_found() -> None:
    body = rendered(ZINRELO, example("points.earned"))
    assert zinrelo_reader.check(body + b" ", signed(ZINRELO, body), SECRET) == [
        "x-zinrelo-signature: does not fit the body, the nonce and the secret",
        "webhook-signature: none of them fits",
    ]
    body = rendered(NATIVE, example("points.earned"))
    assert native_reader.check(body + b" ", signed(NATIVE, body), SECRET)


def member(tree: Any) -> Any:
    return tree["events"][0]["data"]["member_info"]


def transaction(tree: Any) -> Any:
    return tree["events"][0]["data"]["transaction_info"]


FAULTS: dict[str, Callable[[Any], object]] = {
    "a key too many": lambda tree: member(tree).update(nickname="M"),
    "a key too few": lambda tree: member(tree).pop("deleted_date"),
    "a misprint": lambda tree: member(tree)["tier_info"].update(qualifid_points=1),
    "an ISO date": lambda tree: member(tree).update(enrollment_date="2026-05-04T09:30:15Z"),
    "a day first": lambda tree: member(tree).update(enrollment_date="31/12/2026 00:00:00"),
    "an empty date of a member": lambda tree: member(tree).update(birthdate=""),
    "a null date of an award": lambda tree: transaction(tree).update(auto_approval_date=None),
    "an approved award without its date": lambda tree: transaction(tree).update(approved_date=""),
    "one tag as text": lambda tree: member(tree).update(member_tags="newsletter"),
    "tags as text": lambda tree: transaction(tree)["transaction_attributes"].update(tags="web"),
    "a number as text": lambda tree: member(tree).update(available_points="210"),
    "a fraction of a point": lambda tree: transaction(tree)["award_info"].update(points=1.5),
    "an id of another shape": lambda tree: tree["events"][0].update(id="evt_1"),
    "a wrong count": lambda tree: tree.update(total_count=2),
    "another status": lambda tree: transaction(tree)["award_info"].update(points_status="pending"),
    "another member": lambda tree: transaction(tree).update(member_id="somebody-else"),
    "a receipt without its data": lambda tree: transaction(tree)["award_info"].update(
        activity_id="submit_a_receipt"
    ),
    "an unknown type": lambda tree: tree["events"][0].update(event_type="event_points_won"),
    "no event": lambda tree: tree.update(events=[]),
    "the same event twice": lambda tree: tree.update(events=tree["events"] * 2, total_count=2),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_zinrelo_reader_finds(fault: str) -> None:
    tree = json.loads(rendered(ZINRELO, example("points.earned")))
    FAULTS[fault](tree)
    body = json.dumps(tree).encode()
    assert zinrelo_reader.check(body, signed(ZINRELO, body), SECRET)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"total_count":NaN}', b'{"events":1,"events":1}'])
def test_the_zinrelo_reader_finds_what_is_no_body(body: bytes) -> None:
    assert zinrelo_reader.check(body, signed(ZINRELO, body), SECRET)


NATIVE_FAULTS: dict[str, Callable[[Any], object]] = {
    "a field too few": lambda tree: tree["data"]["member"].pop("first_name"),
    "another type": lambda tree: tree.update(type="tier.renewed"),
    "an unknown type": lambda tree: tree.update(type="points.won"),
    "a date without an offset": lambda tree: tree.update(timestamp="2026-05-04T09:30:15"),
    "a status of another world": lambda tree: tree["data"]["member"].update(status="gone"),
}


@pytest.mark.parametrize("fault", NATIVE_FAULTS)
def test_the_native_reader_finds(fault: str) -> None:
    tree = json.loads(rendered(NATIVE, example("points.earned")))
    NATIVE_FAULTS[fault](tree)
    body = json.dumps(tree).encode()
    assert native_reader.check(body, signed(NATIVE, body), SECRET)
