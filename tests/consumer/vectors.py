"""The signature vectors of the consumer package, as the tests of every side read them."""

from base64 import b64decode
from importlib.resources import files

import msgspec
from msgspec import Struct


class Signer(Struct, frozen=True, kw_only=True):
    id: str
    at_ms: int
    secrets: tuple[str, ...] = ()
    ed25519_seeds: tuple[str, ...] = ()
    event_type: str = ""


class Vector(Struct, frozen=True, kw_only=True):
    name: str
    scheme: str
    secrets: tuple[str, ...]
    now: int
    tolerance_seconds: int
    headers: dict[str, str]
    body: str | None = None
    body_base64: str | None = None
    error: str | None
    because: str
    signer: Signer | None = None

    @property
    def content(self) -> bytes:
        if self.body is not None:
            return self.body.encode()
        assert self.body_base64 is not None
        return b64decode(self.body_base64)


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    about: tuple[str, ...]
    version: int
    vectors: tuple[Vector, ...]


TEXT = (files("stampbook.consumer") / "vectors.json").read_bytes()
VECTORS = {vector.name: vector for vector in msgspec.json.decode(TEXT, type=File).vectors}


def named(*schemes: str, signed: bool = False) -> list[str]:
    """Give the names of the vectors of some schemes; `signed` wants those that a sender makes."""
    return [
        name
        for name, vector in VECTORS.items()
        if vector.scheme in schemes and (vector.signer is not None or not signed)
    ]
