"""Serving: the applications that a server runs, each made in the process that runs it."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from anyio import to_thread

from stampbook.api.app import create_app
from stampbook.api.desk import Parts
from stampbook.api.site import Site
from stampbook.bootstrap import App, Role, configure_logs, destinations
from stampbook.cli.terminal.settings import configuration


def everything() -> Site:
    """Give an application that answers the API, delivers webhooks and runs what falls due."""
    return _application("all")


def api_only() -> Site:
    """Give an application that answers the API."""
    return _application("api")


APPLICATIONS: dict[Role, str] = {
    "all": f"{__name__}:{everything.__name__}",
    "api": f"{__name__}:{api_only.__name__}",
}
"""Where a server's processes find the application of a role."""


def _application(role: Role) -> Site:
    settings = configuration().settings
    configure_logs(settings.log)
    app = App(settings, role)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        app.start()
        try:
            yield
        finally:
            await to_thread.run_sync(app.stop)

    parts = Parts(
        engine=app.engine,
        backend=app.backend,
        vault=app.vault,
        secret=os.urandom,
        new_id=app.new_id,
        destinations=destinations(settings),
    )
    return create_app(parts, lifespan)
