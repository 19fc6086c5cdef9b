"""Receipts: how long after an award is recorded a subscriber has it, at steady rates.

The whole way through a real server: awards over HTTP, one fact each, delivered by the same process.
A wait begins at the fact's `recorded_at`, which is taken before its transaction is committed, so
the commit is part of it; it ends when the receiver has the whole request. One machine, one clock.
"""

from bench.ground import Ground
from bench.load import percentile
from bench.receiver import receiving
from bench.report import Measured, Target
from bench.steady import steady_shop, waits_ms

RATES = (50, 200, 500)
SECONDS, SECONDS_QUICK = 7, 3
PERCENTS = (50, 95, 99)
ENOUGH = {"receipt_p95_ms_at_200": Target(most=60)}
BACK_ENDS = {"sqlite": "", "postgres": "_postgres"}
"""What ends the names."""


def measure(ground: Ground) -> list[Measured]:
    """Measure every rate on both back ends."""
    return [
        one
        for kind, suffix in BACK_ENDS.items()
        for rate, waits in _waits(ground, kind).items()
        for one in _measured(rate, waits, suffix)
    ]


def _waits(ground: Ground, kind: str) -> dict[int, list[float]]:
    seconds = SECONDS_QUICK if ground.is_quick else SECONDS
    found: dict[int, list[float]] = {}
    with receiving() as receiver, steady_shop(ground, kind, [receiver.url("/")]) as shop:
        shop.award(receiver, rate=RATES[0], seconds=1)  # connections and statements are made
        for rate in RATES:
            steady = shop.award(receiver, rate=rate, seconds=seconds)
            found[rate] = waits_ms(shop.database, steady)
    return found


def _measured(rate: int, waits: list[float], suffix: str) -> list[Measured]:
    where = "PostgreSQL" if suffix else "SQLite"
    return [
        Measured(
            name=f"receipt_p{percent}_ms_at_{rate}{suffix}",
            value=percentile(waits, percent),
            target=ENOUGH.get(f"receipt_p{percent}_ms_at_{rate}{suffix}"),
            baseline=f"recorded to received, {rate} facts/s, `serve` on {where}",
        )
        for percent in PERCENTS
    ]
