"""Neighbours: what one endpoint that hangs and one that fails do to 98 others."""

from bench.ground import Ground
from bench.load import percentile
from bench.receiver import FAILS, HANGS, receiving
from bench.report import Measured, Target
from bench.steady import steady_shop, waits_ms

ENDPOINTS = 100
FACTS_PER_SECOND = 5
"""So that in the time that a call may take, more calls hang than a worker has in flight in all."""

SECONDS, SECONDS_QUICK = 18, 5
"""Longer than a call may take, so that the calls that hang run out."""


def measure(ground: Ground) -> list[Measured]:
    """Measure the same load on SQLite without and with those that misbehave."""
    others = [f"/{number}" for number in range(2, ENDPOINTS)]
    without = _p99_ms(ground, ["/0", "/1", *others])
    with_them = _p99_ms(ground, [HANGS, FAILS, *others])
    load = f"{FACTS_PER_SECOND * ENDPOINTS} deliveries/s, each fact to {ENDPOINTS} endpoints"
    return [
        Measured(
            name="slow_neighbour_p99_ratio",
            value=with_them / without,
            target=Target(most=2),
            baseline=f"the same 98 endpoints while all are well; {load}",
        ),
        Measured(
            name="neighbour_p99_ms_without",
            value=without,
            baseline=f"recorded to received, all are well; {load}",
        ),
        Measured(
            name="neighbour_p99_ms_with",
            value=with_them,
            baseline="one of 100 never answers, one answers 500",
        ),
    ]


def _p99_ms(ground: Ground, paths: list[str]) -> float:
    seconds = SECONDS_QUICK if ground.is_quick else SECONDS
    with receiving() as receiver:
        urls = [receiver.url(path) for path in paths]
        healthy = sum(path not in {HANGS, FAILS} for path in paths)
        with steady_shop(ground, "sqlite", urls) as shop:
            shop.award(receiver, rate=FACTS_PER_SECOND, seconds=1, receipts_each=healthy)
            steady = shop.award(
                receiver, rate=FACTS_PER_SECOND, seconds=seconds, receipts_each=healthy
            )
            return percentile(waits_ms(shop.database, steady, urls=urls[2:]), 99)
