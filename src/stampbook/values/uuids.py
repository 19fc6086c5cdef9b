"""UUIDs: a spelling of our ids that every parser of UUIDs takes, and that leads back to the id.

Shapes: 96 bits of id and 26 bits that check them fill the 122 free bits of a UUID of version 4,
the only version that some receivers take. Because of the check, a UUID of somebody else's is not
taken for one of ours.
Source: RFC 9562, section 5.4; decisions/0019.
"""

import hashlib
import re
from typing import Literal
from zlib import crc32

ID_DIGITS = 24
CHECK_BITS = 26
LOW_BITS = 36
"""Of the id, in the last part of the UUID, before the check."""
VERSION = "4"
VARIANT = 0b10 << (LOW_BITS + CHECK_BITS)

ID = re.compile(f"[0-9a-f]{{{ID_DIGITS}}}")
UUID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-4([0-9a-f]{3})-([89ab][0-9a-f]{3})-([0-9a-f]{12})")

DefinedKind = Literal["activity", "reward", "coupon"]
"""What a program's definition names by keys of the merchant's."""


def uuid_of(id_: str) -> str:
    """Spell an id of 24 lower-case hex digits as a UUID."""
    low = VARIANT | (int(id_[15:], 16) << CHECK_BITS) | _check(id_)
    end = f"{low:016x}"
    return f"{id_[:8]}-{id_[8:12]}-{VERSION}{id_[12:15]}-{end[:4]}-{end[4:]}"


def id_of(text: str) -> str | None:
    """Read a UUID back; None for what `uuid_of` never gave."""
    parts = UUID.fullmatch(text.lower())
    if parts is None:
        return None
    low = int(parts[4] + parts[5], 16) ^ VARIANT
    found = f"{parts[1]}{parts[2]}{parts[3]}{low >> CHECK_BITS:09x}"
    return found if uuid_of(found) == text.lower() else None


def is_id(text: str) -> bool:
    """Tell whether a text is spelled like an id of ours."""
    return ID.fullmatch(text) is not None


def defined_id(program_id: str, kind: DefinedKind, key: str) -> str:
    """Give an id of ours for something of a program's definition; the same for ever."""
    return hashlib.sha256(f"{program_id}:{kind}:{key}".encode()).hexdigest()[:ID_DIGITS]


def _check(id_: str) -> int:
    return crc32(id_.encode()) & ((1 << CHECK_BITS) - 1)
