"""Secrets of endpoints: made here, kept encrypted, opened only to sign."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from stampbook.values.json import decode, encode
from stampbook.values.signatures import secret_of

SECRET_BYTES = 32
OPENED_MAX = 1_024
"""How many endpoints' secrets stay opened in memory: opening costs as much as a third of a POST."""


class SecretsUnreadableError(Exception):
    """It was encrypted with a master key that this process was not given."""


class Vault:
    """Seals and opens the secrets of endpoints with the master keys, the newest first.

    To change the master key, put the new one first, seal everything again with `reseal`, and keep
    the old one for as long as idempotency keys live: see decisions/0010.
    """

    def __init__(self, master_keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in master_keys])
        self._opened = lru_cache(OPENED_MAX)(self._open)

    def encrypt(self, content: bytes) -> str:
        """Encrypt something that is not to be read in the database."""
        return self._fernet.encrypt(content).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Give back what was encrypted.

        Errors: SecretsUnreadableError.
        """
        try:
            return self._fernet.decrypt(encrypted)
        except InvalidToken:
            raise SecretsUnreadableError("no master key opens what was encrypted") from None

    def seal(self, secrets: Sequence[str]) -> str:
        """Encrypt the secrets of an endpoint, the newest first."""
        return self.encrypt(encode(list(secrets)))

    def open(self, sealed: str) -> tuple[str, ...]:
        """Decrypt the secrets of an endpoint.

        Errors: SecretsUnreadableError.
        """
        return self._opened(sealed)

    def reseal(self, sealed: str) -> str:
        """Encrypt secrets again with the newest master key.

        Errors: SecretsUnreadableError.
        """
        return self.seal(self._open(sealed))

    def _open(self, sealed: str) -> tuple[str, ...]:
        return tuple(decode(self.decrypt(sealed), list[str]))


def new_master_key() -> str:
    """Make a master key."""
    return Fernet.generate_key().decode()


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """Make a secret of an endpoint, as its owner reads it."""
    return secret_of(random_bytes(SECRET_BYTES))
