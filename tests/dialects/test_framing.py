"""Framing: what travels together, in which words and dates, and that a retry is the same bytes."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stampbook import dialects, facts
from stampbook.dialects import StoredFact, example_of
from stampbook.dialects.zinrelo import BATCH_SIZE, spell
from stampbook.facts.member.updated import MemberUpdated
from stampbook.facts.points.earned import PointsEarned
from stampbook.facts.reward.became_available import RewardBecameAvailable
from stampbook.nouns.examples import (
    EXAMPLE_AWARD,
    EXAMPLE_BUSINESS,
    EXAMPLE_CATALOGUE_REWARD,
    EXAMPLE_MEMBER,
    EXAMPLE_NOW,
    example_envelope,
)
from stampbook.nouns.member import Member
from stampbook.values.ids import FactId, RequestId
from stampbook.values.json import encode_text
from tests.contract import zinrelo_reader
from tests.dialects.members import MEMBERS

NATIVE = dialects.catalogue()["native"]
ZINRELO = dialects.catalogue()["zinrelo"]
REQUEST = RequestId("019df2a1c0de4a0000000090")
ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))


def stored(data: facts.FactHead, *, number: int = 1) -> StoredFact:
    return StoredFact(
        id=FactId(f"{number:024x}"),
        type=facts.type_of(type(data)),
        cause=data.cause,
        occurred_at=EXAMPLE_NOW,
        recorded_at=EXAMPLE_NOW,
        body=encode_text(data),
    )


def zinrelo(data: facts.FactData) -> Any:
    return json.loads(ZINRELO.render([stored(data)], REQUEST, None).body)["events"][0]["data"]


def test_a_dialect_is_named_by_its_file() -> None:
    assert {name: dialect.name for name, dialect in dialects.catalogue().items()} == {
        "cloudevents": "cloudevents",
        "native": "native",
        "nector": "nector",
        "zinrelo": "zinrelo",
    }


def test_native_sends_the_stored_data_to_the_letter() -> None:
    fact = replace(
        example_of(facts.catalogue()["points.earned"], FactId("f" * 24)), body='{"b": 1}'
    )
    assert NATIVE.batch_size == 1
    assert NATIVE.render([fact], REQUEST, None).body == (
        b'{"type":"points.earned","timestamp":"2026-05-04T09:30:15Z","data":{"b": 1}}'
    )


def test_a_retry_is_the_same_bytes() -> None:
    for dialect in dialects.catalogue().values():
        fact = example_of(facts.catalogue()["points.earned"], FactId("f" * 24))
        again = example_of(facts.catalogue()["points.earned"], FactId("f" * 24))
        first = dialect.render([fact], REQUEST, EXAMPLE_BUSINESS)
        assert dialect.render([again], REQUEST, EXAMPLE_BUSINESS) == first


def test_a_zinrelo_body_is_dated_by_its_latest_fact_and_names_facts_by_id() -> None:
    data = facts.catalogue()["member.deleted"].example()
    made = [stored(data, number=number) for number in range(BATCH_SIZE)]
    made[3] = replace(made[3], occurred_at=EXAMPLE_NOW + timedelta(seconds=9))
    body = json.loads(ZINRELO.render(made, REQUEST, None).body)
    assert body["created_date"] == "05/04/2026 09:30:24"
    assert body["request_id"] == REQUEST
    assert [event["id"] for event in body["events"]] == [fact.id for fact in made]


def test_zinrelo_never_gets_a_fact_without_a_word_or_two_types() -> None:
    kinds = facts.catalogue()
    renewed, upgraded, deleted = (
        example_of(kinds[name], FactId("0" * 24))
        for name in ("tier.renewed", "tier.upgraded", "member.deleted")
    )
    assert ZINRELO.event_types(kinds["tier.renewed"]) == ()
    with pytest.raises(AssertionError):
        ZINRELO.render([renewed], REQUEST, None)
    with pytest.raises(AssertionError):
        ZINRELO.render([upgraded, deleted], REQUEST, None)


@given(st.datetimes(timezones=st.just(UTC) | ZONES, min_value=datetime(2, 1, 1)))  # noqa: DTZ001 - Hypothesis adds the zone
def test_an_instant_is_spelled_in_utc_to_the_second(moment: datetime) -> None:
    read = datetime.strptime(f"{spell(moment)} +0000", "%m/%d/%Y %H:%M:%S %z")
    assert read == moment.astimezone(UTC).replace(microsecond=0)


@given(st.dates())
def test_a_day_is_spelled_as_its_midnight(day: date) -> None:
    assert spell(day) == f"{day.month:02}/{day.day:02}/{day.year:04} 00:00:00"


def test_amounts_keep_the_type_that_the_caller_sent() -> None:
    sent = {"order_subtotal": "62.40", "order_total": 67.3, "a": 110, "b": None, "tags": ["x"]}
    award = replace(EXAMPLE_AWARD, attributes=sent)
    data = zinrelo(PointsEarned(transaction=award, **example_envelope()))
    assert data["transaction_info"]["transaction_attributes"] == sent


@pytest.mark.parametrize(
    ("received", "spelled"),
    [
        ({}, []),
        ({"tags": "vip"}, ["vip"]),
        ({"tags": None}, []),
        ({"tags": ["a", "b"]}, ["a", "b"]),
    ],
)
def test_tags_are_always_a_list(received: dict[str, Any], spelled: list[str]) -> None:
    award = replace(EXAMPLE_AWARD, attributes=received)
    data = zinrelo(PointsEarned(transaction=award, **example_envelope()))
    assert data["transaction_info"]["transaction_attributes"]["tags"] == spelled


def test_a_text_that_looks_like_a_date_stays_what_the_caller_sent() -> None:
    member = replace(EXAMPLE_MEMBER, custom_attributes={"since": "2020-01-01T00:00:00Z"})
    data = zinrelo(MemberUpdated(changed=("custom_attributes",), **example_envelope(member)))
    assert data["member_info"]["custom_attributes"] == {"since": "2020-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("value", "spelled"),
    [(5, "5"), (2.5, "2.5"), (1_234_567.89, "1234567.89"), (1e9, "1000000000")],
)
def test_a_reward_s_value_is_spelled_in_full(value: float, spelled: str) -> None:
    reward = replace(EXAMPLE_CATALOGUE_REWARD.reward, value=value)
    entry = replace(EXAMPLE_CATALOGUE_REWARD, reward=reward)
    data = zinrelo(RewardBecameAvailable(rewards=(entry,), **example_envelope()))
    assert data["reward_info"]["rewards"][0]["reward_value"] == spelled


@given(MEMBERS)
def test_any_member_reads_in_zinrelo(member: Member) -> None:
    award = replace(EXAMPLE_AWARD, member_id=member.member_id)
    fact = stored(PointsEarned(transaction=award, **example_envelope(member)))
    letter = ZINRELO.render([fact], REQUEST, None)
    secret = "whsec_" + "A" * 32
    headers = ZINRELO.sign(letter, [secret], REQUEST, EXAMPLE_NOW)
    assert zinrelo_reader.check(letter.body, headers, secret) == []
