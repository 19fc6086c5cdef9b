"""The gate: how a broker that a customer chose is dialled, and what keeps it from our own network.

A name is looked up once. Every address that it leads to is judged, one that is refused refuses
them all, and the connection goes to an address that was judged, so no second look-up can lead
elsewhere. Certificates are still checked against the name.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from stampbook.delivery.locator import Host
from stampbook.values.egress import Network, may_reach

Vet = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a host and a port, the best first. It may block.
Errors: TargetRefusedError; OSError when the name is not found."""

THREADS_MAX = 64
"""As many as there are requests in flight, so that none waits for another's look-up."""

UNASKED_BYTES_MAX = 1024 * 1024
"""What a broker may send more than it was sent: without a limit it could fill our memory."""

R = TypeVar("R")


class TargetRefusedError(Exception):
    """The target is one that nothing may be sent to."""


class PublishError(Exception):
    """A message was not acknowledged; the text is for the owner of the broker."""


class RefusedError(PublishError):
    """The broker answered, and its answer was no."""


class LostError(PublishError):
    """The connection failed, or is not to be trusted any more."""


def words_of(error: BaseException) -> str:
    """Say what went wrong with a connection, without an address of anybody's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate is not trusted"
    if isinstance(error, ssl.SSLError):
        return "TLS could not be agreed on"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ConnectionRefusedError):
        return "could not connect"
    return "the connection was closed"


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask this system's resolver for the addresses of a host, each once.

    Errors: OSError when there is none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def vetting(
    *, allow_private: bool, allow_subnets: tuple[Network, ...] = (), look_up: Vet = resolve
) -> Vet:
    """Give a vet that refuses a host when any of its addresses may not be reached."""

    def vet(host: str, port: int) -> Sequence[str]:
        addresses = look_up(host, port)
        if not all(
            may_reach(address, allow_private=allow_private, allow_subnets=allow_subnets)
            for address in addresses
        ):
            raise TargetRefusedError
        return addresses

    return vet


class Gate:
    """The way out for one process; its threads do what can only be done by waiting."""

    def __init__(self, vet: Vet, *, certificates: str | None = None) -> None:
        self._vet = vet
        self.certificates = certificates
        """A file of trusted authorities; None takes this system's."""
        self._tls: ssl.SSLContext | None = None
        self._threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="gate")

    async def run(self, blocking: Callable[[], R]) -> R:
        """Call something that blocks, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, blocking)

    async def addresses(self, host: Host, port: int) -> Sequence[str]:
        """Give the addresses that may be dialled; `port` is what the host does not say.

        Errors: RefusedError; LostError when the name is not found.
        """
        try:
            return await self.run(lambda: self._vet(host.name, host.port or port))
        except TargetRefusedError:
            raise RefusedError("the address is not allowed") from None
        except (OSError, UnicodeError):
            raise LostError("the host name was not found") from None

    async def dial(self, host: Host, port: int) -> socket.socket:
        """Connect to the first address that answers.

        Errors: as `addresses`, and LostError.
        """
        for address in await self.addresses(host, port):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            dialled = socket.socket(family, socket.SOCK_STREAM)
            dialled.setblocking(False)  # noqa: FBT003 - the socket's own signature
            try:
                loop = asyncio.get_running_loop()
                await loop.sock_connect(dialled, (address, host.port or port))
            except OSError:
                dialled.close()
            except BaseException:
                dialled.close()
                raise
            else:
                return dialled
        raise LostError("could not connect")

    def tls(self) -> ssl.SSLContext:
        """Give what a certificate is checked by."""
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self.certificates)
        return self._tls

    def close(self) -> None:
        """Let the threads end with what they are doing."""
        self._threads.shutdown(wait=False, cancel_futures=True)
