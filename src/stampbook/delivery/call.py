"""A call: one signed POST over one libcurl handle, and what came of it."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, NamedTuple

import pycurl
from msgspec import Struct

from stampbook.delivery.credentials import ClientCertificate, ClientCredentials
from stampbook.delivery.resolver import ADDRESS_REFUSED, Found
from stampbook.values.egress import Address, Network, Target

CONNECT_TIMEOUT_MS = 5_000
TOTAL_TIMEOUT_MS = 15_000
CONNECTION_SECONDS_MAX = 300
"""A connection is used no longer than this, so that a receiver that moved is followed."""
EXCERPT_BYTES_MAX = 2_048
RESPONSE_BYTES_MAX = 65_536
"""Read and thrown away up to here so that the connection can be used again; past it, cut."""
FINAL_STATUS_MIN = 200
RETRY_AFTER: int = getattr(pycurl, "RETRY_AFTER")  # noqa: B009 - the stubs do not know it
PINS_SECONDS = 3_600
"""How long libcurl knows the addresses of a call: longer than any call lasts."""

TIMED_OUT = "timed out"
MALFORMED_URL = "the URL is malformed"
MALFORMED = "the request is malformed"
UNSUPPORTED_SCHEME = "only http and https are sent"
NOT_HTTP = "the answer is not HTTP"
NO_ANSWER = "closed without an answer"
BROKEN = "the connection broke"

ERRORS: dict[int, str] = {
    pycurl.E_OPERATION_TIMEDOUT: TIMED_OUT,
    pycurl.E_COULDNT_CONNECT: "could not connect",
    pycurl.E_GOT_NOTHING: NO_ANSWER,
    pycurl.E_SSL_CONNECT_ERROR: "the TLS handshake failed",
    pycurl.E_PEER_FAILED_VERIFICATION: "the certificate is not trusted",
    pycurl.E_SSL_CACERT_BADFILE: "the trusted authority cannot be read",
    pycurl.E_SSL_CERTPROBLEM: "the client certificate cannot be used",
    pycurl.E_UNSUPPORTED_PROTOCOL: NOT_HTTP,  # other schemes have not come so far
    pycurl.E_URL_MALFORMAT: MALFORMED_URL,
    pycurl.E_ABORTED_BY_CALLBACK: ADDRESS_REFUSED,  # a look-up of libcurl's own
    pycurl.E_FTP_WEIRD_SERVER_REPLY: NOT_HTTP,  # of any server
}
"""What the owner of a target is told about it. Everything else is only that it broke: libcurl's own
words name addresses."""


class Request(Struct, frozen=True, kw_only=True):
    """A rendered and signed request; a POST.

    Shapes: a time-out that is None is the sender's; `authority` is a PEM of the only authorities
    that may vouch for the receiver, None for those of the sender. A token that `oauth` stands for
    is fetched and sent along.
    """

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connect_timeout_ms: int | None = None
    total_timeout_ms: int | None = None
    client_certificate: ClientCertificate | None = None
    authority: str | None = None
    oauth: ClientCredentials | None = None
    key: str | None = None
    """What keeps messages together where a broker can: what they keep their order among."""


class Response(Struct, frozen=True, kw_only=True):
    """What came of a call.

    Shapes: `status_code` is None unless a final status line came; then `error` says why.
    """

    status_code: int | None
    error: str | None
    duration_ms: int
    retry_after_seconds: int | None = None
    excerpt: str = ""


class Plan(NamedTuple):
    """How a request is sent: where, to which addresses, how long, and how much is kept."""

    target: Target
    found: Found
    connect_timeout_ms: int
    total_timeout_ms: int
    kept_bytes_max: int = EXCERPT_BYTES_MAX


class _Dialled(socket.socket):
    """A socket of which libcurl takes a duplicate, so that ours is closed when it is let go."""

    def __del__(self) -> None:
        self.close()


@dataclass(slots=True, kw_only=True)
class Policy:
    """What holds for every call of a sender."""

    allow_private: bool
    allow_subnets: tuple[Network, ...] = ()
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
    """A handle that makes one call after another; its connections belong to the sender.

    Every option that differs between requests is set for each of them. A handle that was given a
    certificate or an authority makes that one call only, so that no later one can find them.
    """

    policy: Policy
    before_opening: Callable[[], None]
    """Called before a socket is opened."""
    handle: Any = field(default_factory=pycurl.Curl)
    is_spent: bool = False
    _addresses: tuple[Address, ...] = ()
    _is_named: bool = True
    _received: bytearray = field(default_factory=bytearray)
    _received_bytes: int = 0
    _kept_bytes_max: int = EXCERPT_BYTES_MAX
    _address_refused: bool = False
    _timeouts_ms: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        set_option = self.handle.setopt
        set_option(pycurl.POST, 1)
        set_option(pycurl.FOLLOWLOCATION, 0)
        set_option(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        set_option(pycurl.PROXY, "")  # a proxy named by the environment would hide the address
        set_option(pycurl.RESOLVER_START_FUNCTION, self._refuse_look_up)
        set_option(pycurl.DNS_CACHE_TIMEOUT, PINS_SECONDS)
        set_option(pycurl.MAXLIFETIME_CONN, CONNECTION_SECONDS_MAX)
        set_option(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        set_option(pycurl.WRITEFUNCTION, self._write)
        set_option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        set_option(pycurl.NOSIGNAL, 1)
        set_option(pycurl.USERAGENT, self.policy.user_agent)
        if self.policy.certificates is not None:
            set_option(pycurl.CAINFO, self.policy.certificates)
        if not self.policy.checks_certificates:
            set_option(pycurl.SSL_VERIFYPEER, 0)
            set_option(pycurl.SSL_VERIFYHOST, 0)

    def prepare(self, request: Request, plan: Plan) -> None:
        """Load the handle with a request.

        Errors: pycurl.error or ValueError for what libcurl does not take.
        """
        target, found, *timeouts_ms, self._kept_bytes_max = plan
        self._received.clear()
        self._received_bytes = 0
        self._address_refused = False
        self._addresses = found.addresses
        self._is_named = target.address is None
        set_option = self.handle.setopt
        set_option(pycurl.URL, request.url.encode())
        if self._is_named:
            set_option(pycurl.RESOLVE, [f"+{target.host}:{target.port}:{found.joined}"])
        set_option(pycurl.POSTFIELDS, request.body)
        headers = [_line(name, value) for name, value in request.headers]
        set_option(pycurl.HTTPHEADER, [*headers, b"Expect:"])
        if timeouts_ms != self._timeouts_ms:
            self._timeouts_ms = timeouts_ms
            set_option(pycurl.CONNECTTIMEOUT_MS, plan.connect_timeout_ms)
            set_option(pycurl.TIMEOUT_MS, plan.total_timeout_ms)
        if request.client_certificate is not None:
            self.is_spent = True
            set_option(pycurl.SSLCERT_BLOB, request.client_certificate.chain.encode())
            set_option(pycurl.SSLKEY_BLOB, request.client_certificate.key.encode())
        if request.authority is not None:
            self.is_spent = True
            set_option(pycurl.CAINFO_BLOB, request.authority.encode())

    def answer(self, error_code: int | None) -> Response:
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
            error = NO_ANSWER if error_code is None else ERRORS.get(error_code, BROKEN)
        return Response(status_code=None, error=error, duration_ms=duration_ms)

    def _write(self, chunk: bytes) -> int:
        self._received_bytes += len(chunk)
        room = self._kept_bytes_max - len(self._received)
        if room > 0:
            self._received += chunk[:room]
        return len(chunk) if self._received_bytes <= RESPONSE_BYTES_MAX else 0

    def _refuse_look_up(self) -> int:
        """Keep libcurl from looking up a name: it knows the addresses, or nobody vetted them."""
        return int(self._is_named)

    def _open_socket(self, _purpose: int, address: Any) -> Any:
        """Open the socket for the very address that is about to be dialled, if it was vetted."""
        family, kind, protocol, place = address
        is_internet = family in (socket.AF_INET, socket.AF_INET6)
        if not is_internet or ip_address(place[0]) not in self._addresses:
            self._address_refused = True
            return pycurl.SOCKET_BAD
        self.before_opening()
        try:
            return _Dialled(family, kind, protocol)
        except OSError:  # no socket is left
            return pycurl.SOCKET_BAD


def _line(name: str, value: str) -> bytes:
    """Write a header as libcurl takes it: one without a value would be left out."""
    line = f"{name}: {value}" if value else f"{name};"
    if "\n" in line or "\r" in line:
        raise ValueError(MALFORMED)
    return line.encode()
