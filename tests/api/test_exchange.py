"""Exchanges: a body is read whole, whether it has come already or comes later."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from stampbook.api.exchange import Exchange, Message
from stampbook.api.problem import ProblemError
from stampbook.values.ids import RequestId

PIECES = (b"one, ", b"two, ", b"three")


def exchange(receive: Callable[[], Awaitable[Message]]) -> Exchange:
    """Give a request without headers."""
    return Exchange({"headers": [], "query_string": b""}, receive, {}, RequestId("r"))


def in_pieces(*waits: bool) -> Callable[[], Awaitable[Message]]:
    """Give a body in pieces; before some of them the caller has to wait."""
    places = iter(range(len(PIECES)))

    async def receive() -> Message:
        place = next(places)
        if waits[place]:
            await asyncio.sleep(0.001)
        more = place + 1 < len(PIECES)
        return {"type": "http.request", "body": PIECES[place], "more_body": more}

    return receive


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("third", [False, True])
def test_a_body_is_whole_whenever_its_pieces_come(
    *, first: bool, second: bool, third: bool
) -> None:
    body = exchange(in_pieces(first, second, third)).body()
    assert asyncio.run(body) == b"".join(PIECES)


def test_a_caller_who_hangs_up_while_sending_is_told_so() -> None:
    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    with pytest.raises(ProblemError) as caught:
        asyncio.run(exchange(receive).body())
    assert caught.value.problem.code == "request.incomplete"


def test_what_breaks_while_waiting_reaches_the_reader() -> None:
    async def receive() -> Message:
        await asyncio.sleep(0)
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        asyncio.run(exchange(receive).body())


def test_reading_can_be_cancelled() -> None:
    cleaned: list[str] = []

    async def receive() -> Message:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("receive")
        raise AssertionError("nothing ever comes")

    async def cancel() -> None:
        reading = asyncio.ensure_future(exchange(receive).body())
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(cancel())
    assert cleaned == ["receive"]
