"""Secrets of endpoints: made here, kept encrypted, opened only to sign and to get in."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from stampbook.core.secrets import Secret
from stampbook.delivery.access import Entrance, Sealed, entrance_of
from stampbook.values.json import decode, encode
from stampbook.values.signatures import SEED_BYTES, Scheme, private_key_of, secret_of

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
        self._entrances = lru_cache(OPENED_MAX)(self._entrance)

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

    def seal(self, secrets: Sequence[Secret | str]) -> str:
        """Encrypt the secrets of an endpoint, the newest first; a text signs for ever."""
        return self.encrypt(encode([_secret(one) for one in secrets]))

    def open(self, sealed: str) -> tuple[Secret, ...]:
        """Decrypt the secrets of an endpoint.

        Shapes: what was sealed as a list of texts, before secrets had an end, signs for ever.
        Errors: SecretsUnreadableError.
        """
        return self._opened(sealed)

    def seal_access(self, access: Sealed) -> str:
        """Encrypt how to get into an endpoint; what says nothing is an empty text."""
        return "" if access == Sealed() else self.encrypt(encode(access))

    def open_access(self, sealed: str) -> Sealed:
        """Decrypt how to get into an endpoint.

        Errors: SecretsUnreadableError.
        """
        return decode(self.decrypt(sealed), Sealed) if sealed else Sealed()

    def entrance(self, sealed: str) -> Entrance:
        """Give how to get into an endpoint, as its requests carry it.

        Errors: SecretsUnreadableError.
        """
        return self._entrances(sealed)

    def reseal(self, sealed: str) -> str:
        """Encrypt again, with the newest master key, what is still as it was encrypted.

        Shapes: the secrets and the access of endpoints, and nothing for nothing.
        Errors: SecretsUnreadableError.
        """
        return self.encrypt(self.decrypt(sealed)) if sealed else ""

    def _open(self, sealed: str) -> tuple[Secret, ...]:
        return tuple(map(_secret, decode(self.decrypt(sealed), list[Secret | str])))

    def _entrance(self, sealed: str) -> Entrance:
        return entrance_of(self.open_access(sealed))


def new_master_key() -> str:
    """Make a master key."""
    return Fernet.generate_key().decode()


def new_secret(random_bytes: Callable[[int], bytes], scheme: Scheme = "v1") -> str:
    """Make a secret of an endpoint, as its owner reads it; a private key is read by nobody."""
    if scheme == "v1a":
        return private_key_of(random_bytes(SEED_BYTES))
    return secret_of(random_bytes(SECRET_BYTES))


def _secret(one: Secret | str) -> Secret:
    return Secret(secret=one) if isinstance(one, str) else one
