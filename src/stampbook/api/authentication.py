"""Authentication: which key a request carries, and what it may do."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Callable

from stampbook.api.exchange import Header
from stampbook.api.problem import KEY_INVALID, KEY_MISSING, KEY_SCOPE_MISSING, ProblemError
from stampbook.store.admin import ApiKey

CACHED_SECONDS = 5
"""How long a revoked key may still be accepted."""

CACHED_KEYS_MAX = 10_000

BEARER = re.compile(rb"[Bb]earer +(?P<key>sb_[A-Za-z0-9]{1,64}_[A-Za-z0-9_-]{16,128})")
CHALLENGE: tuple[Header, ...] = ((b"www-authenticate", b'Bearer realm="stampbook"'),)


class KeyRing:
    """Finds keys, and keeps what it found for a few seconds.

    Shapes: `find` looks a key up by the SHA-256 of its text, in a thread. A key that is unknown is
    not kept, so that nobody can fill the ring.
    """

    __slots__ = ("_find", "_found")

    def __init__(self, find: Callable[[str], ApiKey | None]) -> None:
        self._find = find
        self._found: dict[bytes, tuple[float, ApiKey]] = {}

    async def allowed(self, authorization: bytes | None, scope: str) -> ApiKey:
        """Give the key of an Authorization header that may do what needs the scope.

        Errors: ProblemError `key.missing`, `key.invalid`, `key.scope_missing`.
        """
        if authorization is None:
            raise ProblemError(KEY_MISSING, headers=CHALLENGE)
        # looked up by digest: how long that takes tells nothing about a key
        digest = hashlib.sha256(authorization).digest()
        found = self._found.get(digest)
        if found is None or found[0] < time.monotonic():
            found = (time.monotonic() + CACHED_SECONDS, await self._look_up(authorization))
            if len(self._found) >= CACHED_KEYS_MAX:
                self._found.clear()
            self._found[digest] = found
        if scope not in found[1].scopes:
            raise ProblemError(KEY_SCOPE_MISSING, f"It needs the scope `{scope}`.")
        return found[1]

    async def _look_up(self, authorization: bytes) -> ApiKey:
        matched = BEARER.fullmatch(authorization)
        if matched is None:
            raise ProblemError(KEY_INVALID, headers=CHALLENGE)
        digest = hashlib.sha256(matched["key"]).hexdigest()
        stored = await asyncio.to_thread(self._find, digest)
        if stored is None or not hmac.compare_digest(stored.hash, digest):
            raise ProblemError(KEY_INVALID, headers=CHALLENGE)
        return stored
