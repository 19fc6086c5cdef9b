"""Nector's grammar: dates, digests, and a business that a repeated request names the same way."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook import dialects
from stampbook.dialects import Letter, StoredFact
from stampbook.dialects.nector import spell, write
from stampbook.facts.member.enrolled import MemberEnrolled
from stampbook.nouns.examples import (
    EXAMPLE_BUSINESS,
    EXAMPLE_MEMBER,
    EXAMPLE_NOW,
    example_envelope,
)
from stampbook.nouns.member import Member
from stampbook.values.contacts import digest_of
from stampbook.values.ids import FactId, RequestId
from stampbook.values.json import encode_text
from tests.contract import nector_reader
from tests.contract.nector_shapes import read_instant, read_written
from tests.dialects.members import MEMBERS

NECTOR = dialects.catalogue()["nector"]
REQUEST = RequestId("019df2a1c0de4a0000000090")
SECRET = "whsec_" + "A" * 32
ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
MOMENTS = st.datetimes(timezones=st.just(UTC) | ZONES, min_value=datetime(1001, 1, 1))  # noqa: DTZ001 - Hypothesis adds the zone


@given(MOMENTS)
def test_an_instant_is_spelled_in_utc_to_the_millisecond(moment: datetime) -> None:
    read = read_instant(spell(moment))
    assert read is not None
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)


@given(MOMENTS)
def test_an_instant_is_written_for_a_person_to_the_second(moment: datetime) -> None:
    assert read_written(write(moment)) == moment.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ((2026, 1, 1, 0, 0, 5), "January 1st 2026, 12:00:05 am"),
        ((2026, 2, 2, 12, 0, 0), "February 2nd 2026, 12:00:00 pm"),
        ((2026, 3, 3, 11, 59, 59), "March 3rd 2026, 11:59:59 am"),
        ((2026, 4, 11, 13, 4, 9), "April 11th 2026, 1:04:09 pm"),
        ((2026, 5, 12, 23, 0, 0), "May 12th 2026, 11:00:00 pm"),
        ((2026, 6, 13, 1, 0, 0), "June 13th 2026, 1:00:00 am"),
        ((2026, 7, 21, 1, 0, 0), "July 21st 2026, 1:00:00 am"),
        ((2026, 8, 30, 1, 0, 0), "August 30th 2026, 1:00:00 am"),
    ],
)
def test_days_have_the_endings_of_english(moment: tuple[int, ...], written: str) -> None:
    assert write(datetime(*moment, tzinfo=UTC)) == written


@given(MEMBERS)
def test_any_member_reads_in_nector(member: Member) -> None:
    letter = _enrolled(member)
    headers = NECTOR.sign(letter, [SECRET], REQUEST, EXAMPLE_NOW)
    assert nector_reader.check(letter.body, headers, SECRET) == []


def test_a_business_is_named_as_the_program_names_it() -> None:
    body = json.loads(_enrolled(EXAMPLE_MEMBER).body)
    assert {key: value for key, value in body.items() if "business" in key} == {
        "business_name": "Coffee Corner",
        "business_uri": "https://coffee.example",
        "nector_business_uri": "https://coffee.example",
        "business_coin_name": "beans",
        "business_currency_code": "eur",
        "business_currency_symbol": "€",
    }


def test_the_birthday_stands_in_both_spellings() -> None:
    body = json.loads(_enrolled(EXAMPLE_MEMBER).body)
    assert (body["user_dob"], body["user_full_dob"]) == ("14-03", "14-03-1991")
    assert (body["dob"], body["full_dob"]) == ("14-03", "14-03-1991")


def test_a_digest_is_that_of_the_address_as_it_is_written() -> None:
    assert digest_of("Jo@Example.org") == hashlib.sha256(b"Jo@Example.org").hexdigest()
    assert digest_of(None) is None


def test_the_vendor_s_headers_prove_the_raw_body_with_the_newest_secret() -> None:
    letter = Letter("lead_create", b'{"note":"f\xc3\xbcr Maren"}')
    headers = NECTOR.sign(letter, [SECRET, "whsec_" + "B" * 32], REQUEST, EXAMPLE_NOW)
    wanted = hmac.new(SECRET.encode(), letter.body, hashlib.sha256).hexdigest()
    assert headers["x-nector-webhook-hmac"] == wanted
    assert headers["x-nector-webhook-secret"] == hashlib.sha256(SECRET.encode()).hexdigest()
    assert headers["x-nector-topic"] == "lead_create"
    assert headers["x-nector-timestamp"] == headers["webhook-timestamp"] == "1777887015"


def test_nector_needs_to_know_who_speaks() -> None:
    with pytest.raises(AssertionError, match="name the business"):
        NECTOR.render([_stored(EXAMPLE_MEMBER)], REQUEST, None)


def _stored(member: Member) -> StoredFact:
    data = MemberEnrolled(**example_envelope(member))
    return StoredFact(
        id=FactId("f" * 24),
        type="member.enrolled",
        cause=data.cause,
        occurred_at=EXAMPLE_NOW,
        recorded_at=EXAMPLE_NOW,
        body=encode_text(data),
    )


def _enrolled(member: Member) -> Letter:
    return NECTOR.render([_stored(member)], REQUEST, EXAMPLE_BUSINESS)
