"""The wire: requests as the sender would send them, and all that can be seen of the answers."""

import ssl
from collections.abc import Sequence
from typing import Any

import pycurl
from msgspec import Struct

CONNECT_TIMEOUT_MS = 5_000
PATIENCE_SECONDS = 15.0
"""How long the sender waits for an answer."""
RESPONSE_BYTES_MAX = 65_536
"""Past it the connection is cut; nobody reads what a consumer says."""
FINAL_STATUS_MIN = 200
MS_PER_SECOND = 1000

ERRORS: dict[int, str] = {
    pycurl.E_OPERATION_TIMEDOUT: "no answer in time",
    pycurl.E_COULDNT_RESOLVE_HOST: "the host name was not found",
    pycurl.E_COULDNT_CONNECT: "nobody listens there",
    pycurl.E_GOT_NOTHING: "the connection was closed without an answer",
    pycurl.E_RECV_ERROR: "the connection broke",
    pycurl.E_SEND_ERROR: "the connection broke while the body was sent",
    pycurl.E_PEER_FAILED_VERIFICATION: "the certificate is not trusted",
}


class Post(Struct, frozen=True, kw_only=True):
    """A signed request."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


class Answer(Struct, frozen=True, kw_only=True):
    """What came back.

    Shapes: `status` is None unless a final status line came; then `error` says why. `location` is
    where a redirect leads. `is_kept` says that the connection was one that was there before,
    `closes` that the consumer said that it closes it.
    """

    status: int | None
    error: str = ""
    seconds: float = 0.0
    location: str = ""
    is_kept: bool = False
    closes: bool = False


class NumberUnreadableError(Exception):
    """The URL that should tell how much was processed does not."""


class UnreachableError(Exception):
    """Nobody listens at the consumer's URL."""


class Wire:
    """Sends to one URL, as the sender does; redirects are never followed."""

    def __init__(
        self, url: str, *, patience_seconds: float = PATIENCE_SECONDS, user_agent: str
    ) -> None:
        self.patience_seconds = patience_seconds
        self._url = url
        self._user_agent = user_agent

    def send(self, *posts: Post) -> list[Answer]:
        """Send requests one after the other over one connection, if the consumer keeps it."""
        call = _Call(self._user_agent, self.patience_seconds)
        answers: list[Answer] = []
        for post in posts:
            call.load(self._url, post)
            answers.append(call.perform())
        call.handle.close()
        return answers

    def send_together(self, posts: Sequence[Post]) -> list[Answer]:
        """Send requests at the same time, each over a connection of its own."""
        multi: Any = pycurl.CurlMulti()
        calls = [_Call(self._user_agent, self.patience_seconds) for _ in posts]
        for call, post in zip(calls, posts, strict=True):
            call.load(self._url, post)
            multi.add_handle(call.handle)
        running = len(calls)
        while running:  # ends with the time-out of the slowest
            running = multi.perform()[1]
            multi.select(0.05)
        failed = {handle: (code, text) for handle, code, text in multi.info_read(len(calls) + 1)[2]}
        answers = [call.answer(*failed.get(call.handle, (0, ""))) for call in calls]
        for call in calls:
            multi.remove_handle(call.handle)
            call.handle.close()
        multi.close()
        return answers

    def reach(self) -> None:
        """Open a connection, and close it.

        Errors: UnreachableError.
        """
        call = _Call(self._user_agent, self.patience_seconds)
        call.handle.setopt(pycurl.URL, self._url)
        call.handle.setopt(pycurl.CONNECT_ONLY, 1)
        try:
            call.handle.perform()
        except pycurl.error as error:
            code, text = _said(error)
            raise UnreachableError(ERRORS.get(code, text)) from error
        finally:
            call.handle.close()

    def read(self, url: str) -> bytes:
        """Give what a URL answers to a GET.

        Errors: NumberUnreadableError for anything but a 200.
        """
        call = _Call(self._user_agent, self.patience_seconds)
        call.handle.setopt(pycurl.URL, url)
        call.handle.setopt(pycurl.HTTPGET, 1)
        answer = call.perform()
        call.handle.close()
        if answer.status != FINAL_STATUS_MIN:
            raise NumberUnreadableError(answer.error or f"it answered {answer.status}")
        return bytes(call.received)


class _Call:
    """A libcurl handle, and what it heard."""

    def __init__(self, user_agent: str, patience_seconds: float) -> None:
        self.handle: Any = pycurl.Curl()
        self.received = bytearray()
        self._lines: list[str] = []
        set_option = self.handle.setopt
        set_option(pycurl.FOLLOWLOCATION, 0)
        set_option(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        set_option(pycurl.PROXY, "")
        set_option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        set_option(pycurl.NOSIGNAL, 1)
        set_option(pycurl.USERAGENT, user_agent)
        set_option(pycurl.CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS)
        set_option(pycurl.TIMEOUT_MS, round(patience_seconds * MS_PER_SECOND))
        set_option(pycurl.WRITEFUNCTION, self._write)
        set_option(pycurl.HEADERFUNCTION, self._hear)
        certificates = _certificates()
        if certificates is not None:
            set_option(pycurl.CAINFO, certificates)

    def load(self, url: str, post: Post) -> None:
        self.received.clear()
        self.handle.setopt(pycurl.URL, url)
        self.handle.setopt(pycurl.POST, 1)
        self.handle.setopt(pycurl.POSTFIELDS, post.body)
        # a header without a value is sent with a semicolon, or libcurl leaves it out
        lines = [f"{name}: {value}" if value else f"{name};" for name, value in post.headers]
        self.handle.setopt(pycurl.HTTPHEADER, [*(line.encode() for line in lines), b"Expect:"])

    def perform(self) -> Answer:
        try:
            self.handle.perform()
        except pycurl.error as error:
            return self.answer(*_said(error))
        return self.answer()

    def answer(self, code: int = 0, text: str = "") -> Answer:
        read = self.handle.getinfo
        status: int = read(pycurl.RESPONSE_CODE)
        came = status >= FINAL_STATUS_MIN
        return Answer(
            status=status if came else None,
            error="" if came else ERRORS.get(code, text or "no answer"),
            seconds=read(pycurl.TOTAL_TIME),
            location=read(pycurl.REDIRECT_URL) or "",
            is_kept=read(pycurl.NUM_CONNECTS) == 0,
            closes=self._closes(),
        )

    def _closes(self) -> bool:
        """Tell whether the consumer said that it closes the connection."""
        for line in self._lines[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "connection":
                return value.strip().lower() == "close"
        return bool(self._lines) and self._lines[0].startswith("HTTP/1.0")

    def _hear(self, line: bytes) -> None:
        text = line.decode("latin-1").strip()
        if text.startswith("HTTP/"):
            self._lines.clear()
        if text:
            self._lines.append(text)

    def _write(self, chunk: bytes) -> int:
        self.received += chunk
        return len(chunk) if len(self.received) <= RESPONSE_BYTES_MAX else 0


def _certificates() -> str | None:
    """Give this system's file of trusted authorities: a libcurl from a wheel does not know it."""
    return ssl.get_default_verify_paths().cafile


def _said(error: pycurl.error) -> tuple[int, str]:
    """Give what libcurl says of an error: its number and its words."""
    code, *words = error.args
    return int(code), str(words[0]) if words else ""
