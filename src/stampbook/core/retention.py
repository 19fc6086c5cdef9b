"""Retention: how long the log of deliveries and the bodies of facts are kept. Pure.

In words. The log is what has become of deliveries: those that were received or that their endpoint
did not want, the dead letters, and the tries behind them. It goes by whole days of UTC, counted
from when a delivery came to its end, so a dead letter of yesterday stays however old its fact is,
and what still waits is never touched. A fact's row stays for ever, and with it the sequence of its
member; its body can go. The ledger stays.

Source: decisions/0025.
"""

from typing import Annotated

from msgspec import Meta, Struct

DAY_MS = 86_400_000
DAYS_MAX = 3650
TRACES_DAYS = 7
"""Traces are followed while something is on its way; where they lead to keeps them no longer."""

Days = Annotated[int, Meta(ge=0, le=DAYS_MAX)]


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long things are kept. Units: days; 0 is for ever."""

    deliveries_days: Days = 30
    """Deliveries that were received, or that their endpoint did not want, with their answers."""
    failed_days: Days = 90
    """Dead letters, which can be sent again until then, and the tries that were not received."""
    facts_days: Days = 0
    """What facts say of their members. The facts themselves, the ledger and all records stay; the
    feed, replays and simulations reach back no further."""


class Cuts(Struct, frozen=True, kw_only=True):
    """Instants before which things have had their time. Units: milliseconds; 0 before nothing."""

    received_ms: int = 0
    failed_ms: int = 0
    facts_ms: int = 0
    traces_ms: int = 0


def cuts(retention: Retention, now_ms: int) -> Cuts:
    """Give where to cut now. Shapes: each is the beginning of a day in UTC."""
    return Cuts(
        received_ms=_cut(retention.deliveries_days, now_ms),
        failed_ms=_cut(retention.failed_days, now_ms),
        facts_ms=_cut(retention.facts_days, now_ms),
        traces_ms=_cut(TRACES_DAYS, now_ms),
    )


def _cut(days: int, now_ms: int) -> int:
    return max(0, now_ms // DAY_MS - days) * DAY_MS if days else 0
