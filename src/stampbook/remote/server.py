"""A server: its API, called with one key from wherever one is."""

import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pycurl
from msgspec import Struct

from stampbook.values.json import decode, encode

CONNECT_SECONDS = 10
CALL_SECONDS = 60
ANSWER_BYTES_MAX = 128 * 1024 * 1024
ERROR_MIN = 400
SERVER_ERROR_MIN = 500
SUCCESS = range(200, 300)
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

ERRORS: dict[int, str] = {
    pycurl.E_OPERATION_TIMEDOUT: "it did not answer in time",
    pycurl.E_COULDNT_RESOLVE_HOST: "the host name was not found",
    pycurl.E_COULDNT_CONNECT: "nobody answers there",
    pycurl.E_GOT_NOTHING: "the connection was closed without an answer",
    pycurl.E_RECV_ERROR: "the connection broke",
    pycurl.E_SEND_ERROR: "the connection broke",
    pycurl.E_PEER_FAILED_VERIFICATION: "its certificate is not trusted",
    pycurl.E_URL_MALFORMAT: "the URL is malformed",
    pycurl.E_UNSUPPORTED_PROTOCOL: "the URL is no http or https address",
}


class Said(Struct, frozen=True, kw_only=True):
    """What a problem document says."""

    status: int
    code: str
    detail: str
    remedy: str = ""


class RefusedError(Exception):
    """The API said no."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.detail)
        self.said = said

    @property
    def may_pass(self) -> bool:
        """Tell whether the same request may be done later."""
        return self.said.status >= SERVER_ERROR_MIN


class UnreachableError(Exception):
    """No answer came, or none of this API; whether the request was done is not known."""


def _never() -> bool:
    return False


class Server:
    """The API of one server; of one thread, over a connection that is kept.

    Shapes: a call ends early when `is_stopping` says so, as if the connection had broken.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        user_agent: str,
        is_stopping: Callable[[], bool] = _never,
    ) -> None:
        self.url = url.rstrip("/")
        self._key = key
        self._user_agent = user_agent
        self._is_stopping = is_stopping
        self._received = bytearray()
        self._handle: Any = pycurl.Curl()
        set_option = self._handle.setopt
        set_option(pycurl.FOLLOWLOCATION, 0)
        set_option(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        set_option(pycurl.NOSIGNAL, 1)
        set_option(pycurl.USERAGENT, user_agent)
        set_option(pycurl.CONNECTTIMEOUT, CONNECT_SECONDS)
        set_option(pycurl.WRITEFUNCTION, self._write)
        set_option(pycurl.NOPROGRESS, 0)
        set_option(pycurl.XFERINFOFUNCTION, self._watch)
        if urlsplit(self.url).hostname in LOOPBACK:
            set_option(pycurl.PROXY, "")  # a proxy of the environment leads to another loopback
        certificates = _certificates()
        if certificates is not None:
            set_option(pycurl.CAINFO, certificates)

    def other(self, is_stopping: Callable[[], bool] = _never) -> "Server":
        """Give the same server for another thread."""
        return Server(self.url, self._key, user_agent=self._user_agent, is_stopping=is_stopping)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        idempotency_key: str | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Any:
        """Make a request and give what it answers, as a tree.

        Errors: RefusedError; UnreachableError.
        """
        set_option = self._handle.setopt
        self._received.clear()
        set_option(pycurl.URL, (self.url + path).encode())
        set_option(pycurl.CUSTOMREQUEST, method)
        set_option(pycurl.TIMEOUT_MS, round(seconds * 1000))
        headers = [f"authorization: Bearer {self._key}", "expect:"]
        if body is None:
            set_option(pycurl.HTTPGET, 1)
            set_option(pycurl.CUSTOMREQUEST, method)
        else:
            set_option(pycurl.POSTFIELDS, encode(body))
            headers.append("content-type: application/json")
        if idempotency_key is not None:
            headers.append(f"idempotency-key: {idempotency_key}")
        set_option(pycurl.HTTPHEADER, [line.encode() for line in headers])
        try:
            self._handle.perform()
        except pycurl.error as error:
            raise UnreachableError(_words(error)) from None
        return self._answer(self._handle.getinfo(pycurl.RESPONSE_CODE))

    def close(self) -> None:
        """Close the connection."""
        self._handle.close()

    def _answer(self, status: int) -> Any:
        text = bytes(self._received)
        try:
            if status in SUCCESS:
                return msgspec.json.decode(text)
            if status >= ERROR_MIN:
                raise RefusedError(decode(text, Said))
        except msgspec.DecodeError:
            raise UnreachableError(f"its answer of {status} is not one of Stampbook's") from None
        raise UnreachableError(f"it answered {status}: is the URL that of the API?")

    def _write(self, chunk: bytes) -> int:
        self._received += chunk
        return len(chunk) if len(self._received) <= ANSWER_BYTES_MAX else 0

    def _watch(self, *_: int) -> int:
        return int(self._is_stopping())


def _certificates() -> str | None:
    """Give this system's file of trusted authorities: a libcurl from a wheel does not know it."""
    return ssl.get_default_verify_paths().cafile


def _words(error: pycurl.error) -> str:
    code, *words = error.args
    return ERRORS.get(int(code), str(words[0]) if words else "the connection broke")
