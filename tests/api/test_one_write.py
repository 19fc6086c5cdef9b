"""What is written in one turn of the loop leaves in one piece, in order, and before the end."""

import asyncio
from collections.abc import Callable, Iterable

from stampbook.api.one_write import OneWriteTransport


class Wire(asyncio.Transport):
    """The end of a connection; `sent` has one item for each call."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.sent.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def sent(play: Callable[[OneWriteTransport], None], *, cut: bool = False) -> list[bytes]:
    """Give what a wire sent when a turn of the loop has passed; `cut` closes it before that."""
    wire = Wire()

    async def main() -> None:
        play(OneWriteTransport(wire, asyncio.get_running_loop()))
        wire.closed |= cut
        await asyncio.sleep(0)

    asyncio.run(main())
    return wire.sent


def test_head_and_body_leave_together() -> None:
    def play(transport: OneWriteTransport) -> None:
        transport.write(b"head ")
        transport.write(b"body")

    assert sent(play) == [b"head body"]


def test_a_head_alone_leaves_when_the_turn_ends() -> None:
    assert sent(lambda transport: transport.write(b"head")) == [b"head"]


def test_an_empty_body_lets_the_head_go() -> None:
    def play(transport: OneWriteTransport) -> None:
        transport.write(b"head")
        transport.write(b"")

    assert sent(play) == [b"head"]


def test_replies_stay_in_order() -> None:
    def play(transport: OneWriteTransport) -> None:
        for piece in (b"head 1 ", b"body 1 ", b"head 2 ", b"body 2 ", b"head 3"):
            transport.write(piece)

    assert b"".join(sent(play)) == b"head 1 body 1 head 2 body 2 head 3"


def test_closing_sends_what_was_kept_first() -> None:
    def play(transport: OneWriteTransport) -> None:
        transport.write(b"head")
        transport.close()

    assert sent(play) == [b"head"]


def test_a_lost_connection_is_not_written_to() -> None:
    assert sent(lambda transport: transport.write(b"head"), cut=True) == []


def test_everything_else_is_the_transport_itself() -> None:
    def play(transport: OneWriteTransport) -> None:
        assert transport.get_extra_info("peername") == ("127.0.0.1", 1)

    assert sent(play) == []
