"""One write: the head and the body of a reply leave together.

uvicorn writes one after the other. Each write is a call of the kernel and a packet that wakes the
caller, and both together were a fifth of what the server spends on a request.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stampbook.api.site import Site


class OneWriteTransport:
    """A transport that keeps a write until the next one, or until the loop's turn ends."""

    __slots__ = ("_kept", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept = b""

    def write(self, data: bytes) -> None:
        """Keep data, or send it together with what was kept."""
        if self._kept:
            self._transport.writelines((self._kept, data))
            self._kept = b""
        else:
            self._kept = data
            self._loop.call_soon(self._send_kept)

    def close(self) -> None:
        """Send what was kept, and close."""
        self._send_kept()
        self._transport.close()

    def _send_kept(self) -> None:
        if self._kept and not self._transport.is_closing():
            self._transport.write(self._kept)
        self._kept = b""

    def __getattr__(self, name: str) -> Any:
        """Give whatever else the transport can do."""
        return getattr(self._transport, name)


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's HTTP over such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin."""
        wrapped = OneWriteTransport(transport, asyncio.get_running_loop())
        super().connection_made(cast("asyncio.Transport", wrapped))

    def shutdown(self) -> None:
        """Let the request in hand come to its end, at once if it only waits."""
        cast("Site", self.app).leave()
        super().shutdown()
