"""Deliveries that are leased, signed, logged and durable, against the same HTTP client alone."""

from statistics import median

from bench.backlog import ENDPOINTS, IN_FLIGHT, WORKERS, Run, deliver_backlog
from bench.bare_client import Posted, Posting, post_bare
from bench.ground import Ground
from bench.receiver import Receiver, receiving
from bench.report import Measured, Target, ratio_of

DELIVERIES, DELIVERIES_QUICK = 36_000, 4_000
WARM_UP = 2_000
BARE_TIMES = 2
"""How many more posts the bare client makes, so that it takes long enough to be measured."""

BACK_ENDS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
BARE = "our sender alone: requests that were ready, 64 in flight, nothing stored"
PATHS = [f"/{number}" for number in range(ENDPOINTS)]


def measure(ground: Ground) -> list[Measured]:
    """Measure on both back ends, in turns with the bare client.

    Shapes: the target is for SQLite, where all CPU that a delivery takes is ours. PostgreSQL does
    its work on the same cores, and has a key of its own.
    """
    deliveries = DELIVERIES_QUICK if ground.is_quick else DELIVERIES
    bare: dict[str, list[Posted]] = {name: [] for name in BACK_ENDS.values()}
    ours: dict[str, list[Run]] = {name: [] for name in BACK_ENDS.values()}
    with receiving() as receiver:
        _post(receiver, WARM_UP)
        for _ in range(ground.repetitions):
            for kind, name in BACK_ENDS.items():
                bare[name].append(_post(receiver, deliveries * BARE_TIMES))
                ours[name].append(deliver_backlog(ground, kind, receiver, deliveries))
    ratios = {
        name: ratio_of([run.rate for run in ours[name]], [one.rate for one in bare[name]])
        for name in BACK_ENDS.values()
    }
    posted = [one for some in bare.values() for one in some]
    return [
        Measured(
            name="delivery_vs_bare_client_ratio",
            value=ratios["SQLite"],
            target=Target(least=0.5),
            baseline=f"settled on SQLite, to {BARE}",
        ),
        Measured(
            name="delivery_vs_bare_client_ratio_postgres",
            value=ratios["PostgreSQL"],
            baseline=f"settled on PostgreSQL on the same cores, to {BARE}",
        ),
        *(
            Measured(
                name=f"deliveries_per_second_{kind}",
                value=median(run.rate for run in ours[name]),
                baseline=f"unbatched, settled on {name}, {ENDPOINTS} endpoints, {WORKERS} workers, "
                f"{IN_FLIGHT} in flight together",
            )
            for kind, name in BACK_ENDS.items()
        ),
        Measured(
            name="bare_client_per_second",
            value=median(one.rate for one in posted),
            baseline=BARE,
        ),
        *_cpu(ours, posted, deliveries),
    ]


def _post(receiver: Receiver, count: int) -> Posted:
    return post_bare(Posting(urls=[receiver.url(path) for path in PATHS], count=count))


def _cpu(ours: dict[str, list[Run]], posted: list[Posted], deliveries: int) -> list[Measured]:
    thousands = deliveries / 1000
    workers = {
        name: median(run.worker_cpu for run in runs) / thousands for name, runs in ours.items()
    }
    return [
        Measured(
            name="delivery_cpu_seconds_per_1000",
            value=max(workers.values()),
            baseline=f"of the workers: {_each(workers)}",
        ),
        Measured(
            name="delivery_postgres_cpu_seconds_per_1000",
            value=median(run.postgres_cpu for run in ours["PostgreSQL"]) / thousands,
            baseline="of the PostgreSQL server, all its processes",
        ),
        Measured(
            name="bare_client_cpu_seconds_per_1000",
            value=median(one.cpu / one.count for one in posted) * 1000,
            baseline=BARE,
        ),
    ]


def _each(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {number:.3f}" for name, number in numbers.items())
