"""What goes over the wire: signed by the secrets of the very moment, with what lets it in."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook

from stampbook.core.definition import Definition
from stampbook.core.delivery import Conduct
from stampbook.core.secrets import Secret
from stampbook.delivery.access import Access, BasicLogin, ClientGrant, KeyPair, Sealed
from stampbook.values.signatures import private_key_of, public_key_of, secret_of
from tests.contract import cloudevents_reader
from tests.delivery.certificates import authority
from tests.delivery.sink import running_sink
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
    endpoint = stage.endpoint("/shop", access=stage.vault.seal_access(Sealed(access=access)))
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


def test_a_token_is_fetched_and_sent_with_every_request(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    body = b'{"access_token":"the-token","token_type":"Bearer","expires_in":600}'
    stage.sink.answers["/token"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )
    grant = ClientGrant(token_url=stage.sink.url("/token"), client_id="shop", client_secret="hush")
    sealed = stage.vault.seal_access(Sealed(access=Access(oauth=grant)))
    endpoint = stage.endpoint("/shop", access=sealed)
    stage.deliver(endpoint, 3)
    assert stage.drain()
    assert [one.headers["authorization"] for one in stage.sink.at("/shop")] == [
        "Bearer the-token"
    ] * 3
    assert stage.statuses(endpoint) == ["delivered"] * 3


def test_a_certificate_is_shown_to_a_receiver_that_only_its_authority_vouches_for(
    sqlite_stage: Stage, tmp_path: Path
) -> None:
    stage, root = sqlite_stage, authority()
    shop, sender = root.issue("shop", ["127.0.0.1"]), root.issue("stampbook")
    pair = KeyPair(chain=sender.pem, key=sender.key_pem)
    accesses = {
        "known": Access(client_certificate=pair, authority=root.pem),
        "unknown": Access(client_certificate=pair),
        "silent": Access(authority=root.pem),
    }
    with running_sink(shop.file(tmp_path), asks_for=root.file(tmp_path)) as sink:
        endpoints = {
            name: stage.endpoint(
                "",
                url=sink.url(f"/{name}"),
                access=stage.vault.seal_access(Sealed(access=access)),
            )
            for name, access in accesses.items()
        }
        for endpoint in endpoints.values():
            stage.deliver(endpoint)
        assert stage.drain()
        assert [one.path for one in sink.received] == ["/known"]
    assert stage.statuses(endpoints["known"]) == ["delivered"]
    assert stage.attempts(endpoints["unknown"], "error") == [("the certificate is not trusted",)]
    assert stage.statuses(endpoints["silent"]) == ["pending"]


def test_a_request_takes_no_longer_than_its_endpoint_says(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.sink.modes |= {"/short": "hang", "/long": "slow"}
    short = stage.endpoint("/short", conduct=Conduct(timeout_seconds=1))
    long = stage.endpoint("/long", conduct=Conduct(timeout_seconds=30))
    for endpoint in (short, long):
        stage.deliver(endpoint)
    assert stage.drain()
    assert stage.attempts(short, "error") == [("timed out",)]
    assert stage.statuses(long) == ["delivered"]
