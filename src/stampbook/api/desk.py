"""A desk: what a route that answers from the store has at hand, for one request."""

from collections.abc import Callable

from msgspec import Struct

from stampbook.delivery.secrets import Vault
from stampbook.engine.writer import Engine
from stampbook.store.admin import ApiKey
from stampbook.store.backend import Backend
from stampbook.values.ids import ProgramId, RequestId


class Parts(Struct, frozen=True, kw_only=True):
    """What the API works with. `secret` gives random bytes."""

    engine: Engine
    backend: Backend
    vault: Vault
    secret: Callable[[int], bytes]


class Desk(Struct, frozen=True, kw_only=True):
    """The parts, and who asks."""

    parts: Parts
    caller: ApiKey
    request_id: RequestId

    @property
    def program_id(self) -> ProgramId:
        """The program of the caller's key: all that a request may see."""
        return self.caller.program_id
