"""Metrics: what the API and the engine count, for Prometheus."""

import asyncio
from collections.abc import Iterable, Iterator

from msgspec.structs import asdict
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from stampbook.api.exchange import NO_STORE, Exchange, Reply
from stampbook.engine.writer import Engine

SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counts requests by operation and status, and how long they took; `others` count the rest."""

    __slots__ = ("_counters", "_registry", "_requests", "_seconds", "_timers")

    def __init__(self, engine: Engine, others: Iterable[Collector] = ()) -> None:
        self._registry = CollectorRegistry()
        for collector in (EngineCollector(engine), *others):
            self._registry.register(collector)
        self._requests = Counter(
            "stampbook_http_requests",
            "Requests answered, by operation and status.",
            ("operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "stampbook_http_request_seconds",
            "How long requests took, by operation.",
            ("operation",),
            buckets=SECONDS_BUCKETS,
            registry=self._registry,
        )
        self._counters: dict[tuple[str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def count(self, operation: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        counter = self._counters.get((operation, status))
        if counter is None:
            counter = self._requests.labels(operation, str(status))
            self._counters[operation, status] = counter
        timer = self._timers.get(operation)
        if timer is None:
            timer = self._timers[operation] = self._seconds.labels(operation)
        counter.inc()
        timer.observe(seconds)

    def page(self) -> Reply:
        """Give everything counted, in Prometheus' text format."""
        headers = ((b"content-type", CONTENT_TYPE_LATEST.encode()), NO_STORE)
        return Reply(200, generate_latest(self._registry), headers)

    async def show(self, exchange: Exchange) -> Reply:
        """Answer with the page; the store may be looked at for it."""
        del exchange
        return await asyncio.to_thread(self.page)


class EngineCollector(Collector):
    """Gives what the engine counts, each field a counter of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Give the counters as they stand."""
        yield GaugeMetricFamily(
            "stampbook_engine_waiting", "Commands that wait.", value=self._engine.waiting
        )
        for field, value in asdict(self._engine.metrics).items():
            yield CounterMetricFamily(
                f"stampbook_engine_{field}", f"{field.replace('_', ' ').capitalize()}.", value=value
            )
