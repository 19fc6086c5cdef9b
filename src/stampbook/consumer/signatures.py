"""Signatures of Standard Webhooks, verified: v1 with a shared secret, v1a with a public key.

Both sign `id.timestamp.body`: v1 by HMAC-SHA256 with the bytes behind `whsec_`, v1a by ed25519 with
the private key whose public half is the 32 bytes behind `whpk_`. The header lists any number of
signatures, so that either side can change its keys without a gap; one that fits is enough.

Source: the Standard Webhooks specification.
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from .errors import (
    CryptographyMissingError,
    MalformedHeaderError,
    NoMatchingSignatureError,
    TimestampTooNewError,
    TimestampTooOldError,
    UnusableSecretError,
)
from .headers import WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, Found, Headers

TOLERANCE_SECONDS = 300
"""How far the time of a signature may lie from the consumer's clock, in either direction."""

SHARED, PUBLIC, PRIVATE = "whsec_", "whpk_", "whsk_"
SHARED_BYTES = range(24, 65)
PUBLIC_BYTES = range(32, 33)
SIGNATURES_MAX = 64
"""In one header; a sender in the middle of a rotation makes a handful."""
SCHEME_MAX = 8
"""Units: characters. Schemes are named in errors, signatures never are."""

Secrets = str | Sequence[str]
"""One secret, or several while they change."""


class Signed(Struct, frozen=True, kw_only=True):
    """What a signature proved.

    Shapes: `id` is the request's, the same on each try; `key` counts the secrets given from 0, and
    says which of them fits. Units: `sent_at` is seconds since 1970, None where the scheme does not
    sign a time.
    """

    id: str
    sent_at: float | None
    key: int


class _Key(Struct, frozen=True):
    """A scheme, and whether a signature of it fits what was signed."""

    scheme: str
    fits: Callable[[bytes, str], bool]


def verify(
    body: bytes,
    headers: Headers,
    secrets: Secrets,
    *,
    now: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> Signed:
    """Give what the signature proves, or raise what is wrong with it.

    Shapes: `body` is the raw body, byte by byte as it came; a secret is `whsec_...` or `whpk_...`.
    Units: `now` is the consumer's clock in seconds since 1970, such as `time.time()`.
    Errors: NotGenuineError in one of its kinds; UnusableSecretError for what is no secret;
    CryptographyMissingError when a public key is needed and cannot be read.
    """
    keys = [_key_of(secret) for secret in secret_list(secrets)]
    found = Found(headers)
    webhook_id = found.required(WEBHOOK_ID)
    if "." in webhook_id:  # what is signed could be cut in two ways
        raise MalformedHeaderError(WEBHOOK_ID, "has a dot in it")
    sent_at = found.number(WEBHOOK_TIMESTAMP)
    offered = list(_signatures(found.required(WEBHOOK_SIGNATURE)))
    signed = b"%b.%b.%b" % (webhook_id.encode(), found.required(WEBHOOK_TIMESTAMP).encode(), body)
    for number, key in enumerate(keys):
        if any(scheme == key.scheme and key.fits(signed, text) for scheme, text in offered):
            check_age(sent_at, now, tolerance_seconds)
            return Signed(id=webhook_id, sent_at=sent_at, key=number)
    raise NoMatchingSignatureError(
        WEBHOOK_SIGNATURE, [scheme for scheme, _ in offered], [key.scheme for key in keys]
    )


def secret_list(secrets: Secrets) -> Sequence[str]:
    """Give one or several secrets as several.

    Errors: UnusableSecretError for none at all.
    """
    listed = [secrets] if isinstance(secrets, str) else secrets
    if not listed:
        raise UnusableSecretError("no secret was given")
    return listed


def check_age(sent_at: float, now: float, tolerance_seconds: float) -> None:
    """Raise when a genuine request is too old, or comes from the future.

    Errors: TimestampTooOldError, TimestampTooNewError.
    """
    if now - sent_at > tolerance_seconds:
        raise TimestampTooOldError(now - sent_at, tolerance_seconds)
    if sent_at - now > tolerance_seconds:
        raise TimestampTooNewError(sent_at - now, tolerance_seconds)


def _signatures(header: str) -> Iterator[tuple[str, str]]:
    """Give scheme and text of each signature; what is no scheme is an empty one."""
    listed = header.split()
    if len(listed) > SIGNATURES_MAX:
        raise MalformedHeaderError(WEBHOOK_SIGNATURE, f"has more than {SIGNATURES_MAX} signatures")
    for signature in listed:
        scheme, comma, text = signature.partition(",")
        yield (scheme, text) if comma and len(scheme) <= SCHEME_MAX else ("", signature)


def _key_of(secret: str) -> _Key:
    if secret != secret.strip():
        raise UnusableSecretError("a secret has white space around it")
    if secret.startswith(SHARED):
        return _Key("v1", _Shared(_bytes_of(secret, SHARED, SHARED_BYTES)).fits)
    if secret.startswith(PUBLIC):
        return _Key("v1a", _Public(_bytes_of(secret, PUBLIC, PUBLIC_BYTES)).fits)
    if secret.startswith(PRIVATE):
        raise UnusableSecretError(
            f"a {PRIVATE} key signs and stays with the sender; a consumer has the {PUBLIC} key"
        )
    raise UnusableSecretError(f"a secret starts with {SHARED} or {PUBLIC}")


def _bytes_of(secret: str, prefix: str, sizes: range) -> bytes:
    try:
        key = b64decode(secret.removeprefix(prefix), validate=True)
    except (Base64Error, ValueError):  # the latter for what is not ASCII
        raise UnusableSecretError(f"a secret is base64 after {prefix}") from None
    if len(key) not in sizes:
        bounds = " to ".join(str(size) for size in dict.fromkeys((sizes[0], sizes[-1])))
        raise UnusableSecretError(f"a {prefix} secret has {bounds} bytes, this one {len(key)}")
    return key


class _Shared:
    """A shared secret; it never prints itself."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def fits(self, signed: bytes, signature: str) -> bool:
        """Tell whether a signature is ours, in a time that does not tell how much of it is."""
        wanted = b64encode(hmac.digest(self._key, signed, "sha256"))
        return hmac.compare_digest(wanted, signature.encode())


class _Public:
    """A public key of ed25519."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def fits(self, signed: bytes, signature: str) -> bool:
        """Tell whether the owner of the private key made a signature.

        Errors: CryptographyMissingError.
        """
        try:  # most consumers have a shared secret, and need not install it
            from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
            from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
                Ed25519PublicKey,
            )
        except ImportError:
            raise CryptographyMissingError from None
        try:
            Ed25519PublicKey.from_public_bytes(self._key).verify(
                b64decode(signature, validate=True), signed
            )
        except (InvalidSignature, Base64Error):
            return False
        return True
