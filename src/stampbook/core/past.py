"""The past: instants that callers name for what happened before."""

from datetime import UTC, datetime

from stampbook.core.draft import Draft
from stampbook.core.refusals import INSTANT_IN_FUTURE, INSTANT_TOO_OLD, Refused, refuse
from stampbook.values.instants import Instant, from_ms, to_ms

OLDEST = datetime(1900, 1, 1, tzinfo=UTC)


def happened(draft: Draft, instant: Instant | None, field: str) -> Instant | Refused:
    """Give an instant of the past in UTC, to the millisecond; None is now."""
    if instant is None:
        return draft.at
    if instant > draft.now:
        return refuse(INSTANT_IN_FUTURE, field=field, now=draft.now)
    if instant < OLDEST:
        return refuse(INSTANT_TOO_OLD, field=field, oldest=OLDEST)
    return from_ms(to_ms(instant))
