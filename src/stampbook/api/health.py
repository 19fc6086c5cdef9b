"""Health: whether the process lives, and whether it can do its work."""

import asyncio

from msgspec import Struct

from stampbook.api.desk import Parts
from stampbook.api.exchange import Exchange, Reply, json_reply
from stampbook.store.backend import StoreError


class Health(Struct, frozen=True, kw_only=True):
    """Whether the process can do its work."""

    ready: bool
    database: bool
    engine: bool


async def alive(exchange: Exchange) -> Reply:
    """Say that the process answers."""
    del exchange
    return json_reply({"alive": True})


class Readiness:
    """Says whether the database answers and the engine writes."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, exchange: Exchange) -> Reply:
        """Ask both; 503 when one of them does not."""
        del exchange
        engine = self._parts.engine.is_running
        database = await asyncio.to_thread(self._database_answers)
        ready = engine and database
        return json_reply(
            Health(ready=ready, database=database, engine=engine), 200 if ready else 503
        )

    def _database_answers(self) -> bool:
        try:
            with self._parts.backend.read() as unit:
                return unit.rows("SELECT 1") == [(1,)]
        except StoreError:
            return False
