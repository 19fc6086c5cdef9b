"""The strict Nector reader accepts what the dialect sends, and nothing that differs from it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from stampbook import dialects, facts
from stampbook.dialects import Letter, StoredFact
from stampbook.facts import FactData, type_of
from stampbook.facts.coupon.updated import CouponUpdated
from stampbook.facts.points.earned import PointsEarned
from stampbook.facts.points.expiring import PointsExpiring
from stampbook.facts.points.rejected import PointsRejected
from stampbook.facts.referral.completed import ReferralCompleted
from stampbook.facts.referral.friend_claimed import ReferralFriendClaimed
from stampbook.nouns.examples import (
    EXAMPLE_AWARD,
    EXAMPLE_BUSINESS,
    EXAMPLE_CLAIM,
    EXAMPLE_FRIEND,
    EXAMPLE_FRIEND_COUPON,
    EXAMPLE_GUEST,
    EXAMPLE_MEMBER,
    EXAMPLE_NOW,
    EXAMPLE_REFERRAL,
    EXAMPLE_REFERRAL_AWARD,
    EXAMPLE_REFERRER_COUPON,
    EXAMPLE_REJECTED,
    example_envelope,
)
from stampbook.nouns.referral import Friend
from stampbook.values.ids import FactId, RequestId
from stampbook.values.json import encode_text
from stampbook.values.signatures import secret_of
from stampbook.values.uuids import defined_id, id_of, uuid_of
from tests.contract import nector_reader

NECTOR = dialects.catalogue()["nector"]
REQUEST = RequestId("019df2a1c0de4a0000000090")
SECRET = secret_of(bytes(range(32)))
SENT_AT = datetime(2026, 5, 4, 9, 30, 16, 250_000, tzinfo=UTC)
SPOKEN = [name for name, fact in facts.catalogue().items() if fact.nector]
COMPLETED = ReferralCompleted(
    referral=EXAMPLE_REFERRAL,
    friend=EXAMPLE_FRIEND,
    activity_id="sign_up",
    activity_name="Join",
    **example_envelope(),
)


def letter_of(data: FactData) -> Letter:
    fact = StoredFact(
        id=FactId("019df2a1c0de4a0000000100"),
        type=type_of(type(data)),
        cause=data.cause,
        occurred_at=EXAMPLE_NOW,
        recorded_at=EXAMPLE_NOW,
        body=encode_text(data),
    )
    return NECTOR.render([fact], REQUEST, EXAMPLE_BUSINESS)


def faults(letter: Letter) -> list[str]:
    headers = NECTOR.sign(letter, [SECRET], REQUEST, SENT_AT)
    return nector_reader.check(letter.body, headers, SECRET)


def sent(data: FactData) -> tuple[str, dict[str, Any]]:
    letter = letter_of(data)
    assert faults(letter) == []
    return letter.event_type, json.loads(letter.body)


@pytest.mark.parametrize("name", SPOKEN)
def test_every_fact_with_a_word_reads_in_nector(name: str) -> None:
    sent(facts.catalogue()[name].example())


def test_the_topics_are_those_that_the_reader_knows() -> None:
    words = {word for fact in facts.catalogue().values() for word in NECTOR.event_types(fact)}
    assert words == set(nector_reader.TOPICS)
    assert len(words) == 18


def test_a_fact_of_two_types_is_only_spoken_one_at_a_time() -> None:
    changing = {
        dialect.name
        for dialect in dialects.catalogue().values()
        for fact in facts.catalogue().values()
        if len(dialect.event_types(fact)) > 1
    }
    assert all(dialects.catalogue()[name].batch_size == 1 for name in changing)


def test_an_award_that_waited_updates_the_transaction_that_it_was() -> None:
    at_once = PointsEarned(transaction=EXAMPLE_AWARD, **example_envelope())
    topic, created = sent(at_once)
    assert (topic, created["status"], created["operation"]) == (
        "walletreward_create",
        "success",
        "cr",
    )
    topic, approved = sent(replace(at_once, was_pending=True))
    assert (topic, approved["hash"]) == ("wallettrasaction_update", created["hash"])
    topic, rejected = sent(PointsRejected(transaction=EXAMPLE_REJECTED, **example_envelope()))
    assert (topic, rejected["status"]) == ("wallettrasaction_update", "failed")


def test_an_expiry_is_a_transaction_apart_from_the_award_that_expired() -> None:
    topic, expired = sent(facts.catalogue()["points.expired"].example())
    assert (topic, expired["operation"], expired["amount"]) == ("walletreward_create", "dr", 25)
    award = replace(EXAMPLE_AWARD, lot_id=None)
    _, awarded = sent(PointsEarned(transaction=award, **example_envelope()))
    assert awarded["hash"] != expired["hash"]
    assert awarded["entity_id"] != expired["entity_id"]


def test_ids_lead_back_to_what_they_name() -> None:
    _, body = sent(PointsEarned(transaction=EXAMPLE_AWARD, **example_envelope()))
    assert id_of(body["entity_id"]) == EXAMPLE_AWARD.id
    assert id_of(body["lead_id"]) == EXAMPLE_MEMBER.id
    program = EXAMPLE_BUSINESS.program_id
    assert id_of(body["activity_id"]) == defined_id(program, "activity", "made_a_purchase")
    _, moved = sent(facts.catalogue()["tier.upgraded"].example())
    assert id_of(moved["entity_id"]) == "019df2a1c0de4a0000000100"
    headers = NECTOR.sign(letter_of(COMPLETED), [SECRET], REQUEST, SENT_AT)
    assert headers["x-nector-delivery-id"] == uuid_of(REQUEST)


@pytest.mark.parametrize(
    ("days", "unit"),
    [(1, "day"), (2, "day"), (7, "week"), (15, "week"), (28, "month"), (30, "month")],
)
def test_what_is_left_is_counted_in_the_largest_unit_that_fits(days: int, unit: str) -> None:
    at = EXAMPLE_NOW + timedelta(days=days)
    data = PointsExpiring(expires_at=at, points=25, days=days, **example_envelope())
    assert sent(data)[1]["wallet_expiry_unit"] == unit


@pytest.mark.parametrize(
    ("friend", "email", "name"),
    [
        (Friend(email_address="jo@example.org", name="Jo"), "jo@example.org", "Jo"),
        (Friend(), "", ""),
        (EXAMPLE_FRIEND, "jo@example.org", ""),
    ],
)
def test_a_claim_is_told_to_the_friend(friend: Friend, email: str, name: str) -> None:
    claimed = ReferralFriendClaimed(
        referral=EXAMPLE_CLAIM, friend=friend, coupon=EXAMPLE_FRIEND_COUPON, **example_envelope()
    )
    topic, body = sent(claimed)
    assert topic == "refereenotify_create"
    assert (body["user_email"], body["user_name"]) == (email, name)
    assert body["referred_by_name"] == "Maren Holt"
    assert body["coupon_value"] == EXAMPLE_FRIEND_COUPON.code
    assert id_of(body["coupon_id"]) == EXAMPLE_FRIEND_COUPON.id


@pytest.mark.parametrize("friend", [EXAMPLE_FRIEND, EXAMPLE_GUEST], ids=["member", "guest"])
@pytest.mark.parametrize("coins", [True, False])
@pytest.mark.parametrize("coupon", [EXAMPLE_REFERRER_COUPON, None])
def test_a_success_is_told_to_the_referrer_with_what_they_got(
    friend: Friend, *, coins: bool, coupon: Any
) -> None:
    rewards = (EXAMPLE_REFERRAL_AWARD,) if coins else ()
    topic, body = sent(replace(COMPLETED, friend=friend, rewards=rewards, referrer_coupon=coupon))
    assert topic == "referrernotify_create"
    assert body["user_email"] == EXAMPLE_MEMBER.email_address
    assert ("wallettransaction_amount" in body) == coins
    assert ("coupon_value" in body) == (coupon is not None)


def test_what_is_unset_is_an_empty_text_and_a_zero_stays() -> None:
    newcomer = facts.catalogue()["member.enrolled"].example()
    _, body = sent(newcomer)
    assert (body["dob"], body["mid"], body["is_freezed"], body["user_tier"]) == ("", "", "", "")
    assert (body["available"], body["user_transaction_amount"]) == (0, 0)
    blocked = replace(newcomer.member, status="blocked", custom_attributes={"accept_email": True})
    _, body = sent(replace(newcomer, member=blocked))
    assert (body["is_freezed"], body["accept_email"], body["accept_mobile"]) == (True, True, "")


def test_a_used_coupon_says_so_and_when_it_ends_in_both_spellings() -> None:
    data = facts.catalogue()["coupon.updated"].example()
    assert isinstance(data, CouponUpdated)
    _, body = sent(data)
    assert body["status"] == "used"
    assert body["expire"] == "2026-06-03T09:30:15.000Z"
    assert body["formatted_expire"] == "June 3rd 2026, 9:30:15 am"


FAULTS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "a key too many": ("points.earned", lambda body: body.update(nickname="M")),
    "a common key too few": ("points.earned", lambda body: body.pop("user_dob")),
    "a key of its topic too few": ("points.earned", lambda body: body.pop("hash")),
    "a null": ("points.earned", lambda body: body.update(user_tier=None)),
    "a false": ("member.updated", lambda body: body.update(is_freezed=False)),
    "an id that is no UUID": ("points.earned", lambda body: body.update(lead_id="1" * 24)),
    "a UUID of another version": (
        "points.earned",
        lambda body: body.update(lead_id="00000000-0000-1000-8000-000000000000"),
    ),
    "an instant without milliseconds": (
        "points.earned",
        lambda body: body.update(created_at="2026-05-04T09:30:15Z"),
    ),
    "a balance that is no difference": (
        "points.earned",
        lambda body: body.update(closing_balance=1),
    ),
    "a wrong ending of a day": (
        "coupon.issued",
        lambda body: body.update(formatted_expire="June 3th 2026, 9:30:15 am"),
    ),
    "another instant as a person reads it": (
        "coupon.issued",
        lambda body: body.update(formatted_expire="June 3rd 2026, 9:30:15 pm"),
    ),
    "a digest of something else": ("member.updated", lambda body: body.update(eid="0" * 64)),
    "a direction of its own": ("tier.upgraded", lambda body: body.update(direction="north")),
    "a day of birth twice": ("points.earned", lambda body: body.update(user_dob="01-01")),
    "a coupon without its id": ("referral.completed", lambda body: body.update(coupon_id="")),
    "the wrong person": (
        "referral.completed",
        lambda body: body.update(user_email="x@example.org"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_nector_reader_finds(fault: str) -> None:
    name, bend = FAULTS[fault]
    letter = letter_of(facts.catalogue()[name].example())
    tree = json.loads(letter.body)
    bend(tree)
    assert faults(Letter(letter.event_type, json.dumps(tree).encode()))


@pytest.mark.parametrize(
    "header",
    [
        "x-nector-topic",
        "x-nector-delivery-id",
        "x-nector-timestamp",
        "x-nector-webhook-hmac-algo",
        "x-nector-webhook-hmac",
        "x-nector-webhook-secret-algo",
        "x-nector-webhook-secret",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ],
)
def test_a_header_that_is_missing_or_wrong_is_found(header: str) -> None:
    letter = letter_of(COMPLETED)
    headers = NECTOR.sign(letter, [SECRET], REQUEST, SENT_AT)
    without = {name: value for name, value in headers.items() if name != header}
    assert nector_reader.check(letter.body, without, SECRET)
    assert nector_reader.check(letter.body, headers | {header: "lead_create"}, SECRET)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"amount":NaN}', b'{"a":1,"a":1}'])
def test_the_nector_reader_finds_what_is_no_body(body: bytes) -> None:
    assert faults(Letter("walletreward_create", body))
