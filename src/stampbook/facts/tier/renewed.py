"""A tier period ended and the member keeps the tier for the next one."""

from datetime import UTC, datetime

from stampbook.facts import FactData, FactType
from stampbook.nouns.examples import example_envelope
from stampbook.values.instants import Instant


class TierRenewed(FactData, frozen=True, kw_only=True):
    """Sent when a period ends and neither tier.upgraded nor tier.downgraded is sent for it.

    Shapes: the new period is half-open; `period_end` is null when it never ends.
    """

    tier: str
    period_start: Instant
    period_end: Instant | None


FACT = FactType(
    data=TierRenewed,
    sent_when="A tier period ends and the tier is kept.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: TierRenewed(
        tier="barista",
        period_start=datetime(2026, 1, 1, tzinfo=UTC),
        period_end=datetime(2027, 1, 1, tzinfo=UTC),
        **example_envelope(),
    ),
)
