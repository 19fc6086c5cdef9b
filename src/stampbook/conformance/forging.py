"""Forging: genuine requests, spoiled so that no careful consumer takes them."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable

from msgspec.structs import replace

from stampbook.conformance.wire import Post

STANDARD = "webhook-signature"
WEBHOOK_ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
ZINRELO = "x-zinrelo-signature"
NONCE = "nonce"
NECTOR = "x-nector-webhook-hmac"
NECTOR_SECRET = "x-nector-webhook-secret"  # noqa: S105 - the name of a header
SIGNATURES = (STANDARD, ZINRELO, NECTOR)


def header_of(post: Post, name: str) -> str:
    """Give a header of a request of ours; empty when it is not there."""
    return dict(post.headers).get(name, "")


def without(post: Post, *names: str) -> Post:
    """Leave headers out."""
    kept = tuple(pair for pair in post.headers if pair[0] not in names)
    return replace(post, headers=kept)


def emptied(post: Post, *names: str) -> Post:
    """Leave headers without a value."""
    kept = ((name, "" if name in names else value) for name, value in post.headers)
    return replace(post, headers=tuple(kept))


def with_signatures(post: Post, spoil: Callable[[str], str]) -> Post:
    """Change the digest of every signature; the scheme before it stays."""
    changed: list[tuple[str, str]] = []
    for name, value in post.headers:
        if name in SIGNATURES:
            scheme, comma, digest = value.rpartition(",")
            changed.append((name, f"{scheme}{comma}{spoil(digest)}"))
        else:
            changed.append((name, value))
    return replace(post, headers=tuple(changed))


def signed_with_nothing(post: Post) -> Post:
    """Sign with an empty secret, as everybody can: a consumer that was given none would take it."""
    head = f"{header_of(post, WEBHOOK_ID)}.{header_of(post, TIMESTAMP)}.".encode()
    nonced = b"%b:%b" % (post.body, header_of(post, NONCE).encode())
    digests = {
        STANDARD: f"v1,{b64encode(hmac.digest(b'', head + post.body, 'sha256')).decode()}",
        ZINRELO: hmac.digest(b"", nonced, "sha512").hex(),
        NECTOR: hmac.digest(b"", post.body, "sha256").hex(),
        NECTOR_SECRET: hashlib.sha256(b"").hexdigest(),
    }
    return replace(
        post, headers=tuple((name, digests.get(name, value)) for name, value in post.headers)
    )
