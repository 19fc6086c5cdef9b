"""For whoever gets webhooks: verify them, read them as typed events, and do nothing twice.

    message = read("native", headers, body, secrets, now=time.time())
    for event in message.events:
        match event.data:
            case native.PointsEarned(member=member, transaction=award): ...

It needs msgspec and the standard library, and nothing else of Stampbook: its parts name each other
relatively, so that the folder may be copied into another program. Public keys of ed25519 (v1a) also
need cryptography, which is imported when one is used. No clock is read here: `now` is an argument.
`vectors.json` holds signatures that fit and signatures that do not, for a consumer in any language.
"""

from .errors import (
    CryptographyMissingError,
    MalformedHeaderError,
    MissingHeaderError,
    NoMatchingSignatureError,
    NotGenuineError,
    TimestampTooNewError,
    TimestampTooOldError,
    UnreadableBodyError,
    UnusableSecretError,
)
from .gaps import Gaps
from .headers import Headers
from .message import DialectName, Event, Message, Unknown
from .reading import event_ids, parse, read
from .signatures import TOLERANCE_SECONDS, Signed, verify
from .vendors import verify_nector, verify_zinrelo

__all__ = [
    "TOLERANCE_SECONDS",
    "CryptographyMissingError",
    "DialectName",
    "Event",
    "Gaps",
    "Headers",
    "MalformedHeaderError",
    "Message",
    "MissingHeaderError",
    "NoMatchingSignatureError",
    "NotGenuineError",
    "Signed",
    "TimestampTooNewError",
    "TimestampTooOldError",
    "Unknown",
    "UnreadableBodyError",
    "UnusableSecretError",
    "event_ids",
    "parse",
    "read",
    "verify",
    "verify_nector",
    "verify_zinrelo",
]
