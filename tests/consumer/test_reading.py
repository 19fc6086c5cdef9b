"""Requests are read as typed events, and what is newer than the reader is kept."""

import json
from base64 import b64encode
from collections.abc import Callable
from email.message import Message as MailHeaders
from typing import Any

import msgspec
import pytest

from stampbook import dialects, facts
from stampbook.consumer import (
    DialectName,
    MalformedHeaderError,
    MissingHeaderError,
    NoMatchingSignatureError,
    NotGenuineError,
    TimestampTooOldError,
    Unknown,
    UnreadableBodyError,
    UnusableSecretError,
    event_ids,
    native,
    nector,
    parse,
    read,
    verify,
    zinrelo,
)
from stampbook.consumer.diagnosis import dialect_of
from stampbook.consumer.headers import Headers
from stampbook.dialects import Letter, example_of
from stampbook.nouns.examples import EXAMPLE_BUSINESS
from stampbook.values.ids import FactId, RequestId
from stampbook.values.instants import from_ms

SECRET = f"whsec_{b64encode(bytes(range(32))).decode()}"
OTHER = f"whsec_{b64encode(bytes(range(1, 33))).decode()}"
REQUEST = RequestId("019df2a1c0de4a0000000090")
NOW = 1_777_887_016


def letter_of(dialect: DialectName, *names: str) -> Letter:
    stored = [
        example_of(facts.catalogue()[name], FactId(f"019df2a1c0de4a00000001{number:02x}"))
        for number, name in enumerate(names)
    ]
    return dialects.catalogue()[dialect].render(stored, REQUEST, EXAMPLE_BUSINESS)


def headers_of(dialect: DialectName, letter: Letter, *secrets: str) -> dict[str, str]:
    at = from_ms(NOW * 1000)
    signed = dialects.catalogue()[dialect].sign(letter, secrets or (SECRET,), REQUEST, at)
    return {**signed, "stampbook-sequence": "7"}


def changed(letter: Letter, change: Callable[[Any], object]) -> Letter:
    tree = json.loads(letter.body)
    change(tree)
    return Letter(letter.event_type, json.dumps(tree).encode())


def test_a_native_event_has_the_structure_of_its_fact() -> None:
    letter = letter_of("native", "points.earned")
    message = read("native", headers_of("native", letter), letter.body, SECRET, now=NOW)
    assert (message.dialect, message.id, message.sequence) == ("native", REQUEST, 7)
    (event,) = message.events
    assert (event.id, event.type) == (REQUEST, "points.earned")
    assert event.occurred_at is not None
    assert event.occurred_at.isoformat() == "2026-05-04T09:30:15+00:00"
    match event.data:
        case native.PointsEarned(member=member, transaction=award, sequence=17):
            assert (member.balances.available, award.points) == (210, 62)
        case other:
            pytest.fail(f"{other} is not what was sent")


def test_a_zinrelo_batch_has_an_event_for_each_fact() -> None:
    letter = letter_of("zinrelo", "points.earned", "points.earned", "points.earned")
    message = read("zinrelo", headers_of("zinrelo", letter), letter.body, SECRET, now=NOW)
    assert message.id == REQUEST
    assert [event.id for event in message.events] == [
        f"019df2a1c0de4a00000001{number:02x}" for number in range(3)
    ]
    data = message.events[2].data
    assert isinstance(data, zinrelo.PointsAwarded)
    assert data.transaction_info.award_info.points == 62
    expires_at = zinrelo.moment(data.transaction_info.points_expiration_date)
    assert expires_at is not None
    assert expires_at.isoformat() == "2027-05-04T09:30:15+00:00"


@pytest.mark.parametrize("count", [1, 3])
def test_a_cloud_event_has_the_structure_of_its_fact(count: int) -> None:
    letter = letter_of("cloudevents", *["points.earned"] * count)
    message = read("cloudevents", headers_of("cloudevents", letter), letter.body, SECRET, now=NOW)
    assert (message.dialect, message.id, message.sequence) == ("cloudevents", REQUEST, 7)
    ids = [f"019df2a1c0de4a00000001{number:02x}" for number in range(count)]
    assert [event.id for event in message.events] == ids
    assert list(event_ids("cloudevents", {}, letter.body)) == ids
    for event in message.events:
        assert isinstance(event.data, native.PointsEarned)
        assert event.occurred_at is not None
        assert event.occurred_at.isoformat() == "2026-05-04T09:30:15+00:00"
    tree = message.raw if count > 1 else [message.raw]
    assert [event["id"] for event in tree] == ids


@pytest.mark.parametrize("count", [1, 2])
def test_a_cloud_event_is_known_by_its_media_type(count: int) -> None:
    letter = letter_of("cloudevents", *["points.earned"] * count)
    headers = headers_of("cloudevents", letter) | {"Content-Type": letter.content_type}
    assert dialect_of(headers) == "cloudevents"
    assert dialect_of(headers | {"Content-Type": "application/json"}) == "native"


def test_a_nector_event_has_the_structure_of_its_topic() -> None:
    letter = letter_of("nector", "points.earned")
    message = read("nector", headers_of("nector", letter), letter.body, SECRET, now=NOW)
    (event,) = message.events
    assert (event.id, event.type) == (REQUEST, "walletreward_create")
    assert isinstance(event.data, nector.WalletTransaction)
    assert (event.data.amount, event.data.operation) == (62, "cr")


@pytest.mark.parametrize(
    ("date", "spelled"),
    [
        ("05/25/2026, 09:30:15", "2026-05-25T09:30:15+00:00"),
        ("05/25/2026 09:30:15", "2026-05-25T09:30:15+00:00"),
        ("", None),
        (None, None),
    ],
)
def test_a_zinrelo_date_is_read_in_each_of_its_spellings(
    date: str | None, spelled: str | None
) -> None:
    moment = zinrelo.moment(date)
    assert (moment and moment.isoformat()) == spelled


@pytest.mark.parametrize("dialect", ["native", "zinrelo", "nector", "cloudevents"])
@pytest.mark.parametrize("tried", [1, 2])
def test_the_ids_to_remember_are_the_same_on_every_try(dialect: DialectName, tried: int) -> None:
    letter = letter_of(dialect, "points.earned")
    signed = dialects.catalogue()[dialect].sign(
        letter, [SECRET], REQUEST, from_ms(NOW * 1000 * tried)
    )
    ids = event_ids(dialect, signed, letter.body)
    own = dialect in {"zinrelo", "cloudevents"}
    assert ids == (("019df2a1c0de4a0000000100",) if own else (REQUEST,))
    assert ids == tuple(event.id for event in parse(dialect, signed, letter.body).events)


def test_a_nector_id_is_the_one_that_is_signed() -> None:
    letter = letter_of("nector", "points.earned")
    headers = headers_of("nector", letter) | {"x-nector-delivery-id": "forged"}
    assert event_ids("nector", headers, letter.body) == (REQUEST,)
    vendors_own = {"x-nector-delivery-id": "a-uuid"}
    assert event_ids("nector", vendors_own, letter.body) == ("a-uuid",)


def test_a_field_that_is_not_known_stays_in_the_tree() -> None:
    later = changed(
        letter_of("native", "points.earned"),
        lambda tree: (
            tree.update(region="eu"),
            tree["data"].update(campaign={"id": "spring"}),
            tree["data"]["member"].update(nickname="M", status="dormant"),
        ),
    )
    message = parse("native", headers_of("native", later), later.body)
    (event,) = message.events
    assert isinstance(event.data, native.PointsEarned)
    assert event.data.member.status == "dormant"
    assert event.raw["campaign"] == {"id": "spring"}
    assert event.raw["member"]["nickname"] == "M"
    assert message.raw["region"] == "eu"


def of_a_new_type(dialect: DialectName) -> Letter:
    """Give a letter of a type that comes later."""
    if dialect == "nector":
        return Letter("tree_create", b'{"to":"trees"}')
    new = {"type": "points.donated", "event_type": "event_trees", "data": {"to": "trees"}}
    return changed(
        letter_of(dialect, "points.earned"),
        lambda tree: tree.get("events", [tree])[0].update(new),
    )


@pytest.mark.parametrize("dialect", ["native", "zinrelo", "nector", "cloudevents"])
def test_a_type_that_is_not_known_is_kept_as_a_tree(dialect: DialectName) -> None:
    later = of_a_new_type(dialect)
    (event,) = parse(dialect, headers_of(dialect, later), later.body).events
    assert isinstance(event.data, Unknown)
    assert event.type in {"points.donated", "event_trees", "tree_create"}
    assert event.raw == {"to": "trees"}


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("native", b""),
        ("native", b"{"),
        ("native", b"[]"),
        ("native", b'{"type":"tier.renewed","timestamp":"2026-05-04T09:30:15Z","data":{}}'),
        ("native", b'{"type":"new","timestamp":"2026-05-04T09:30:15Z","data":7}'),
        ("native", b'{"type":"new","timestamp":"2026-05-04T09:30:15","data":{}}'),
        ("native", b'{"type":"\xff"}'),
        ("native", b'{"type":"new","timestamp":"2026-05-04T09:30:15Z","data":' + b"[" * 100_000),
        ("zinrelo", b'{"events":[]}'),
        ("zinrelo", b'{"request_id":"a","events":[],"created_date":"2026-05-04"}'),
        ("cloudevents", b"[7]"),
        ("cloudevents", b'{"id":"a","type":"new","data":{}}'),
        ("cloudevents", b'[{"id":"a","type":"new","time":"2026-05-04T09:30:15Z","data":7}]'),
        ("cloudevents", b"[" + b"{}," * 2000 + b"{}]"),
        ("nector", b"[]"),
        ("nector", b"null"),
    ],
)
def test_a_body_that_is_not_of_the_dialect_is_unreadable(dialect: DialectName, body: bytes) -> None:
    headers = {"webhook-id": "a", "x-nector-topic": "lead_create"}
    with pytest.raises(UnreadableBodyError):
        parse(dialect, headers, body)


def test_what_a_dialect_needs_in_a_header_is_asked_for() -> None:
    letter = letter_of("nector", "points.earned")
    with pytest.raises(MissingHeaderError, match="x-nector-topic"):
        parse("nector", {"webhook-id": "a"}, letter.body)
    with pytest.raises(MissingHeaderError, match="webhook-id"):
        event_ids("native", {}, b"{}")


def test_reading_verifies_first() -> None:
    letter = letter_of("native", "points.earned")
    headers = headers_of("native", letter)
    with pytest.raises(NoMatchingSignatureError):
        read("native", headers, letter.body + b" ", SECRET, now=NOW)
    with pytest.raises(TimestampTooOldError) as old:
        read("native", headers, letter.body, SECRET, now=NOW + 301)
    assert (old.value.age_seconds, old.value.tolerance_seconds) == (301, 300)
    assert read("native", headers, letter.body, SECRET, now=NOW + 301, tolerance_seconds=301)


@pytest.mark.parametrize("dialect", ["zinrelo", "nector"])
def test_a_consumer_may_ask_for_the_vendors_signature(dialect: DialectName) -> None:
    letter = letter_of(dialect, "points.earned")
    own = {
        name: value
        for name, value in headers_of(dialect, letter).items()
        if not name.startswith("webhook-")
    }
    assert read(dialect, own, letter.body, [OTHER, SECRET], now=NOW, by="vendor").sequence == 7
    for call in (
        lambda: read(dialect, own, letter.body, SECRET, now=NOW),
        lambda: read(dialect, own, letter.body, OTHER, now=NOW, by="vendor"),
        lambda: read(dialect, own, letter.body + b" ", SECRET, now=NOW, by="vendor"),
    ):
        with pytest.raises(NotGenuineError):
            call()


def as_mail(plain: dict[str, str]) -> Headers:
    mail = MailHeaders()
    for name, value in plain.items():
        mail[name.title()] = value
    return mail


SPELLINGS: dict[str, Callable[[dict[str, str]], Headers]] = {
    "a dict": dict,
    "those of http.server": as_mail,
    "pairs": lambda plain: list(plain.items()),
    "those of ASGI": lambda plain: (
        (name.encode(), value.encode()) for name, value in plain.items()
    ),
    "in capitals": lambda plain: {name.upper(): value for name, value in plain.items()},
    "with space": lambda plain: {name: f" {value}\t" for name, value in plain.items()},
    "twice the same": lambda plain: [*plain.items(), *plain.items()],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_headers_are_taken_as_frameworks_have_them(spelling: str) -> None:
    letter = letter_of("native", "points.earned")
    headers = SPELLINGS[spelling](headers_of("native", letter))
    message = read("native", headers, letter.body, SECRET, now=NOW)
    assert (message.id, message.sequence) == (REQUEST, 7)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_says_two_things_is_refused(name: str) -> None:
    letter = letter_of("native", "points.earned")
    twice = [*headers_of("native", letter).items(), (name.title(), "1777887017")]
    with pytest.raises(MalformedHeaderError, match="twice"):
        verify(letter.body, twice, SECRET, now=NOW)


def test_one_of_several_secrets_is_named_by_its_number() -> None:
    letter = letter_of("native", "points.earned")
    headers = headers_of("native", letter, OTHER, SECRET)
    assert verify(letter.body, headers, SECRET, now=NOW).key == 0
    assert verify(letter.body, headers, ["whsec_" + "A" * 32, OTHER], now=NOW).key == 1
    with pytest.raises(UnusableSecretError):
        verify(letter.body, headers, [], now=NOW)


def test_too_many_signatures_are_refused_unread() -> None:
    letter = letter_of("native", "points.earned")
    headers = headers_of("native", letter)
    headers["webhook-signature"] = " ".join([headers["webhook-signature"]] * 65)
    with pytest.raises(MalformedHeaderError):
        verify(letter.body, headers, SECRET, now=NOW)


def test_the_data_can_be_encoded_again() -> None:
    letter = letter_of("native", "points.earned")
    (event,) = parse("native", headers_of("native", letter), letter.body).events
    assert json.loads(msgspec.json.encode(event.data))["transaction"]["points"] == 62
