"""Posts: the sender of everything; what does not travel over HTTP goes to its destination."""

from typing import Generic, NamedTuple, TypeVar

from stampbook.delivery.call import Request, Response
from stampbook.delivery.destinations import Destinations, WebService, problem_of
from stampbook.delivery.gate import Gate
from stampbook.delivery.links import Limits, Links
from stampbook.delivery.locator import locate, scheme_of
from stampbook.delivery.sender import Sender
from stampbook.delivery.tokens import Fetches

HTTP = frozenset({"http", "https"})

T = TypeVar("T")


class Posted(NamedTuple, Generic[T]):
    """A ticket on its way over HTTP, and the web service that reads the answer, if it is one's."""

    ticket: T
    service: WebService | None


class Posts(Generic[T]):
    """Sends requests wherever their URLs lead; each carries a ticket of the caller's.

    It is used like the sender that it is given, and owns it. One thread owns posts; only `wake` may
    be called from others. What a broker acknowledged has a status of 200, which stands for that
    acknowledgement, and the broker's receipt as its excerpt.
    """

    def __init__(
        self,
        sender: Sender[Posted[T]],
        destinations: Destinations,
        gate: Gate,
        *,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
    ) -> None:
        self._sender = sender
        self._destinations = destinations
        self._links = Links[T](gate, sender.wake, limits=limits)
        self._unsent: list[tuple[T, Response]] = []

    @property
    def in_flight(self) -> int:
        """The number of requests whose answer was not handed back yet."""
        return self._sender.in_flight + self._links.in_flight + len(self._unsent)

    @property
    def tokens(self) -> Fetches:
        """What became of the tokens that were fetched; may be asked by any thread."""
        return self._sender.tokens

    def start(self, ticket: T, request: Request) -> None:
        """Begin to send a request; its answer comes out of `wait`."""
        scheme = scheme_of(request.url)
        if scheme in HTTP:
            self._sender.start(Posted(ticket, None), request)
            return
        problem = problem_of(request.url, self._destinations)
        if problem is not None:
            self._fail(ticket, f"not sent: {problem}")
            return
        destination = self._destinations[scheme]
        if isinstance(destination, WebService):
            self._write(ticket, request, destination)
        else:
            self._links.start(ticket, request, destination)

    def wait(self, seconds: float) -> list[tuple[T, Response]]:
        """Move everything on until something finishes, `wake` is called, or the time is over.

        Shapes: the finished requests, possibly none.
        """
        finished, self._unsent = [*self._unsent, *self._links.take()], []
        for posted, response in self._sender.wait(0 if finished else seconds):
            service = posted.service
            finished.append((posted.ticket, service.judge(response) if service else response))
        return [*finished, *self._links.take()]

    def wake(self) -> None:
        """Let a running or the next `wait` return at once; safe from any thread."""
        self._sender.wake()

    def close(self) -> None:
        """Abandon what is in flight and close every connection."""
        self._links.close()
        self._sender.close()

    def _write(self, ticket: T, request: Request, service: WebService) -> None:
        try:
            written = service.write(service.read(locate(request.url)), request)
        except Exception as failed:  # noqa: BLE001 - one odd message must not stop all others
            self._fail(ticket, f"not sent: {type(failed).__name__}")
            return
        self._sender.start(Posted(ticket, service), written)

    def _fail(self, ticket: T, error: str) -> None:
        self._unsent.append((ticket, Response(status_code=None, error=error, duration_ms=0)))
