"""Secrets of endpoints change hands without a gap, and each is shown once or never."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stampbook.core.secrets import Secret
from stampbook.delivery.secrets import new_master_key, new_secret
from stampbook.values.instants import to_ms
from stampbook.values.json import encode
from stampbook.values.signatures import (
    SECRETS_MAX,
    private_key_of,
    public_key_of,
    scheme_of,
    secret_of,
)
from tests.api.stage import Client, Stage

URL = "https://shop.example/hooks"
OWN = secret_of(bytes(range(40)))
OWN_PRIVATE = private_key_of(bytes(range(32)))
SOON = timedelta(seconds=60)
"""How far the clocks of a test and of the application may be apart."""


def made(client: Client, **wishes: Any) -> Any:
    return client.post("/v1/endpoints", {"url": URL, **wishes})


def rotated(client: Client, endpoint_id: str, **wishes: Any) -> Any:
    return client.post(f"/v1/endpoints/{endpoint_id}/rotate-secret", wishes, status=200)


def kept(stage: Stage) -> tuple[Secret, ...]:
    with stage.backend.read() as unit:
        [(sealed,)] = unit.rows("SELECT secrets FROM endpoint")
    return stage.vault.open(sealed)


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)  # noqa: TID251 - secrets end in real time


def read(instant: str) -> datetime:
    return datetime.fromisoformat(instant)


def test_the_secret_before_signs_for_a_day_unless_it_is_said_otherwise(stage: Stage) -> None:
    first = made(stage.client)
    endpoint_id = first["endpoint"]["id"]
    second = rotated(stage.client, endpoint_id)
    newest, older = kept(stage)
    assert newest == Secret(secret=second["secret"])
    assert older.secret == first["secret"]
    assert older.expires_at_ms is not None
    assert abs(older.expires_at_ms - to_ms(in_hours(24))) < SOON.total_seconds() * 1000
    keys = second["endpoint"]["keys"]
    assert [key["expires_at"] is None for key in keys] == [True, False]
    assert abs(read(keys[1]["expires_at"]) - in_hours(24)) < SOON


@pytest.mark.parametrize("hours", [1, 168])
def test_the_overlap_is_as_long_as_the_owner_says(client: Client, hours: int) -> None:
    endpoint_id = made(client)["endpoint"]["id"]
    keys = rotated(client, endpoint_id, overlap_hours=hours)["endpoint"]["keys"]
    assert abs(read(keys[1]["expires_at"]) - in_hours(hours)) < SOON
    shorter = rotated(client, endpoint_id, overlap_hours=0)["endpoint"]["keys"]
    assert len(shorter) == 1


@pytest.mark.parametrize("hours", [-1, 169, 1.5, "2", None])
def test_an_overlap_is_a_number_of_hours_up_to_a_week(small_client: Client, hours: object) -> None:
    path = f"/v1/endpoints/{'a' * 24}/rotate-secret"
    answer = small_client.call("POST", path, {"overlap_hours": hours})
    assert (answer.status, answer.json["code"]) == (400, "request.invalid")
    assert answer.json["field"] == "/overlap_hours"


def test_more_secrets_than_a_receiver_looks_at_are_refused(stage: Stage) -> None:
    endpoint_id = made(stage.client)["endpoint"]["id"]
    for _ in range(SECRETS_MAX - 1):
        rotated(stage.client, endpoint_id)
    assert len(kept(stage)) == SECRETS_MAX
    path = f"/v1/endpoints/{endpoint_id}/rotate-secret"
    answer = stage.client.call("POST", path)
    assert (answer.status, answer.json["code"]) == (409, "endpoint.secrets_too_many")
    rotated(stage.client, endpoint_id, overlap_hours=0)
    assert len(kept(stage)) == 1


def test_what_was_sealed_before_secrets_had_an_end_gets_one(stage: Stage) -> None:
    endpoint_id = made(stage.client)["endpoint"]["id"]
    first, second = (new_secret(random.Random(n).randbytes) for n in (1, 2))
    sealed = stage.vault.encrypt(encode([first, second]))
    with stage.backend.transaction() as unit:
        unit.run("UPDATE endpoint SET secrets = ?", (sealed,))
    keys = stage.client.get(f"/v1/endpoints/{endpoint_id}")["keys"]
    assert [key["expires_at"] for key in keys] == [None, None]
    third = rotated(stage.client, endpoint_id, overlap_hours=1)["secret"]
    newest, *older = kept(stage)
    assert newest == Secret(secret=third)
    assert [one.secret for one in older] == [first, second]
    assert all(one.expires_at_ms is not None for one in older)


def test_an_owner_may_bring_their_own_secret(client: Client) -> None:
    own = made(client, secret=OWN)
    assert own["secret"] == OWN
    other = secret_of(bytes(range(24)))
    assert rotated(client, own["endpoint"]["id"], secret=other)["secret"] == other


@pytest.mark.parametrize(
    "wishes",
    [
        {"secret": "hush-hush-hush"}, {"secret": "whsec_hush"}, {"secret": ""},
        {"secret": "whsec_" + "A" * 28}, {"secret": OWN_PRIVATE},
        {"secret": OWN, "signature": "v1a"}, {"secret": "whsk_hush", "signature": "v1a"},
        {"secret": OWN[:-4] + "!!!!"},
    ],
)  # fmt: skip
def test_what_cannot_sign_is_refused_without_being_shown(
    client: Client, wishes: dict[str, str]
) -> None:
    answer = client.call("POST", "/v1/endpoints", {"url": URL, **wishes})
    assert (answer.status, answer.json["code"]) == (422, "endpoint.secret_invalid")
    assert answer.json["field"] == "/secret"
    secret = wishes["secret"].encode()
    assert len(secret) < 8 or secret[6:] not in answer.body
    path = f"/v1/endpoints/{made(client)['endpoint']['id']}/rotate-secret"
    again = client.call("POST", path, wishes)
    assert (again.status, again.json["code"]) == (422, "endpoint.secret_invalid")


def test_of_a_private_key_only_the_public_half_is_told(stage: Stage) -> None:
    answer = made(stage.client, signature="v1a")
    (private,) = kept(stage)
    assert answer["secret"] is None
    assert answer["public_key"] == public_key_of(private.secret)
    assert answer["endpoint"]["keys"] == [
        {"signature": "v1a", "public_key": answer["public_key"], "expires_at": None}
    ]
    endpoint_id = answer["endpoint"]["id"]
    assert stage.client.get(f"/v1/endpoints/{endpoint_id}")["keys"][0]["public_key"]
    again = rotated(stage.client, endpoint_id)
    assert [key["signature"] for key in again["endpoint"]["keys"]] == ["v1a", "v1a"]
    own = rotated(stage.client, endpoint_id, secret=OWN_PRIVATE)
    assert own["public_key"] == public_key_of(OWN_PRIVATE)


@pytest.mark.parametrize("dialect", ["zinrelo", "nector"])
def test_a_vendors_dialect_has_a_shared_secret_beside_the_private_key(
    stage: Stage, dialect: str
) -> None:
    answer = made(stage.client, dialect=dialect, signature="v1a", secret=OWN)
    assert answer["secret"] == OWN
    assert answer["public_key"] is not None
    assert [scheme_of(one.secret) for one in kept(stage)] == ["v1", "v1a"]
    again = rotated(stage.client, answer["endpoint"]["id"], secret=OWN_PRIVATE, overlap_hours=0)
    assert again["public_key"] == public_key_of(OWN_PRIVATE)
    assert again["secret"] not in {None, OWN}


def test_an_endpoint_moves_from_one_signature_to_the_other_without_a_gap(stage: Stage) -> None:
    first = made(stage.client)
    endpoint_id = first["endpoint"]["id"]
    moved = rotated(stage.client, endpoint_id, signature="v1a")
    assert (moved["secret"], moved["public_key"] is None) == (None, False)
    assert [key["signature"] for key in moved["endpoint"]["keys"]] == ["v1a", "v1"]
    assert [key["signature"] for key in rotated(stage.client, endpoint_id)["endpoint"]["keys"]] == [
        "v1a", "v1a", "v1",
    ]  # fmt: skip
    back = rotated(stage.client, endpoint_id, signature="v1", overlap_hours=0)
    assert [key["signature"] for key in back["endpoint"]["keys"]] == ["v1"]


def test_the_same_request_gets_the_same_secret_and_rotates_once(stage: Stage) -> None:
    endpoint_id = made(stage.client)["endpoint"]["id"]
    path, headers = f"/v1/endpoints/{endpoint_id}/rotate-secret", {"idempotency-key": "k"}
    first, second = (stage.client.call("POST", path, {}, headers=headers) for _ in range(2))
    assert first.body == second.body
    assert len(kept(stage)) == 2


def test_an_endpoint_whose_master_key_is_lost_is_listed_and_can_begin_again(stage: Stage) -> None:
    endpoint_id = made(stage.client)["endpoint"]["id"]
    lost = type(stage.vault)([new_master_key()])
    sealed = (lost.seal([OWN]), lost.encrypt(b'{"access":{"headers":{"X-Key":"hush"}}}'))
    with stage.backend.transaction() as unit:
        unit.run("UPDATE endpoint SET secrets = ?, access = ?", sealed)
    (listed,) = stage.client.get("/v1/endpoints")["items"]
    assert (listed["keys"], listed["access"]) == ([], None)
    path = f"/v1/endpoints/{endpoint_id}"
    for method, where, body in (
        ("POST", f"{path}/rotate-secret", {}),
        ("PATCH", path, {"url": f"{URL}/other"}),
    ):
        answer = stage.client.call(method, where, body)
        assert (answer.status, answer.json["code"]) == (409, "endpoint.secrets_unreadable")
    rotated(stage.client, endpoint_id, overlap_hours=0)
    assert len(kept(stage)) == 1
    access = {"headers": {"X-Key": "hush"}}
    answer = stage.client.call("PATCH", path, {"access": access})
    assert answer.json["access"]["header_names"] == ["X-Key"]
