"""Bootstrap: the only place that joins the parts, by the settings and by what a process is for."""

import gc
import logging
import os
import random
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Literal, TypeVar

import structlog

from stampbook import __version__
from stampbook.clockwork.loop import Clockwork
from stampbook.config import ConfigError, LogSettings, Settings
from stampbook.core.lease import Outcome
from stampbook.core.replays import ReplayKind
from stampbook.delivery.attempt_log import AttemptLog
from stampbook.delivery.call import Policy, Request, Response, system_certificates
from stampbook.delivery.destinations import DestinationError, Destinations, choose
from stampbook.delivery.gate import Gate, vetting
from stampbook.delivery.lanes import HANDLES_MAX
from stampbook.delivery.metrics import Metrics as DeliveryMetrics
from stampbook.delivery.posts import Posted, Posts
from stampbook.delivery.queue import Queue
from stampbook.delivery.replaying import Replaying
from stampbook.delivery.sample import send_once
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.delivery.sender import Sender
from stampbook.delivery.timed_queue import TimedQueue
from stampbook.delivery.watch import Watch
from stampbook.delivery.worker import Sending, Sent, Worker, World
from stampbook.engine.clock import real_ms
from stampbook.engine.writer import Engine
from stampbook.store.backend import Backend, open_backend
from stampbook.store.deliveries import Deliveries
from stampbook.store.replay_pieces import Means
from stampbook.values.egress import networks
from stampbook.values.ids import PROCESS_BITS, CommandIds

if TYPE_CHECKING:
    from stampbook.engine.tracing import Tracing

log = structlog.get_logger()

T = TypeVar("T")

Role = Literal["all", "api", "worker", "clock"]
"""What a process is for; `all` is one process that does everything."""

SQLITE = "sqlite:///"
KEY_FILE_MODE = 0o600
TRACES_GO_TO = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Variables that ask for traces. Source: the OpenTelemetry specification."""
COLLECT_AFTER = 50_000
"""Objects made before Python looks for garbage; most of ours die with their batch."""


class App:
    """The parts of a process, joined and not yet started.

    Shapes: every role has an engine, a backend and a vault; the worker and the clockwork are there
    for the roles that run them.
    """

    def __init__(self, settings: Settings, role: Role = "all") -> None:
        self.settings = settings
        self.role: Role = role
        self.vault = Vault(master_keys(settings))
        self.backend: Backend = open_backend(settings.database.url)
        self.new_id = ids()
        self.tracing = _tracing(os.environ)
        self.engine = Engine(
            self.backend,
            writers=settings.server.writers,
            on_deliveries=self._announce,
            watch=None if self.tracing is None else self.tracing.tell_batch,
        )
        delivers = role in {"all", "worker"}
        self.delivered = DeliveryMetrics() if delivers else None
        self.worker = None if self.delivered is None else _worker(self, self.delivered)
        self.replaying = (
            Replaying(
                self.backend,
                Means(now_ms=real_ms, new_id=self.new_id),
                on_queued=self._tell_replayed,
            )
            if self.worker is not None
            else None
        )
        self.clockwork = (
            Clockwork(self.engine, retention=settings.retention)
            if role in {"all", "clock"}
            else None
        )
        self._threads: list[Thread] = []

    def start(self) -> None:
        """Begin to work."""
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER)
        self.engine.start()
        if self.worker is not None:
            self._threads = [Thread(target=self.worker.run, name="delivery", daemon=True)]
            self._threads[0].start()
        if self.replaying is not None:
            self.replaying.start()
        if self.clockwork is not None:
            self.clockwork.start()

    def stop(self) -> None:
        """Finish what was begun, in order, and close the database."""
        if self.clockwork is not None:
            self.clockwork.stop()
        if self.replaying is not None:
            self.replaying.stop()
        self.engine.stop()
        if self.worker is not None:
            self.worker.stop()
        for thread in self._threads:
            thread.join()
        if self.tracing is not None:
            self.tracing.close()
        self.backend.close()

    def send_once(self, request: Request) -> Response:
        """Send one request past all queues, by the rules that hold for every other."""
        return send_once(_posts(self.settings, str), request)

    @property
    def is_running(self) -> bool:
        """Tell whether every part is at work."""
        clockwork = self.clockwork is None or self.clockwork.is_running
        replaying = self.replaying is None or self.replaying.is_running
        workers = all(thread.is_alive() for thread in self._threads)
        return self.engine.is_running and clockwork and replaying and workers

    def _tell_replayed(self, kind: ReplayKind, queued: int) -> None:
        assert self.delivered is not None, "who replays delivers"
        self.delivered.count_replayed(kind, queued)
        self._announce(queued)

    def _announce(self, _: int) -> None:
        if self.worker is not None:
            self.worker.wake()


def ids() -> Callable[[], str]:
    """Give a source of ids for what is no command; safe for threads."""
    source, lock = CommandIds(secrets.randbits(PROCESS_BITS)), Lock()

    def take() -> str:
        with lock:
            return source.take(real_ms())

    return take


def _policy(settings: Settings) -> Policy:
    return Policy(
        allow_private=settings.delivery.allow_private,
        allow_subnets=networks(settings.delivery.allow_subnets),
        certificates=system_certificates(),
        user_agent=f"Stampbook/{__version__}",
    )


def _posts(settings: Settings, tickets: type[T]) -> Posts[T]:
    """Give what sends requests wherever their URLs lead, and hands such tickets back."""
    del tickets
    policy = _policy(settings)
    vet = vetting(allow_private=policy.allow_private, allow_subnets=policy.allow_subnets)
    return Posts[T](
        Sender[Posted[T]](policy, in_flight_max=HANDLES_MAX),
        destinations(settings),
        Gate(vet, certificates=policy.certificates),
    )


def _worker(app: App, metrics: DeliveryMetrics) -> Worker:
    sender: Sending
    sender = posts = _posts(app.settings, Sent)
    metrics.in_flight, metrics.tokens = lambda: posts.in_flight, lambda: posts.tokens
    queue: Queue = TimedQueue(Deliveries(app.backend, app.new_id, app.engine.programs), metrics)
    log = AttemptLog(_received_every(app.settings.log))
    watchers: list[Callable[[Outcome], None]] = [metrics.count, log.tell]
    if app.tracing is not None:
        from stampbook.delivery.tracing import (  # noqa: PLC0415 - it needs an extra
            DeliveryTracing,
            TracedQueue,
            TracedSender,
        )

        traced = DeliveryTracing(app.tracing, app.backend)
        queue, log.trace_of = TracedQueue(queue, traced), traced.trace_of
        sender = TracedSender(sender, traced)
        watchers.append(traced.end)
    return Worker(
        queue=queue,
        sender=sender,
        vault=app.vault,
        world=World(now_ms=real_ms, fraction=random.random),
        watch=Watch(watchers),
        in_flight_max=app.settings.delivery.in_flight_max,
    )


def destinations(settings: Settings) -> Destinations:
    """Give where endpoints may send to besides HTTP.

    Errors: ConfigError for a destination that is not there.
    """
    try:
        return choose(settings.delivery.destinations)
    except DestinationError as error:
        raise ConfigError("delivery.destinations", "default", str(error)) from None


def _tracing(environment: Mapping[str, str]) -> "Tracing | None":
    """Open tracing if the environment names where spans go and the extra is installed."""
    is_off = (
        environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp"
    )
    if is_off or not any(environment.get(name) for name in TRACES_GO_TO):
        return None
    try:
        from stampbook.engine.tracing import open_tracing  # noqa: PLC0415 - it needs an extra
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("stampbook"):
            raise
        log.warning("telemetry.not_installed", remedy="install stampbook[telemetry]")
        return None
    return open_tracing()


def _received_every(settings: LogSettings) -> int:
    return 1 if settings.level == "debug" else settings.received_every


def master_keys(settings: Settings) -> list[str]:
    """Give the keys that seal the endpoints' secrets, the newest first.

    Shapes: beside an SQLite database a key file is made at the first start, for its owner only.
    Errors: ConfigError when there is no key and none can be made.
    """
    if settings.secrets.key:
        return settings.secrets.key.split()
    path = settings.secrets.key_file
    is_ours = not path and settings.database.url.startswith(SQLITE)
    if is_ours:
        path = settings.database.url.removeprefix(SQLITE) + ".key"
        _make_key_file(Path(path))
    if not path:
        raise ConfigError("secrets.key", "default", "set a key: PostgreSQL keeps none beside it")
    try:
        keys = Path(path).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "secrets.key_file", "default" if is_ours else "file", str(error)
        ) from None
    if not keys:
        raise ConfigError("secrets.key_file", "file", "it holds no key")
    return keys


def _make_key_file(path: Path) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_FILE_MODE)
    except FileExistsError:
        return
    except OSError as error:
        raise ConfigError("secrets.key_file", "default", str(error)) from None
    with os.fdopen(file, "w", encoding="ascii") as opened:
        opened.write(new_master_key() + "\n")
        opened.flush()
        os.fsync(opened.fileno())


def configure_logs(settings: LogSettings) -> None:
    """Log to standard error; a traceback never prints what its variables held."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    last: list[structlog.typing.Processor] = (
        [
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ]
        if settings.format == "json"
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
