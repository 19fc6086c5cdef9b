"""Errors: why a request is not taken, each with a code that never changes its meaning.

No message holds a secret, a signature or a body, so all of them may be logged and answered.
"""

from collections.abc import Sequence
from typing import ClassVar


class NotGenuineError(Exception):
    """The request cannot be trusted: answer 401 and do nothing."""

    code: ClassVar[str] = "not_genuine"


class MissingHeaderError(NotGenuineError):
    """A header without which nothing can be proved is not there."""

    code = "missing_header"

    def __init__(self, header: str) -> None:
        super().__init__(f"the header {header} is missing")
        self.header = header


class MalformedHeaderError(NotGenuineError):
    """A header is there and cannot be what the sender writes."""

    code = "malformed_header"

    def __init__(self, header: str, why: str) -> None:
        super().__init__(f"the header {header} {why}")
        self.header = header
        self.why = why


class NoMatchingSignatureError(NotGenuineError):
    """No signature fits: the secret is another one, or the body is not what was sent.

    Shapes: `offered` are the schemes of the signatures, `known` those that the secrets can check.
    """

    code = "no_matching_signature"

    def __init__(
        self, header: str, offered: Sequence[str], known: Sequence[str], hint: str = ""
    ) -> None:
        if not offered:
            why = "holds no signature"
        elif not set(offered) & set(known):
            why = f"offers {_listed(offered)}, and the secrets given check {_listed(known)}"
        else:
            why = "holds no signature that fits the body and the secrets given"
        super().__init__(f"the header {header} {why}{hint}")
        self.header = header
        self.offered = tuple(offered)
        self.known = tuple(known)


class TimestampTooOldError(NotGenuineError):
    """It is signed, and was signed too long ago: perhaps somebody plays a recorded request."""

    code = "timestamp_too_old"

    def __init__(self, age_seconds: float, tolerance_seconds: float) -> None:
        super().__init__(
            f"it was signed {age_seconds:.0f} seconds ago, and {tolerance_seconds:.0f} are allowed"
        )
        self.age_seconds = age_seconds
        self.tolerance_seconds = tolerance_seconds


class TimestampTooNewError(NotGenuineError):
    """It is signed for a time that has not come: one of the two clocks is wrong."""

    code = "timestamp_too_new"

    def __init__(self, ahead_seconds: float, tolerance_seconds: float) -> None:
        super().__init__(
            f"it is dated {ahead_seconds:.0f} seconds ahead of this clock, "
            f"and {tolerance_seconds:.0f} are allowed"
        )
        self.ahead_seconds = ahead_seconds
        self.tolerance_seconds = tolerance_seconds


class UnreadableBodyError(ValueError):
    """The body is genuine and not what its dialect promises: keep it, and ask the sender."""

    code: ClassVar[str] = "unreadable_body"


class UnusableSecretError(ValueError):
    """What was given as a secret cannot be one: the consumer is set up wrongly."""

    code: ClassVar[str] = "unusable_secret"


class CryptographyMissingError(ImportError):
    """A public key was given, and what reads it is not installed."""

    code: ClassVar[str] = "cryptography_missing"

    def __init__(self) -> None:
        super().__init__(
            "v1a signatures are checked by the package cryptography: pip install cryptography"
        )


def _listed(schemes: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(filter(None, schemes))) or "nothing"
