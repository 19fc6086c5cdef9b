"""A call: one signed POST over one libcurl handle, and what came of it."""

import socket
import ssl
from dataclasses import dataclass, field
from typing import Any

import pycurl
from msgspec import Struct

from stampbook.values.egress import may_reach

CONNECT_TIMEOUT_MS = 5_000
TOTAL_TIMEOUT_MS = 15_000
EXCERPT_BYTES_MAX = 2_048
RESPONSE_BYTES_MAX = 65_536
"""Read and thrown away up to here so that the connection can be used again; past it, cut."""
FINAL_STATUS_MIN = 200
RETRY_AFTER: int = getattr(pycurl, "RETRY_AFTER")  # noqa: B009 - the stubs do not know it
ADDRESS_REFUSED = "the address is not allowed"

ERRORS: dict[int, str] = {
    pycurl.E_OPERATION_TIMEDOUT: "timed out",
    pycurl.E_COULDNT_RESOLVE_HOST: "the host name was not found",
    pycurl.E_COULDNT_CONNECT: "could not connect",
    pycurl.E_GOT_NOTHING: "closed without an answer",
    pycurl.E_PEER_FAILED_VERIFICATION: "the certificate is not trusted",
    pycurl.E_UNSUPPORTED_PROTOCOL: "only http and https are sent",
    pycurl.E_URL_MALFORMAT: "the URL is malformed",
}


class Request(Struct, frozen=True, kw_only=True):
    """A rendered and signed request; a POST."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Response(Struct, frozen=True, kw_only=True):
    """What came of a call.

    Shapes: `status_code` is None unless a final status line came; then `error` says why.
    """

    status_code: int | None
    error: str | None
    duration_ms: int
    retry_after_seconds: int | None = None
    excerpt: str = ""


class _Dialled(socket.socket):
    """A socket of which libcurl takes a duplicate, so that ours is closed when it is let go."""

    def __del__(self) -> None:
        self.close()


@dataclass(slots=True, kw_only=True)
class Policy:
    """What holds for every call of a sender."""

    allow_private: bool
    certificates: str | None
    """A file of trusted authorities; None takes those built into libcurl."""
    user_agent: str
    checks_certificates: bool = True
    """False only towards a machine of one's own."""
    connect_timeout_ms: int = CONNECT_TIMEOUT_MS
    total_timeout_ms: int = TOTAL_TIMEOUT_MS


def system_certificates() -> str | None:
    """Give this system's file of trusted authorities: a libcurl from a wheel does not know it."""
    return ssl.get_default_verify_paths().cafile


@dataclass(slots=True)
class Call:
    """A handle that makes one call after another; its connections belong to the sender."""

    policy: Policy
    handle: Any = field(default_factory=pycurl.Curl)
    _received: bytearray = field(default_factory=bytearray)
    _received_bytes: int = 0
    _address_refused: bool = False

    def __post_init__(self) -> None:
        set_option = self.handle.setopt
        set_option(pycurl.POST, 1)
        set_option(pycurl.FOLLOWLOCATION, 0)
        set_option(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        set_option(pycurl.PROXY, "")  # a proxy named by the environment would hide the address
        set_option(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        set_option(pycurl.WRITEFUNCTION, self._write)
        set_option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        set_option(pycurl.NOSIGNAL, 1)
        set_option(pycurl.USERAGENT, self.policy.user_agent)
        set_option(pycurl.CONNECTTIMEOUT_MS, self.policy.connect_timeout_ms)
        set_option(pycurl.TIMEOUT_MS, self.policy.total_timeout_ms)
        if self.policy.certificates is not None:
            set_option(pycurl.CAINFO, self.policy.certificates)
        if not self.policy.checks_certificates:
            set_option(pycurl.SSL_VERIFYPEER, 0)
            set_option(pycurl.SSL_VERIFYHOST, 0)

    def prepare(self, request: Request) -> None:
        """Load the handle with a request.

        Errors: pycurl.error or ValueError for a URL that libcurl does not take.
        """
        self._received.clear()
        self._received_bytes = 0
        self._address_refused = False
        set_option = self.handle.setopt
        set_option(pycurl.URL, request.url.encode())
        set_option(pycurl.POSTFIELDS, request.body)
        headers = [f"{name}: {value}".encode() for name, value in request.headers]
        set_option(pycurl.HTTPHEADER, [*headers, b"Expect:"])

    def answer(self, error_code: int | None, error_text: str) -> Response:
        """Read what came of the call.

        A connection that broke after the final status line has still brought the receiver's word.
        """
        read = self.handle.getinfo
        status: int = read(pycurl.RESPONSE_CODE)
        duration_ms = round(read(pycurl.TOTAL_TIME) * 1000)
        if status >= FINAL_STATUS_MIN:
            return Response(
                status_code=status,
                error=None,
                duration_ms=duration_ms,
                retry_after_seconds=read(RETRY_AFTER) or None,
                excerpt=self._received.decode("utf-8", "replace").replace("\0", "\ufffd"),
            )
        if self._address_refused:
            error = ADDRESS_REFUSED
        else:
            error = ERRORS.get(error_code or 0, error_text or "closed without an answer")
        return Response(status_code=None, error=error, duration_ms=duration_ms)

    def _write(self, chunk: bytes) -> int:
        self._received_bytes += len(chunk)
        room = EXCERPT_BYTES_MAX - len(self._received)
        if room > 0:
            self._received += chunk[:room]
        return len(chunk) if self._received_bytes <= RESPONSE_BYTES_MAX else 0

    def _open_socket(self, _purpose: int, address: Any) -> Any:
        """Open the socket for the very address that is about to be dialled, if it is allowed."""
        family, kind, protocol, target = address
        if family not in (socket.AF_INET, socket.AF_INET6) or not may_reach(
            target[0], allow_private=self.policy.allow_private
        ):
            self._address_refused = True
            return pycurl.SOCKET_BAD
        return _Dialled(family, kind, protocol)
