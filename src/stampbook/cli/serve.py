"""Answer the API, deliver webhooks and run what falls due."""

import os
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import uvicorn
from cyclopts import Parameter
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from stampbook.api.delivery_metrics import collectors
from stampbook.api.metrics import Metrics
from stampbook.api.metrics_listener import MetricsListener, health_page
from stampbook.api.one_write import OneWriteProtocol
from stampbook.api.shared_port import IS_DEALT, SharedPort
from stampbook.bootstrap import SQLITE, App, Role, configure_logs, master_keys
from stampbook.cli.terminal.errors import CommandError, sentence
from stampbook.cli.terminal.group import run_group
from stampbook.cli.terminal.interrupts import interruptible
from stampbook.cli.terminal.options import DatabaseOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.serving import APPLICATIONS
from stampbook.cli.terminal.settings import configured, overrides
from stampbook.config import ServerSettings, Settings, variable_of
from stampbook.store.migrate import is_current

GRACE_SECONDS = 10
"""How long requests on their way may take when the server stops."""
WATCH_SECONDS = 0.2


def command(
    *,
    role: Annotated[
        Role,
        Parameter(
            help="What this process is for: worker delivers, clock runs what is due (default: all)."
        ),
    ] = "all",
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on.")] = None,
    processes: Annotated[
        int | None,
        Parameter(
            help="How many processes answer, which needs PostgreSQL, or with --role worker deliver."
        ),
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Answer the API, deliver webhooks and run what falls due, until Ctrl-C or SIGTERM.

    It finishes what was admitted before it ends. Settings are read from the environment, as
    STAMPBOOK_DATABASE_URL, and from the TOML file that STAMPBOOK_CONFIG names: see `stampbook
    config show --origin`.
    """
    given = overrides(
        {
            "database.url": database,
            "server.host": host,
            "server.port": port,
            "server.processes": processes,
        }
    )
    settings = configured(given).settings
    _check(settings, role)
    if role in APPLICATIONS:
        os.environ.update(given)  # each process of the server reads its settings from there
        _serve(settings, APPLICATIONS[role])
    elif settings.server.processes > 1:
        _work_together(settings, role, given)
    else:
        _work(settings, role)


def _check(settings: Settings, role: Role) -> None:
    """See that a process can start, so that it is told once and not by each of them.

    Errors: CommandError, ConfigError, StoreError.
    """
    url = settings.database.url
    if settings.server.processes > 1 and url.startswith(SQLITE) and role != "worker":
        raise CommandError("SQLite is served by one process.", "Use PostgreSQL, or --processes 1.")
    master_keys(settings)
    if not is_current(url):
        raise CommandError(
            "The database has not the schema of this version.", "Run: stampbook migrate"
        )


def _serve(settings: Settings, application: str) -> None:
    server = settings.server
    say(f"Serving on http://{server.host}:{server.port}")
    config = uvicorn.Config(
        application,
        factory=True,
        host=server.host,
        port=server.port,
        workers=server.processes,
        lifespan="on",
        http=OneWriteProtocol,
        proxy_headers=False,  # nothing asks for a caller's address
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    with interruptible():  # the server hands a signal on when it has stopped: that is no failure
        if server.processes > 1:
            with _port_of_all(config) as port:
                Multiprocess(config, sockets=[port]).run()
        else:
            one = uvicorn.Server(config)
            one.run()
            if not one.started:
                sys.exit(STARTUP_FAILURE)


def _port_of_all(config: uvicorn.Config) -> socket.socket:
    """Take the port that several processes answer.

    Errors: CommandError.
    """
    if not IS_DEALT:
        return config.bind_socket()
    try:
        return SharedPort(config.host, config.port)
    except OSError as error:
        raise CommandError(
            f"Nothing can listen on {config.host}:{config.port}. {sentence(error)}",
            "Stop what answers there, or choose another with --port.",
        ) from error


def _work_together(settings: Settings, role: Role, given: Mapping[str, str]) -> None:
    say(f"Working as {role} in {settings.server.processes} processes.")
    port = settings.server.metrics_port
    alone = [
        {
            **given,
            variable_of("server.processes"): "1",
            # each tells what it counts at a port of its own
            variable_of("server.metrics_port"): str(port + number if port else 0),
        }
        for number in range(settings.server.processes)
    ]
    with interruptible() as wants_to_stop:
        is_well = run_group(["serve", "--role", role], alone, wants_to_stop)
    if not is_well:
        raise CommandError("A process of the group ended.", "Read the log, and start it again.")


def _work(settings: Settings, role: Role) -> None:
    listener = _listener(settings.server)
    configure_logs(settings.log)
    app = App(settings, role)
    with interruptible() as wants_to_stop, _answering(listener, app):
        app.start()
        say(f"Working as {role}.")
        while not wants_to_stop() and app.is_running:
            time.sleep(WATCH_SECONDS)
        is_well = app.is_running
        app.stop()
    if not is_well:
        raise CommandError("A part of the process ended.", "Read the log, and start it again.")


def _listener(server: ServerSettings) -> MetricsListener | None:
    """Take the address at which a process without the API tells what it counts, if there is one.

    Errors: CommandError.
    """
    if not server.metrics_port:
        return None
    try:
        return MetricsListener(server.metrics_host, server.metrics_port)
    except OSError as error:
        raise CommandError(
            f"Nothing can listen on {server.metrics_host}:{server.metrics_port}. {sentence(error)}",
            "Set server.metrics_host and server.metrics_port to an address that is free.",
        ) from error


def _answering(listener: MetricsListener | None, app: App) -> AbstractContextManager[None]:
    if listener is None:
        return nullcontext()
    metrics = Metrics(app.engine, collectors(app))
    health = health_page(lambda: app.is_running)
    return listener.answering({"/metrics": metrics.page, "/healthz": health})
