"""Signatures of webhook bodies: Standard Webhooks v1 and v1a, and the secrets that make them.

Both sign `id.timestamp.body` and are written in base64. `v1` is HMAC-SHA256 with the 24 to 64 bytes
that follow `whsec_`, and whoever verifies could have signed. `v1a` is ed25519: the private key
follows `whsk_` and stays with the sender; its public half follows `whpk_` and is for everybody. The
standard leaves the form of a private key open: we write 64 bytes, the seed and the public half, as
the common libraries do, and read the 32 bytes of the seed as well.

Source: the Standard Webhooks specification; RFC 2104; RFC 8032.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from stampbook.values.instants import Instant, to_ms

Scheme = Literal["v1", "v1a"]

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of every secret, not one of them
PRIVATE_PREFIX = "whsk_"
PUBLIC_PREFIX = "whpk_"
SECRET_BYTES_MIN = 24
SECRET_BYTES_MAX = 64
SEED_BYTES = 32
SECRETS_MAX = 10
"""How many secrets of one endpoint sign at once while they rotate."""
KEYS_KEPT = 4_096
"""How many secrets are kept ready to sign: to prepare one costs more than to sign with it."""

WEBHOOK_ID = "webhook-id"
WEBHOOK_TIMESTAMP = "webhook-timestamp"
WEBHOOK_SIGNATURE = "webhook-signature"

MS_PER_SECOND = 1000


def secret_of(key: bytes) -> str:
    """Spell random bytes as a shared secret.

    Errors: ValueError for fewer than SECRET_BYTES_MIN or more than SECRET_BYTES_MAX bytes.
    """
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(f"a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes")
    return SECRET_PREFIX + b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """Give the bytes that a shared secret spells.

    Errors: ValueError when it is none; the message never holds it.
    """
    key = _bytes_of(secret, SECRET_PREFIX)
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(f"a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes")
    return key


def private_key_of(seed: bytes) -> str:
    """Spell 32 random bytes as a private key.

    Errors: ValueError for another number of bytes.
    """
    if len(seed) != SEED_BYTES:
        raise ValueError(f"the seed of a private key has {SEED_BYTES} bytes")
    return PRIVATE_PREFIX + b64encode(seed + _public_half(seed)).decode()


def public_key_of(secret: str) -> str:
    """Give what verifies the signatures of a private key.

    Errors: ValueError when it is none; the message never holds it.
    """
    return PUBLIC_PREFIX + b64encode(_public_half(seed_of(secret))).decode()


def seed_of(secret: str) -> bytes:
    """Give the seed that a private key spells.

    Errors: ValueError when it is none, or its halves do not fit; the message never holds it.
    """
    key = _bytes_of(secret, PRIVATE_PREFIX)
    seed, public = key[:SEED_BYTES], key[SEED_BYTES:]
    if len(seed) != SEED_BYTES or (public and public != _public_half(seed)):
        raise ValueError(f"a private key has {SEED_BYTES} bytes, or the public key behind them")
    return seed


def scheme_of(secret: str) -> Scheme:
    """Say how a secret signs, by its prefix.

    Errors: ValueError for what is no secret; the message never holds it.
    """
    if secret.startswith(SECRET_PREFIX):
        return "v1"
    if secret.startswith(PRIVATE_PREFIX):
        return "v1a"
    raise ValueError(f"a secret starts with {SECRET_PREFIX} or {PRIVATE_PREFIX}")


def newest_shared(secrets: Sequence[str]) -> str:
    """Give the newest of an endpoint's secrets that both sides know: vendors sign with no other."""
    return next(secret for secret in secrets if secret.startswith(SECRET_PREFIX))


def sign_webhook(
    body: bytes, secrets: Sequence[str], webhook_id: str, at: Instant
) -> dict[str, str]:
    """Give the three headers of Standard Webhooks, with one signature for each secret.

    Shapes: at least one secret and SECRETS_MAX at the most; a receiver accepts any signature that
    it can verify, so both sides may change their keys, or the scheme, without a gap.
    Units: the timestamp is whole seconds; `at` is when the attempt is made, on the real clock.
    Errors: ValueError for what is no secret.
    """
    assert 1 <= len(secrets) <= SECRETS_MAX, "an endpoint has one secret, a few while they rotate"
    timestamp = str(to_ms(at) // MS_PER_SECOND)
    signed = b"%b.%b.%b" % (webhook_id.encode(), timestamp.encode(), body)
    return {
        WEBHOOK_ID: webhook_id,
        WEBHOOK_TIMESTAMP: timestamp,
        WEBHOOK_SIGNATURE: " ".join([_signer(secret)(signed) for secret in secrets]),
    }


@lru_cache(KEYS_KEPT)
def _signer(secret: str) -> Callable[[bytes], str]:
    if scheme_of(secret) == "v1":
        return _shared_signer(key_of(secret))
    return _private_signer(seed_of(secret))


def _shared_signer(key: bytes) -> Callable[[bytes], str]:
    keyed = HMAC(key, SHA256())

    def sign(content: bytes) -> str:
        mac = keyed.copy()
        mac.update(content)
        return "v1," + b64encode(mac.finalize()).decode()

    return sign


def _private_signer(seed: bytes) -> Callable[[bytes], str]:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return lambda content: "v1a," + b64encode(private.sign(content)).decode()


def _public_half(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _bytes_of(secret: str, prefix: str) -> bytes:
    if not secret.startswith(prefix):
        raise ValueError(f"a secret starts with {prefix}")
    try:
        return b64decode(secret.removeprefix(prefix), validate=True)
    except (Base64Error, ValueError):  # the latter for what is not ASCII
        raise ValueError(f"a secret is base64 after {prefix}") from None
