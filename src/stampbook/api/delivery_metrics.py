"""Delivery's metrics for Prometheus: what a worker counts, and what waits in the store.

Labels are few: totals by dialect and by the health of endpoints. Of single endpoints only so many
are told as the settings allow, those first that are not well, and then those that are most behind.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from stampbook.bootstrap import App
from stampbook.delivery.metrics import RESULTS, Metrics, Spread
from stampbook.delivery.tokens import Fetches
from stampbook.engine.clock import real_ms
from stampbook.store.backend import Backend, StoreError
from stampbook.store.reading.backlog import Backlog, Progress, backlogs, progress

FRESH_SECONDS = 10.0
"""How long a look at the store is good for, however many ask."""

WORST_FIRST = ("disabled", "suspended", "degraded", "healthy")


def collectors(app: App) -> list[Collector]:
    """Give what a process tells of deliveries: nothing, unless it delivers."""
    if app.delivered is None:
        return []
    endpoints_max = app.settings.server.metrics_endpoints_max
    return [
        WorkerCollector(app.delivered),
        BacklogCollector(app.backend, real_ms, endpoints_max=endpoints_max),
    ]


class WorkerCollector(Collector):
    """Gives what the worker of this process has counted."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Give the counters as they stand."""
        metrics = self._metrics
        yield _attempts(metrics)
        yield _by_dialect(
            "stampbook_delivery_attempt_seconds",
            "How long tries took, by dialect.",
            metrics.attempt_seconds,
        )
        yield _by_dialect(
            "stampbook_delivery_receipt_seconds",
            "From when facts were stored to when they were received, by dialect.",
            metrics.receipt_seconds,
        )
        yield GaugeMetricFamily(
            "stampbook_delivery_in_flight",
            "Requests that are on their way.",
            value=metrics.in_flight(),
        )
        yield CounterMetricFamily(
            "stampbook_delivery_egress_refusals",
            "Tries that were refused because of where they led.",
            value=metrics.egress_refusals,
        )
        yield _fetches(metrics.tokens())
        replayed = CounterMetricFamily(
            "stampbook_delivery_replayed",
            "Deliveries that replays made due, by kind.",
            labels=("kind",),
        )
        for kind, queued in metrics.replayed.items():
            replayed.add_metric((kind,), queued)
        yield replayed
        yield _alone(
            "stampbook_delivery_turn_seconds", "How long a turn took.", metrics.turn_seconds
        )
        yield _alone("stampbook_delivery_lease_requests", "Leased in a turn.", metrics.lease_sizes)
        yield _alone(
            "stampbook_delivery_settle_requests", "Settled in a turn.", metrics.settle_sizes
        )


class BacklogCollector(Collector):
    """Gives what waits in the store, and how the endpoints are; nothing while it cannot be read."""

    def __init__(
        self,
        backend: Backend,
        now_ms: Callable[[], int],
        *,
        endpoints_max: int,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend = backend
        self._now_ms = now_ms
        self._endpoints_max = endpoints_max
        self._elapsed = elapsed
        self._lock = Lock()
        self._found: tuple[list[Backlog], list[Progress]] = [], []
        self._good_until = -float("inf")

    def collect(self) -> Iterator[Metric]:
        """Look at the store, or give what was seen a moment ago."""
        try:
            found, progresses = self._look()
        except StoreError:
            return
        yield from _totals(found)
        yield from _single(found, self._endpoints_max)
        yield from _replays(progresses)

    def _look(self) -> tuple[list[Backlog], list[Progress]]:
        with self._lock:
            if self._elapsed() >= self._good_until:
                with self._backend.read() as unit:
                    self._found = backlogs(unit, self._now_ms()), progress(unit)
                self._good_until = self._elapsed() + FRESH_SECONDS
            return self._found


def _attempts(metrics: Metrics) -> Metric:
    family = CounterMetricFamily(
        "stampbook_delivery_attempts",
        "Tries by dialect, by what was decided, and by the kind of status; none is no answer.",
        labels=("dialect", "result", "status"),
    )
    for (dialect, verdict, hundreds), count in list(metrics.attempts.items()):
        status = f"{hundreds}xx" if hundreds else "none"
        family.add_metric((dialect, RESULTS[verdict], status), count)
    return family


def _fetches(tokens: Fetches) -> Metric:
    family = CounterMetricFamily(
        "stampbook_delivery_token_fetches",
        "Tokens of OAuth2 that were asked for, by what came of it.",
        labels=("result",),
    )
    for result, count in tokens._asdict().items():
        family.add_metric((result,), count)
    return family


def _by_dialect(name: str, words: str, spreads: dict[str, Spread]) -> Metric:
    family = HistogramMetricFamily(name, words, labels=("dialect",))
    for dialect, spread in list(spreads.items()):
        family.add_metric((dialect,), _buckets(spread), spread.total)
    return family


def _alone(name: str, words: str, spread: Spread) -> Metric:
    return HistogramMetricFamily(name, words, buckets=_buckets(spread), sum_value=spread.total)


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    total, buckets = 0, list[tuple[str, float]]()
    for bound, count in zip((*spread.bounds, "+Inf"), spread.counts, strict=True):
        total += count
        buckets.append((str(bound), total))
    return buckets


def _totals(found: Sequence[Backlog]) -> Iterator[Metric]:
    endpoints, due = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    late_ms: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in found:
        key = (one.dialect, one.state)
        endpoints[key] += 1
        due[key] += one.due
        late_ms[key] = max(late_ms[key], one.late_ms)
    labels = ("dialect", "state")
    how_many = GaugeMetricFamily(
        "stampbook_delivery_endpoints", "Endpoints, by dialect and health.", labels=labels
    )
    waiting = GaugeMetricFamily(
        "stampbook_delivery_due",
        "Deliveries that are due, by dialect and health; 10,000 of an endpoint stand for more.",
        labels=labels,
    )
    lateness = GaugeMetricFamily(
        "stampbook_delivery_late_seconds",
        "How long the first of them has been due, by dialect and health.",
        labels=labels,
    )
    for key in sorted(endpoints):
        how_many.add_metric(key, endpoints[key])
        waiting.add_metric(key, due[key])
        lateness.add_metric(key, late_ms[key] / 1000)
    yield from (how_many, waiting, lateness)


def _replays(progresses: Sequence[Progress]) -> Iterator[Metric]:
    running = GaugeMetricFamily(
        "stampbook_delivery_replays", "Replays that run, by kind.", labels=("kind",)
    )
    left = GaugeMetricFamily(
        "stampbook_delivery_replay_left",
        "Facts that those have still to make due, as counted when they began, by kind.",
        labels=("kind",),
    )
    for one in progresses:
        running.add_metric((one.kind,), one.running)
        left.add_metric((one.kind,), one.left)
    yield from (running, left)


def _single(found: Sequence[Backlog], endpoints_max: int) -> Iterator[Metric]:
    worst = sorted(found, key=lambda one: (WORST_FIRST.index(one.state), -one.late_ms, -one.due))
    labels = ("program", "endpoint")
    states = GaugeMetricFamily(
        "stampbook_delivery_endpoint_state",
        "1 for what an endpoint is; of so many endpoints as the settings allow.",
        labels=(*labels, "state"),
    )
    waiting = GaugeMetricFamily(
        "stampbook_delivery_endpoint_due", "Deliveries that are due to an endpoint.", labels=labels
    )
    lateness = GaugeMetricFamily(
        "stampbook_delivery_endpoint_late_seconds",
        "How long the first of them has been due.",
        labels=labels,
    )
    for one in worst[:endpoints_max]:
        key = (one.program_id, one.endpoint_id)
        states.add_metric((*key, one.state), 1)
        waiting.add_metric(key, one.due)
        lateness.add_metric(key, one.late_ms / 1000)
    yield from (states, waiting, lateness)
