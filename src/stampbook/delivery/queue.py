"""The queue: what delivery asks of the store. The delivery rows are the queue itself."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from stampbook.core.lease import DueLane, EndpointKey, Leased, Outcome
from stampbook.store.deliveries import Settled


class Queue(Protocol):
    """Deliveries that wait, are leased, and are settled; each call is one short transaction."""

    def due(self, now_ms: int) -> list[DueLane]:
        """Give the endpoints that may be sent something now, in a steady order."""
        ...

    def lease(
        self, shares: Mapping[EndpointKey, int], *, now_ms: int, until_ms: int
    ) -> list[Leased]:
        """Take at most so many due requests of each endpoint, the longest due first.

        A lease that has run out is due again, as the same request with the same facts.
        """
        ...

    def settle(self, outcomes: Sequence[Outcome]) -> Settled:
        """Log tries and store what follows, unless another worker holds the lease by now.

        A delivery settled twice is settled once.
        """
        ...

    def release(self, leased: Sequence[Leased]) -> None:
        """Give leases back: the requests are due again at once, and no try is counted."""
        ...
