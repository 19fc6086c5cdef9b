"""Signatures of webhook bodies: Standard Webhooks v1, and the secrets that make them.

Source: the Standard Webhooks specification: `v1` is HMAC-SHA256 in base64 over
`id.timestamp.body`; a secret is `whsec_` and base64 of 24 to 64 bytes.
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence

from stampbook.values.instants import Instant, to_ms

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of every secret, not one of them
SECRET_BYTES_MIN = 24
SECRET_BYTES_MAX = 64
SECRETS_MAX = 10
"""How many secrets of one endpoint sign at once while they rotate."""

WEBHOOK_ID = "webhook-id"
WEBHOOK_TIMESTAMP = "webhook-timestamp"
WEBHOOK_SIGNATURE = "webhook-signature"

MS_PER_SECOND = 1000


def secret_of(key: bytes) -> str:
    """Spell random bytes as a secret.

    Errors: ValueError for fewer than SECRET_BYTES_MIN or more than SECRET_BYTES_MAX bytes.
    """
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(f"a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes")
    return SECRET_PREFIX + b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """Give the bytes that a secret spells.

    Errors: ValueError when it is no secret; the message never holds it.
    """
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"a secret starts with {SECRET_PREFIX}")
    try:
        key = b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except Base64Error:
        raise ValueError(f"a secret is base64 after {SECRET_PREFIX}") from None
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(f"a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes")
    return key


def sign_webhook(
    body: bytes, secrets: Sequence[str], webhook_id: str, at: Instant
) -> dict[str, str]:
    """Give the three headers of Standard Webhooks, with one signature for each secret.

    Shapes: at least one secret and SECRETS_MAX at the most; a receiver accepts any signature that
    it can make itself, so both sides may change the secret without a gap.
    Units: the timestamp is whole seconds; `at` is when the attempt is made, on the real clock.
    Errors: ValueError for what is no secret.
    """
    assert 1 <= len(secrets) <= SECRETS_MAX, "an endpoint has one secret, a few while they rotate"
    timestamp = str(to_ms(at) // MS_PER_SECOND)
    signed = b"%b.%b.%b" % (webhook_id.encode(), timestamp.encode(), body)
    return {
        WEBHOOK_ID: webhook_id,
        WEBHOOK_TIMESTAMP: timestamp,
        WEBHOOK_SIGNATURE: " ".join(
            "v1," + b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode()
            for secret in secrets
        ),
    }
