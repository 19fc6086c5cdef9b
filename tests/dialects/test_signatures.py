"""Signatures: the public library verifies them, secrets rotate without a gap."""

import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from stampbook import dialects
from stampbook.dialects import Letter
from stampbook.values.ids import RequestId
from stampbook.values.instants import from_ms, to_ms
from stampbook.values.signatures import (
    SECRETS_MAX,
    key_of,
    private_key_of,
    public_key_of,
    scheme_of,
    secret_of,
    seed_of,
    sign_webhook,
)

OLD, NEW, STRANGER = (secret_of(bytes([n]) * 32) for n in (1, 2, 3))
PRIVATE, OTHER_PRIVATE = (private_key_of(bytes([n]) * 32) for n in (4, 5))
REQUEST = RequestId("019df2a1c0de4a0000000090")
BODY = '{"type":"points.earned","note":"für Maren"}'.encode()
LETTER = Letter("points.earned", BODY)
DIALECTS = dialects.catalogue()


def real_now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


@pytest.mark.parametrize("name", DIALECTS)
def test_the_public_library_verifies_every_dialect(name: str) -> None:
    headers = DIALECTS[name].sign(LETTER, [NEW], REQUEST, real_now())
    assert Webhook(NEW).verify(BODY, headers) == {"type": "points.earned", "note": "für Maren"}
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Webhook(STRANGER).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Webhook(NEW).verify(BODY + b" ", headers)


@pytest.mark.parametrize("name", DIALECTS)
def test_while_secrets_rotate_each_of_them_verifies(name: str) -> None:
    headers = DIALECTS[name].sign(LETTER, [NEW, OLD], REQUEST, real_now())
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(BODY, headers)


def test_an_old_message_is_known_by_its_timestamp() -> None:
    headers = sign_webhook(BODY, [NEW], REQUEST, real_now() - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(NEW).verify(BODY, headers)


def test_zinrelo_signs_body_and_nonce_with_the_newest_secret_as_it_is_shown() -> None:
    at = datetime(2026, 5, 4, 9, 30, 16, 250_000, tzinfo=UTC)
    headers = DIALECTS["zinrelo"].sign(LETTER, [NEW, OLD], REQUEST, at)
    assert headers["nonce"] == str(to_ms(at)) == "1777887016250"
    signed = BODY + b":1777887016250"
    wanted = hmac.new(NEW.encode(), signed, hashlib.sha512).hexdigest()
    assert headers["x-zinrelo-signature"] == wanted


@given(st.binary(min_size=24, max_size=64))
def test_a_secret_spells_its_bytes(key: bytes) -> None:
    assert key_of(secret_of(key)) == key


@pytest.mark.parametrize("size", [0, 23, 65])
def test_a_secret_has_24_to_64_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="24 to 64"):
        secret_of(bytes(size))


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_???", "whsk_" + NEW[6:], NEW[:20], "a b"])
def test_what_is_no_secret_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="a secret") as refused:
        key_of(text)
    assert not text or text not in str(refused.value).replace("whsec_", "")


def test_a_request_is_signed_by_one_secret_or_a_few() -> None:
    for secrets in ([], [NEW] * (SECRETS_MAX + 1)):
        with pytest.raises(AssertionError):
            sign_webhook(BODY, secrets, REQUEST, real_now())


def verified(body: bytes, headers: dict[str, str], public_key: str) -> int:
    """How many of the signatures the public key verifies, by hand as any receiver may."""
    key = Ed25519PublicKey.from_public_bytes(b64decode(public_key.removeprefix("whpk_")))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    count = 0
    for signature in headers["webhook-signature"].split(" "):
        scheme, text = signature.split(",")
        if scheme == "v1a":
            try:
                key.verify(b64decode(text), signed)
            except InvalidSignature:
                continue
            count += 1
    return count


def test_a_private_key_signs_as_published_vectors_say() -> None:
    """Of the vectors that consumers are tested with; RFC 8032 gives the first pair of keys."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert public_key_of(private_key_of(seed)) == "whpk_" + b64encode(public).decode()
    secret = private_key_of(
        bytes.fromhex("15e83df2c06a6624436b21fc0603e69c1a01bb6b712070cd34d0aea184c6eb6f")
    )
    body = (
        b'{"type":"points.earned","timestamp":"2026-05-04T09:30:15Z",'
        b'"data":{"sequence":17,"points":62}}'
    )
    assert public_key_of(secret) == "whpk_3Z+Kg1JKYUMAMlTUU1hXhslncgVNk7cH/cezJ6o9UU4="
    assert sign_webhook(body, [secret], REQUEST, from_ms(1777887016250)) == {
        "webhook-id": "019df2a1c0de4a0000000090",
        "webhook-timestamp": "1777887016",
        "webhook-signature": "v1a,ejxXEYXEE1ltsjRoikA9xv6ELyuU4lnVNpzQKwMXPmuS2XjmMTZ2VN2oIO0fZ6rH0"
        "+guwfedNORYqFUL/sV6Cg==",
    }


def test_whoever_has_the_public_key_verifies_and_a_shared_secret_is_not_needed() -> None:
    headers = sign_webhook(BODY, [PRIVATE], REQUEST, real_now())
    assert verified(BODY, headers, public_key_of(PRIVATE)) == 1
    assert verified(BODY, headers, public_key_of(OTHER_PRIVATE)) == 0
    assert verified(BODY + b" ", headers, public_key_of(PRIVATE)) == 0


def test_a_scheme_changes_without_a_gap() -> None:
    headers = sign_webhook(BODY, [PRIVATE, OTHER_PRIVATE, NEW], REQUEST, real_now())
    assert Webhook(NEW).verify(BODY, headers)
    assert verified(BODY, headers, public_key_of(PRIVATE)) == 1
    assert verified(BODY, headers, public_key_of(OTHER_PRIVATE)) == 1


@pytest.mark.parametrize("name", [one.name for one in DIALECTS.values() if one.shares_secret])
def test_a_vendor_signs_with_the_newest_shared_secret_though_a_private_key_is_newer(
    name: str,
) -> None:
    at = real_now()
    vendors = DIALECTS[name].sign(LETTER, [PRIVATE, NEW, OLD], REQUEST, at)
    alone = DIALECTS[name].sign(LETTER, [NEW], REQUEST, at)
    others = {"webhook-signature"}
    assert {k: v for k, v in vendors.items() if k not in others} == {
        k: v for k, v in alone.items() if k not in others
    }
    assert verified(BODY, vendors, public_key_of(PRIVATE)) == 1


@given(st.binary(min_size=32, max_size=32))
def test_a_private_key_is_read_with_or_without_its_public_half(seed: bytes) -> None:
    whole = private_key_of(seed)
    assert len(b64decode(whole.removeprefix("whsk_"))) == 64
    half = "whsk_" + b64encode(seed).decode()
    assert seed_of(whole) == seed_of(half) == seed
    assert public_key_of(whole) == public_key_of(half)
    assert (scheme_of(whole), scheme_of(secret_of(seed))) == ("v1a", "v1")


@pytest.mark.parametrize(
    "text",
    [
        "", "whsk_", "whsk_???", NEW, "whsk_ä", "whsk_" + b64encode(bytes(31)).decode(),
        "whsk_" + b64encode(bytes(64)).decode(), PRIVATE + "AAAA", public_key_of(PRIVATE),
    ],
)  # fmt: skip
def test_what_is_no_private_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|secret") as refused:
        seed_of(text)
    assert len(text) < 8 or text[5:] not in str(refused.value)
    with pytest.raises(ValueError, match="seed"):
        private_key_of(bytes(31))
