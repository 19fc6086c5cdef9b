"""Secrets: which of an endpoint's sign now, and what becomes of them when new ones come."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

HOUR_MS = 3_600_000


class Secret(Struct, frozen=True, kw_only=True):
    """What an endpoint's webhooks are signed with. Never printed.

    Shapes: it signs before `expires_at_ms` and not any more from then on; None is for ever.
    """

    secret: str
    expires_at_ms: int | None = None

    def __repr__(self) -> str:
        return f"Secret(..., expires_at_ms={self.expires_at_ms})"

    def signs(self, now_ms: int) -> bool:
        """Tell whether it is in force."""
        return self.expires_at_ms is None or now_ms < self.expires_at_ms


def in_force(secrets: Sequence[Secret], now_ms: int) -> tuple[str, ...]:
    """Give those that sign now, in their order."""
    return tuple([one.secret for one in secrets if one.signs(now_ms)])


def rotated(
    secrets: Sequence[Secret], new: Sequence[str], *, now_ms: int, overlap_hours: int
) -> tuple[Secret, ...]:
    """Put new secrets in front; those before sign on until the overlap ends, and then never more.

    Shapes: none is given a longer life than it had, and one that comes again is there once.
    Units: `now_ms` on the real clock, as is the time of a try.
    """
    until_ms = now_ms + overlap_hours * HOUR_MS
    older = (_ending(one, until_ms) for one in secrets if one.secret not in new)
    return (
        *(Secret(secret=text) for text in new),
        *(one for one in older if one.signs(now_ms)),
    )


def _ending(secret: Secret, until_ms: int) -> Secret:
    ends_ms = secret.expires_at_ms
    return replace(secret, expires_at_ms=until_ms if ends_ms is None else min(ends_ms, until_ms))
