"""A desk: what a route that answers from the store has at hand, for one request."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from msgspec import Struct

from stampbook.api.present import Present
from stampbook.delivery.destinations import Destinations
from stampbook.delivery.secrets import Vault
from stampbook.engine.writer import Engine
from stampbook.store.admin import ApiKey
from stampbook.store.backend import Backend, Unit
from stampbook.values.ids import ProgramId, RequestId


class Parts(Struct, frozen=True, kw_only=True):
    """What the API works with.

    Shapes: `secret` gives random bytes, `new_id` ids of what is no command; `destinations` are
    where endpoints may send besides HTTP.
    """

    engine: Engine
    backend: Backend
    vault: Vault
    secret: Callable[[int], bytes]
    new_id: Callable[[], str]
    destinations: Destinations = {}


class Desk(Struct, frozen=True, kw_only=True):
    """The parts, and who asks."""

    parts: Parts
    caller: ApiKey
    request_id: RequestId
    body: bytes = b""
    """Of a route that reads a text."""

    @contextmanager
    def present(self) -> Generator[Present]:
        """Open a snapshot of the program at its now."""
        with self.parts.backend.read() as unit:
            yield self.present_in(unit)

    def present_in(self, unit: Unit) -> Present:
        """Give the program at its now, as a transaction that writes sees it."""
        return Present(self.parts.engine, unit, self.program_id)

    @property
    def program_id(self) -> ProgramId:
        """The program of the caller's key: all that a request may see."""
        return self.caller.program_id
