"""Signatures of the vendors, verified, for a consumer that reads theirs and no others.

Their key is the secret as its owner reads it, `whsec_` included. They have room for one signature,
which the newest secret makes: only `webhook-signature` lets both sides change a secret without a
gap. Nector's signs no time, so a recorded request can be played for ever; `signatures.verify` works
in every dialect and has neither weakness.
"""

import hashlib
import hmac

from .errors import MalformedHeaderError, NoMatchingSignatureError, UnusableSecretError
from .headers import Found, Headers
from .signatures import PUBLIC, TOLERANCE_SECONDS, Secrets, Signed, check_age, secret_list

ZINRELO_SIGNATURE = "x-zinrelo-signature"
NONCE = "nonce"
NECTOR_SIGNATURE = "x-nector-webhook-hmac"
NECTOR_ALGORITHM = "x-nector-webhook-hmac-algo"
NECTOR_SECRET = "x-nector-webhook-secret"  # noqa: S105 - the name of a header
NECTOR_DELIVERY = "x-nector-delivery-id"

MS_PER_SECOND = 1000


def verify_zinrelo(
    body: bytes,
    headers: Headers,
    secrets: Secrets,
    *,
    now: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> Signed:
    """Give what `x-zinrelo-signature` proves: hex HMAC-SHA512 of the body, a colon and the nonce.

    Shapes: the nonce is the time in milliseconds, so it has an age; it is also what `id` gives,
    because the vendor names no request.
    Errors: those of `signatures.verify`.
    """
    keys = _keys(secrets)
    found = Found(headers)
    sent_at = found.number(NONCE) / MS_PER_SECOND
    nonce, offered = found.required(NONCE), found.required(ZINRELO_SIGNATURE)
    signed = b"%b:%b" % (body, nonce.encode())
    number = _fitting([hmac.digest(key, signed, "sha512") for key in keys], offered)
    if number is None:
        raise NoMatchingSignatureError(ZINRELO_SIGNATURE, ["hmac-sha512"], ["hmac-sha512"])
    check_age(sent_at, now, tolerance_seconds)
    return Signed(id=nonce, sent_at=sent_at, key=number)


def verify_nector(body: bytes, headers: Headers, secrets: Secrets) -> Signed:
    """Give what `x-nector-webhook-hmac` proves: hex HMAC-SHA256 of the raw body, and no more.

    Shapes: neither the topic nor the id nor the time is signed. `x-nector-webhook-secret` names the
    secret by its digest and proves nothing; it only helps to say what is wrong.
    Errors: those of `signatures.verify`, without those of age.
    """
    keys = _keys(secrets)
    found = Found(headers)
    algorithm = found.find(NECTOR_ALGORITHM)
    if algorithm not in {None, "sha256"}:
        raise MalformedHeaderError(NECTOR_ALGORITHM, "is not sha256")
    number = _fitting(
        [hmac.digest(key, body, "sha256") for key in keys], found.required(NECTOR_SIGNATURE)
    )
    if number is None:
        schemes = ["hmac-sha256"]
        raise NoMatchingSignatureError(NECTOR_SIGNATURE, schemes, schemes, _hint(found, keys))
    return Signed(id=found.find(NECTOR_DELIVERY) or "", sent_at=None, key=number)


def _keys(secrets: Secrets) -> list[bytes]:
    """Give the keys, without public ones: the vendors know none."""
    listed = [secret for secret in secret_list(secrets) if not secret.startswith(PUBLIC)]
    if not listed:
        raise UnusableSecretError("the vendors' signatures are made with a shared secret")
    if not all(secret and secret == secret.strip() for secret in listed):
        raise UnusableSecretError("a secret is empty, or has white space around it")
    return [secret.encode() for secret in listed]


def _fitting(wanted: list[bytes], offered: str) -> int | None:
    """Give the number of the digest that is offered."""
    for number, digest in enumerate(wanted):
        if hmac.compare_digest(digest.hex().encode(), offered.lower().encode()):
            return number
    return None


def _hint(found: Found, keys: list[bytes]) -> str:
    named = found.find(NECTOR_SECRET)
    if named is None:
        return ""
    if _fitting([hashlib.sha256(key).digest() for key in keys], named) is None:
        return f"; by {NECTOR_SECRET} it was made with another secret"
    return f"; by {NECTOR_SECRET} the secret is right, so the body was changed"
