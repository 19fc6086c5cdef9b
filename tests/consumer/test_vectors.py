"""Sender, consumer and the public library meet at one file of signatures."""

import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime, tzinfo

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from standardwebhooks import webhooks
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from stampbook import dialects
from stampbook.consumer import (
    NotGenuineError,
    Signed,
    UnusableSecretError,
    verify,
    verify_nector,
    verify_zinrelo,
)
from stampbook.dialects import Letter
from stampbook.values.ids import RequestId
from stampbook.values.instants import from_ms
from stampbook.values.signatures import private_key_of, public_key_of, sign_webhook
from tests.consumer.vectors import TEXT, VECTORS, Vector, named

STANDARD = {"v1", "v1a"}


def verified(vector: Vector) -> Signed:
    clock = {"now": vector.now, "tolerance_seconds": vector.tolerance_seconds}
    if vector.scheme in STANDARD:
        return verify(vector.content, vector.headers, vector.secrets, **clock)
    if vector.scheme == "zinrelo":
        return verify_zinrelo(vector.content, vector.headers, vector.secrets, **clock)
    return verify_nector(vector.content, vector.headers, vector.secrets)


def test_the_file_has_each_scheme_with_right_and_wrong() -> None:
    told = {(vector.scheme, vector.error is None) for vector in VECTORS.values()}
    assert told == {
        (scheme, right) for scheme in ("v1", "v1a", "zinrelo", "nector") for right in (True, False)
    }
    assert len(VECTORS) == TEXT.count(b'"because":'), "two vectors have the same name"


@pytest.mark.parametrize("name", VECTORS)
def test_the_consumer_says_of_a_vector_what_the_file_says(name: str) -> None:
    vector = VECTORS[name]
    if vector.error is None:
        assert verified(vector).key < len(vector.secrets)
        return
    with pytest.raises((NotGenuineError, UnusableSecretError)) as raised:
        verified(vector)
    assert raised.value.code == vector.error


@pytest.mark.parametrize("name", VECTORS)
def test_no_error_tells_a_secret_or_a_signature(name: str) -> None:
    vector = VECTORS[name]
    if vector.error is None:
        return
    with pytest.raises((NotGenuineError, UnusableSecretError)) as raised:
        verified(vector)
    said = f"{raised.value} {raised.value!r} {vars(raised.value)}"
    told = [*vector.secrets, *(vector.headers.get(name, "") for name in SIGNATURES)]
    assert [piece for text in told for piece in pieces(text) if piece in said] == []


SIGNATURES = ("webhook-signature", "x-zinrelo-signature", "x-nector-webhook-hmac")


def pieces(text: str) -> list[str]:
    """Give every piece of eight characters of a secret, or of a list of signatures."""
    bare = [part.rpartition(",")[2].rpartition("_")[2] for part in text.split()]
    return [part[place : place + 8] for part in bare for place in range(len(part) - 7)]


@pytest.mark.parametrize("name", named("v1", "v1a", signed=True))
def test_our_signer_makes_the_headers_of_a_vector(name: str) -> None:
    vector = VECTORS[name]
    signer = vector.signer
    assert signer is not None
    private = [private_key_of(bytes.fromhex(seed)) for seed in signer.ed25519_seeds]
    secrets = [*signer.secrets, *private]
    signed = sign_webhook(vector.content, secrets, signer.id, from_ms(signer.at_ms))
    assert signed == vector.headers
    assert {public_key_of(key) for key in private} & {*vector.secrets} or not private


@pytest.mark.parametrize("name", named("zinrelo", "nector", signed=True))
def test_a_dialect_makes_the_headers_of_a_vector(name: str) -> None:
    vector = VECTORS[name]
    signer = vector.signer
    assert signer is not None
    signed = dialects.catalogue()[vector.scheme].sign(
        Letter(signer.event_type, vector.content),
        signer.secrets,
        RequestId(signer.id),
        from_ms(signer.at_ms),
    )
    assert signed == vector.headers


@pytest.mark.parametrize("name", named("v1a", signed=True))
def test_cryptography_makes_the_v1a_headers_of_a_vector(name: str) -> None:
    vector = VECTORS[name]
    signer = vector.signer
    assert signer is not None
    signed = b"%b.%d.%b" % (signer.id.encode(), signer.at_ms // 1000, vector.content)
    keys = [Ed25519PrivateKey.from_private_bytes(bytes.fromhex(s)) for s in signer.ed25519_seeds]
    assert vector.headers["webhook-signature"] == " ".join(
        f"v1a,{b64encode(key.sign(signed)).decode()}" for key in keys
    )
    public = [f"whpk_{b64encode(key.public_key().public_bytes_raw()).decode()}" for key in keys]
    assert set(public) & set(vector.secrets)


def fits(vector: Vector) -> bool:
    """Verify a v1a vector by the one library call that it comes down to."""
    head = f"{vector.headers['webhook-id']}.{vector.headers['webhook-timestamp']}."
    for secret in vector.secrets:
        key = Ed25519PublicKey.from_public_bytes(b64decode(secret.removeprefix("whpk_")))
        for signature in vector.headers["webhook-signature"].split(" "):
            if signature.startswith("v1a,"):
                try:
                    key.verify(b64decode(signature[4:]), head.encode() + vector.content)
                except (InvalidSignature, ValueError):
                    continue
                return True
    return False


@pytest.mark.parametrize("name", named("v1a"))
def test_cryptography_agrees_about_a_v1a_vector(name: str) -> None:
    vector = VECTORS[name]
    if vector.secrets[0].startswith("whpk_"):
        assert fits(vector) == (vector.error != "no_matching_signature")


def stopped_at(seconds: int) -> type[datetime]:
    """Give a datetime whose `now` stands still: the library reads the clock itself."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.fromtimestamp(seconds, tz)

    return Stopped


DIFFERENT = {
    "id with a dot": "it takes any id",
    "secret without its prefix": "it takes the base64 alone",
}
"""Where the library is more patient, and why."""


def is_text(vector: Vector) -> bool:
    try:
        return bool(vector.content.decode() or True)
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("name", [name for name in named("v1") if is_text(VECTORS[name])])
def test_the_public_library_agrees_about_a_v1_vector(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = VECTORS[name]
    monkeypatch.setattr(webhooks, "datetime", stopped_at(vector.now))

    def takes(secret: str) -> bool:
        try:
            Webhook(secret).verify(vector.content, vector.headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            return False
        return True

    agrees = any(map(takes, vector.secrets)) == (vector.error is None)
    assert agrees != (name in DIFFERENT)


def test_the_library_and_the_consumer_take_what_is_signed_now() -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    secret = f"whsec_{b64encode(bytes(range(32))).decode()}"
    headers = sign_webhook(b'{"points":62}', [secret], "019df2a1c0de4a0000000090", now)
    assert Webhook(secret).verify(b'{"points":62}', headers) == {"points": 62}
    assert verify(b'{"points":62}', headers, secret, now=now.timestamp()).key == 0
