"""Awards over HTTP against pgbench writing the same rows, and how long callers wait."""

from collections.abc import Generator
from contextlib import contextmanager
from statistics import median

import msgspec
from msgspec import Struct

from bench.cpu import children_seconds, cpu_of
from bench.ground import Ground
from bench.load import Load, Loaded, percentile, run_load
from bench.pgbench import Script, pgbench_rate, rows_of_last_award, script_of
from bench.report import Measured, Target, ratio_of
from bench.shares import shares_of
from bench.shop import TOKEN, award_bodies, awards, submit_all
from stampbook.delivery.secrets import new_master_key
from stampbook.engine.writer import Engine
from stampbook.store.backend import open_backend
from tests.e2e.server import Server, free_port, running

CALLERS = 64
OTHER_CALLERS = (1, 16, 256)
BODIES = 20_000
MEMBERS, MEMBERS_QUICK = 23_570, 5_000
"""As many as the sample data has customers. Two batches that have a member in common wait for each
other, which with thirty each is one in six among 5,000 and one in thirty among these."""
PGBENCH_CLIENTS, PGBENCH_THREADS = 16, 2
PROCESSES = (1, 2)
"""How many server processes; the better of them is measured."""

PGBENCH = f"pgbench, the same rows one by one, {PGBENCH_CLIENTS} clients"


def members_of(ground: Ground) -> int:
    """Give how many members are awarded."""
    return MEMBERS_QUICK if ground.is_quick else MEMBERS


class Run(Struct, frozen=True, kw_only=True):
    """A load with the CPU it cost. Units: microseconds an award."""

    loaded: Loaded
    http: float
    """The server's main threads."""
    writing: float
    """All its other threads."""
    postgres: float
    loading: float

    @property
    def cpu(self) -> float:
        """All of it."""
        return self.http + self.writing + self.postgres + self.loading


class Awarding:
    """A server of a database, and the awards that it is sent."""

    def __init__(self, ground: Ground, server: Server) -> None:
        self._ground = ground
        self._server = server
        self._bodies = [
            msgspec.json.encode(body).decode() for body in award_bodies(members_of(ground), BODIES)
        ]
        self._next = 0

    def run(self, connections: int, seconds: float) -> Run:
        """Send awards for some time."""
        before = cpu_of(self._server.pid), cpu_of(self._ground.server_pid), children_seconds()
        loaded = run_load(
            Load(
                port=self._server.port,
                path="/v1/points/award",
                headers={
                    "authorization": f"Bearer {TOKEN}",
                    "content-type": "application/json",
                },
                bodies=self._bodies,
                first=self._next,
                connections=connections,
                seconds=seconds + 1,
                warm_up=1,
            )
        )
        assert not loaded.other_statuses, loaded.other_statuses
        served = cpu_of(self._server.pid).since(before[0])
        postgres = cpu_of(self._ground.server_pid).since(before[1])
        awarded = loaded.next - self._next
        self._next = loaded.next
        return Run(
            loaded=loaded,
            http=served.main / awarded * 1e6,
            writing=served.others / awarded * 1e6,
            postgres=postgres.total / awarded * 1e6,
            loading=(children_seconds() - before[2]) / awarded * 1e6,
        )


@contextmanager
def _awarding(ground: Ground, processes: int) -> Generator[Awarding]:
    with ground.postgres(members=members_of(ground)) as database:
        server = Server(
            database=database,
            port=free_port(),
            master_key=new_master_key(),
            role="api",
            processes=processes,
        )
        with running(server):
            yield Awarding(ground, server)


def measure(ground: Ground) -> list[Measured]:
    """Measure awards over HTTP on PostgreSQL."""
    script = _script(ground)
    processes = _best_processes(ground)
    ours: list[Run] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(ground.repetitions):  # each on databases that look the same
        theirs.append(_pgbench(ground, script))
        with _awarding(ground, processes) as awarding:
            ours.append(awarding.run(CALLERS, ground.seconds))
    with _awarding(ground, processes) as awarding:
        waits = {count: awarding.run(count, ground.seconds / 2) for count in OTHER_CALLERS}
    return [
        Measured(name="http_processes", value=processes, baseline="the better of 1 and 2"),
        *_against_pgbench(ours, theirs, members_of(ground)),
        *_waits(ours, waits),
        *shares_of(
            ground,
            members=members_of(ground),
            http=median(run.http for run in ours),
            postgres=median(run.postgres for run in ours),
        ),
    ]


def _script(ground: Ground) -> Script:
    with ground.postgres(members=members_of(ground)) as url:
        backend = open_backend(url)
        engine = Engine(backend)
        engine.start()
        submit_all(engine, awards(award_bodies(members_of(ground), 1)))
        engine.stop()
        backend.close()
        return script_of(rows_of_last_award(url), members_of(ground))


def _best_processes(ground: Ground) -> int:
    """Give how many processes serve best; tried in turns, because the machine may have others."""
    rates = dict.fromkeys(PROCESSES, 0.0)
    for processes in PROCESSES * ground.repetitions:
        with _awarding(ground, processes) as awarding:
            rates[processes] += awarding.run(CALLERS, ground.seconds / 2).loaded.rate
    return max(rates, key=rates.__getitem__)


def _pgbench(ground: Ground, script: Script) -> tuple[float, float]:
    """Give transactions per second and the CPU of one in microseconds."""
    with ground.postgres(members=members_of(ground)) as url:
        before = cpu_of(ground.server_pid), children_seconds()
        rate = pgbench_rate(
            url,
            script,
            ground.folder,
            clients=PGBENCH_CLIENTS,
            threads=PGBENCH_THREADS,
            seconds=ground.seconds,
        )
        used = cpu_of(ground.server_pid).since(before[0]).total + children_seconds() - before[1]
    return rate, used / (rate * ground.seconds) * 1e6


def _against_pgbench(
    ours: list[Run], theirs: list[tuple[float, float]], members: int
) -> list[Measured]:
    rates = [run.loaded.rate for run in ours]
    return [
        Measured(
            name="http_award_vs_pgbench_ratio",
            value=ratio_of(rates, [rate for rate, _ in theirs]),
            target=Target(least=1.5),
            baseline=PGBENCH,
        ),
        Measured(
            name="http_award_vs_pgbench_cpu_ratio",
            value=ratio_of([cpu for _, cpu in theirs], [run.cpu for run in ours]),
            baseline=f"CPU of {PGBENCH}; all processes counted, on both sides",
        ),
        Measured(
            name="http_awards_per_second_64",
            value=median(rates),
            baseline=f"{CALLERS} connections, {members:,} members",
        ),
        Measured(
            name="pgbench_per_second", value=median(rate for rate, _ in theirs), baseline=PGBENCH
        ),
        Measured(
            name="load_cpu_share",
            value=median(run.loaded.cpu_share for run in ours),
            baseline="the load generator's share of one core",
        ),
    ]


def _waits(ours: list[Run], others: dict[int, Run]) -> list[Measured]:
    at_64 = [run.loaded.latencies_ms for run in ours]
    halves = {CALLERS: median(percentile(waits, 50) for waits in at_64)}
    tails = {CALLERS: median(percentile(waits, 99) for waits in at_64)}
    for count, run in others.items():
        halves[count] = percentile(run.loaded.latencies_ms, 50)
        tails[count] = percentile(run.loaded.latencies_ms, 99)
    measured = [
        Measured(
            name="http_award_p99_over_p50",
            value=median(percentile(waits, 99) / percentile(waits, 50) for waits in at_64),
            target=Target(most=5),
            baseline=f"the half that waits longer, {CALLERS} connections",
        )
    ]
    for count in sorted(halves):
        where = f"{count} connections"
        measured += [
            Measured(name=f"http_award_p50_ms_{count}", value=halves[count], baseline=where),
            Measured(name=f"http_award_p99_ms_{count}", value=tails[count], baseline=where),
        ]
    rates = {count: run.loaded.rate for count, run in others.items()}
    measured += [
        Measured(
            name=f"http_awards_per_second_{count}", value=rate, baseline=f"{count} connections"
        )
        for count, rate in rates.items()
    ]
    return measured
