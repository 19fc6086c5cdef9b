"""What goes over the wire: signed by the secrets of the very moment, with what lets it in."""

import json
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook

from stampbook.core.definition import Definition
from stampbook.core.secrets import Secret
from stampbook.delivery.access import Access, BasicLogin
from stampbook.values.signatures import private_key_of, public_key_of, secret_of
from tests.contract import cloudevents_reader
from tests.delivery.stage import Stage

OLD = secret_of(bytes(range(24)))
PRIVATE = private_key_of(bytes(range(32)))


def signatures(stage: Stage) -> list[str]:
    return stage.sink.received[-1].headers["webhook-signature"].split(" ")


def test_the_old_secret_signs_until_the_very_end_of_the_overlap(stage: Stage) -> None:
    ends_ms = stage.clock() + 10_000
    secrets = [Secret(secret=stage.secret), Secret(secret=OLD, expires_at_ms=ends_ms)]
    endpoint = stage.endpoint("/shop", secrets=stage.vault.seal(secrets))
    stage.clock.now_ms = ends_ms - 1
    stage.deliver(endpoint)
    assert stage.drain()
    last = stage.sink.received[-1]
    assert len(signatures(stage)) == 2
    assert Webhook(OLD).verify(last.body, last.headers)
    assert Webhook(stage.secret).verify(last.body, last.headers)
    stage.clock.now_ms = ends_ms
    stage.deliver(endpoint)
    assert stage.drain()
    last = stage.sink.received[-1]
    assert len(signatures(stage)) == 1
    assert Webhook(stage.secret).verify(last.body, last.headers)


def test_a_retry_is_signed_by_the_secrets_of_its_own_time(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "fail"
    secrets = [
        Secret(secret=stage.secret),
        Secret(secret=OLD, expires_at_ms=stage.clock() + 1_000),
    ]
    endpoint = stage.endpoint("/shop", secrets=stage.vault.seal(secrets))
    stage.deliver(endpoint)
    assert stage.drain()
    first = signatures(stage)
    stage.sink.modes["/shop"] = "accept"
    stage.clock.now_ms += 10_000
    assert stage.drain()
    assert (len(first), len(signatures(stage))) == (2, 1)
    assert stage.statuses(endpoint) == ["delivered"]


@pytest.mark.parametrize("dialect", ["native", "zinrelo", "nector", "cloudevents"])
def test_a_private_key_signs_in_every_dialect(stage: Stage, dialect: str) -> None:
    stage.define(Definition(name="Shop"), 1, 0)
    sealed = stage.vault.seal([stage.secret, PRIVATE])
    endpoint = stage.endpoint("/shop", dialect=dialect, secrets=sealed)
    stage.deliver(endpoint)
    assert stage.drain()
    (last,) = stage.sink.received
    assert Webhook(stage.secret).verify(last.body, last.headers)
    (signature,) = (one for one in signatures(stage) if one.startswith("v1a,"))
    signed = f"{last.headers['webhook-id']}.{last.headers['webhook-timestamp']}.".encode()
    key = b64decode(public_key_of(PRIVATE).removeprefix("whpk_"))
    Ed25519PublicKey.from_public_bytes(key).verify(b64decode(signature[4:]), signed + last.body)


def test_access_travels_with_every_request_and_goes_with_a_change(stage: Stage) -> None:
    access = Access(headers={"X-Shop": "beans"}, basic=BasicLogin(user="shop", password="hush"))
    endpoint = stage.endpoint("/shop", access=stage.vault.seal_access(access))
    stage.deliver(endpoint, 2)
    assert stage.drain()
    for received in stage.sink.received:
        assert received.headers["x-shop"] == "beans"
        assert received.headers["authorization"] == "Basic c2hvcDpodXNo"
    with stage.backend.transaction() as unit:
        unit.run("UPDATE endpoint SET access = ''")
    stage.deliver(endpoint)
    assert stage.drain()
    assert "authorization" not in stage.sink.received[-1].headers


def test_cloud_events_go_alone_or_as_a_batch_by_what_the_endpoint_wants(stage: Stage) -> None:
    stage.define(Definition(name="Shop"), 1, 0)
    alone = stage.endpoint("/alone", dialect="cloudevents", batch_size=1)
    many = stage.endpoint("/many", dialect="cloudevents", batch_size=100)
    for endpoint in (alone, many):
        stage.deliver(endpoint, 3)
    assert stage.drain()
    for received in stage.sink.received:
        assert cloudevents_reader.check(received.body, received.headers, stage.secret) == []
    assert len(stage.sink.at("/alone")) == 3
    (batch,) = stage.sink.at("/many")
    assert batch.headers["content-type"] == cloudevents_reader.BATCH
    assert len(json.loads(batch.body)) == 3
