"""Shares: where the CPU time of an award over HTTP goes, so that the next bottleneck is known.

HTTP and PostgreSQL are read from /proc while the server works. Deciding, rendering and talking to
PostgreSQL share the writer's thread: for them, batches are run alone in this process and timed.
"""

import time
from concurrent.futures import Future
from secrets import randbits

from msgspec import Struct

from bench.ground import Ground
from bench.one_by_one import tools_of
from bench.report import Measured
from bench.shop import award_bodies, awards, submission
from stampbook.commands.award_points import PointsAwarded
from stampbook.engine.batch import BatchRun, Tools
from stampbook.engine.metrics import Metrics
from stampbook.engine.submission import Done, Ticket
from stampbook.facts.points.earned import PointsEarned
from stampbook.store.backend import open_backend
from stampbook.values.ids import PROCESS_BITS, CommandIds
from stampbook.values.json import decode, encode

BATCH = 64
BATCHES = 30
RENDERINGS = 2_000


class Writing(Struct, frozen=True, kw_only=True):
    """What one award costs the writer's thread. Units: microseconds of CPU."""

    decide: float
    render: float
    sql: float


def shares_of(ground: Ground, *, members: int, http: float, postgres: float) -> list[Measured]:
    """Give the shares; `http` and `postgres` are microseconds of CPU an award."""
    writing = _writing(ground, members)
    spent = {
        "http": http,
        "decide": writing.decide,
        "sql": writing.sql + postgres,
        "render": writing.render,
    }
    against = f"CPU time of server and PostgreSQL, {BATCH} connections"
    return [
        *(
            Measured(name=f"share_{name}", value=cost / sum(spent.values()), baseline=against)
            for name, cost in spent.items()
        ),
        Measured(name="cpu_us_http", value=http, baseline="main thread: HTTP, JSON, routes"),
        Measured(name="cpu_us_decide", value=writing.decide, baseline="rules, lots, tiers, facts"),
        Measured(name="cpu_us_render", value=writing.render, baseline="records and reply to JSON"),
        Measured(name="cpu_us_sql_client", value=writing.sql, baseline="load, save, driver"),
        Measured(name="cpu_us_postgres", value=postgres, baseline="all its processes"),
    ]


def _writing(ground: Ground, members: int) -> Writing:
    commands = awards(award_bodies(members, BATCH * BATCHES))
    metrics, ids = Metrics(), CommandIds(randbits(PROCESS_BITS))
    with ground.postgres(members=members) as url:
        backend = open_backend(url)
        tools = tools_of(backend)
        cpu: list[float] = []
        decide: list[float] = []
        result = b""
        for start in range(0, len(commands), BATCH):
            tickets = [
                Ticket.of(submission(command), ids.take(tools.clock.real_ms()), Future())
                for command in commands[start : start + BATCH]
            ]
            run = BatchRun(tools, tickets, metrics)
            before = time.thread_time(), metrics.decide_seconds
            run.run()
            cpu.append(time.thread_time() - before[0])
            decide.append(metrics.decide_seconds - before[1])
            last = run.outcomes[-1]
            assert isinstance(last, Done), last
            result = last.result
        bodies = _bodies(tools, result)
        backend.close()
    reply, records = _rendering(bodies[:1]), _rendering(bodies[1:])
    # deciding waits for nobody: the fastest batch is the one that was not interrupted
    decided, used = (min(times) / BATCH * 1e6 for times in (decide, cpu))
    return Writing(decide=decided - reply, render=reply + records, sql=used - decided - records)


def _bodies(tools: Tools, result: bytes) -> list[object]:
    """Give what an award renders: the reply first, then the records that it stores."""
    awarded = decode(result, PointsAwarded)
    with tools.backend.read() as unit:
        [(fact,)] = unit.rows("SELECT body FROM fact ORDER BY position DESC LIMIT 1")
    return [awarded, awarded.member, awarded.transaction, decode(fact, PointsEarned)]


def _rendering(bodies: list[object]) -> float:
    start = time.thread_time()
    for _ in range(RENDERINGS):
        for body in bodies:
            encode(body)
    return (time.thread_time() - start) / RENDERINGS * 1e6
