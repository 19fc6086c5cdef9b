"""Polling: a request waits until there is something to say, and holds nothing while it does.

Between two looks neither a thread nor a transaction nor a lock is held. A caller who has hung up is
waited for no longer, so that nothing is given to nobody; and a server that is about to stop answers
at once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from stampbook.api.exchange import Exchange
from stampbook.api.problem import REQUEST_INCOMPLETE, ProblemError

LOOK_SECONDS = 0.2
"""Between two looks."""

WAITING_MAX = 64
"""Requests of a route that wait at the same time in one process; others are answered at once."""

T = TypeVar("T")


class Waiting:
    """The requests of one route that wait."""

    __slots__ = ("_most", "_waiting")

    def __init__(self, most: int = WAITING_MAX) -> None:
        self._most = most
        self._waiting = 0

    async def until(
        self,
        look: Callable[[], Awaitable[T]],
        says: Callable[[T], bool],
        exchange: Exchange,
        seconds: float,
    ) -> T:
        """Look again and again until what is found says something, or the time is over.

        Shapes: the body of the request was read.
        Errors: ProblemError `request.incomplete` when the caller has hung up.
        """
        found = await look()
        if says(found) or seconds <= 0 or self._waiting >= self._most:
            return found
        end = time.monotonic() + seconds
        hung_up = asyncio.ensure_future(exchange.receive())
        leaving = asyncio.ensure_future(exchange.leaving.wait())
        self._waiting += 1
        try:
            while not says(found) and time.monotonic() < end and not leaving.done():
                await asyncio.wait(
                    {hung_up, leaving},
                    timeout=min(LOOK_SECONDS, max(0.0, end - time.monotonic())),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if hung_up.done():
                    raise ProblemError(REQUEST_INCOMPLETE)
                found = await look()
        finally:
            self._waiting -= 1
            hung_up.cancel()
            leaving.cancel()
            await asyncio.gather(hung_up, leaving, return_exceptions=True)
        return found
