"""Remote: the server that a command works with over its API, and the key for it."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

import stampbook
from stampbook.cli.terminal.errors import CommandError, sentence
from stampbook.cli.terminal.settings import configured, overrides
from stampbook.remote.server import RefusedError, Server, UnreachableError


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """Where the server is, and what it lets one do."""

    api_url: Annotated[
        str | None, Parameter(help="Where the server answers (default: as configured).")
    ] = None
    api_key: Annotated[
        str | None,
        Parameter(
            help="A key of the program (default: STAMPBOOK_API_KEY); others on this machine can "
            "read what is given here while the command runs."
        ),
    ] = None


AS_CONFIGURED = ServerOptions()


@contextmanager
def opened_server(options: ServerOptions) -> Generator[Server]:
    """Give the server of the settings, or the one that the options name.

    Errors: CommandError for no key, and for what the server answers or does not.
    """
    given = overrides({"api.url": options.api_url, "api.key": options.api_key})
    api = configured(given).settings.api
    if not api.key:
        raise CommandError(
            "No key of the API was given.",
            "Set STAMPBOOK_API_KEY; make a key on the server: stampbook key create",
        )
    server = Server(api.url, api.key.strip(), user_agent=f"stampbook/{stampbook.__version__}")
    try:
        yield server
    except UnreachableError as error:
        raise CommandError(
            f"{server.url}: {error}.", "Check --api-url, and that the server runs."
        ) from error
    except RefusedError as error:
        raise CommandError(sentence(error), error.said.remedy) from error
    finally:
        server.close()
