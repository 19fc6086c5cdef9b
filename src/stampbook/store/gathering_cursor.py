"""A cursor whose statements leave together: with the next one whose rows are asked for.

psycopg sends each statement of a pipeline at once. Each is then a call of the kernel and wakes the
server by itself, which was a fifteenth of all that an award costs. Here a statement only fills
libpq's buffer, which is sent when somebody waits for rows, or at the end of the pipeline.

The method is psycopg's own, less the sending, and not of its public surface: that is why
`pyproject.toml` allows one minor version of it. Source: decisions/0031.
"""

from typing import Any

from psycopg import RawCursor
from psycopg.abc import Params, PQGen, Query

from stampbook.store.backend import Row


class GatheringCursor(RawCursor[Row]):
    """A cursor of a connection; outside a pipeline it is like any other."""

    def _execute_gen(
        self,
        query: Query,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> PQGen[None]:
        connection: Any = self._conn
        if connection._pipeline is None:  # noqa: SLF001
            yield from super()._execute_gen(query, params, prepare=prepare, binary=binary)
            return
        yield from self._start_query(query)
        converted = self._convert_query(query, params)
        yield from self._maybe_prepare_gen(converted, prepare=prepare, binary=binary)
        self._last_query = query
        yield from connection._prepared.maintain_gen(connection)  # noqa: SLF001
        commands = connection._pipeline.command_queue  # noqa: SLF001
        while commands:
            commands.popleft()()
