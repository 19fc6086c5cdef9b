"""A listener, from the side of whoever listens: made, asked for requests, told of them, removed."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from stampbook.core.listening import SCHEME
from stampbook.delivery.pulling import Pulled, Report
from stampbook.remote.server import Server
from stampbook.values.instants import Instant

WAIT_SECONDS = 20
"""How long the server waits for something to say; the most that it takes."""
ANSWER_SECONDS = 30
"""How long an answer may take beside that."""


class Wanted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a new listener is to be sent, as the API is told."""

    url: str = SCHEME
    dialect: str = "native"
    event_types: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()
    description: str = ""
    secret: str | None = None
    """What signs, if it is not to be made."""


class News(Struct, frozen=True, kw_only=True):
    """What the server answers: requests, and how it stands with the listener."""

    items: tuple[Pulled, ...]
    status: str
    health: str
    paused_until: Instant | None


class Told(Struct, frozen=True):
    """What came of a request."""

    pulled: Pulled
    report: Report


class Listener:
    """An endpoint of this kind on a server; `secret` is known of one that was just made."""

    def __init__(self, server: Server, endpoint_id: str, secret: str | None = None) -> None:
        self._server = server
        self.endpoint_id = endpoint_id
        self.secret = secret
        self._path = f"/v1/endpoints/{quote(endpoint_id, safe='')}"

    @classmethod
    def made(cls, server: Server, wanted: Wanted) -> "Listener":
        """Make a listener.

        Errors: RefusedError; UnreachableError.
        """
        # without what is at its default, so that an older server takes it too
        made = server.call("POST", "/v1/endpoints", {"url": wanted.url, **_tree(wanted)})
        return cls(server, made["endpoint"]["id"], made["secret"])

    def over(self, server: Server) -> "Listener":
        """Give the same listener for another thread."""
        return Listener(server, self.endpoint_id, self.secret)

    def read(self) -> Any:
        """Give the endpoint as the API shows it."""
        return self._server.call("GET", self._path)

    def pull(self, most: int, wait_seconds: int = WAIT_SECONDS) -> News:
        """Ask for requests, and wait for them."""
        body = {"max": most, "wait_seconds": wait_seconds}
        seconds = wait_seconds + ANSWER_SECONDS
        answer = self._server.call("POST", f"{self._path}/pull", body, seconds=seconds)
        return msgspec.convert(answer, News)

    def settle(
        self,
        told: Sequence[Told],
        untried: Sequence[Pulled] = (),
        *,
        idempotency_key: str | None = None,
    ) -> None:
        """Report what came of requests, and give back those that were not tried."""
        tried = [{"token": one.pulled.token, **msgspec.structs.asdict(one.report)} for one in told]
        body = {"tried": tried, "untried": [one.token for one in untried]}
        self._server.call("POST", f"{self._path}/settle", body, idempotency_key=idempotency_key)

    def remove(self) -> None:
        """Remove the endpoint, with what still waits for it."""
        self._server.call("DELETE", self._path)


def _tree(wanted: Wanted) -> dict[str, Any]:
    return msgspec.to_builtins(wanted)
