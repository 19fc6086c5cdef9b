"""Signatures: the public library verifies them, secrets rotate without a gap."""

import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from stampbook import dialects
from stampbook.dialects import Letter
from stampbook.values.ids import RequestId
from stampbook.values.instants import to_ms
from stampbook.values.signatures import SECRETS_MAX, key_of, secret_of, sign_webhook

OLD, NEW, STRANGER = (secret_of(bytes([n]) * 32) for n in (1, 2, 3))
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
