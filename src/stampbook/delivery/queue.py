"""The queue: what delivery asks of the store. The delivery rows are the queue itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from stampbook.core.lease import DueLane, EndpointKey, Leased, Turn

Deal = Callable[[Sequence[DueLane]], Mapping[EndpointKey, int]]
"""Says how many requests to lease of each endpoint that has something due."""


class Queue(Protocol):
    """Deliveries that wait, are leased, and are settled."""

    def turn(self, turn: Turn, deal: Deal) -> list[Leased]:
        """Settle tries, give leases back, and lease what is dealt, in one short transaction.

        Shapes: tries are logged, and what follows is stored unless another worker holds the lease
        by now. A lease that has run out is due again, as the same request with the same facts.
        Errors: BusyError when somebody else is writing and it does not wait; another StoreError,
        and nothing was stored, or all was. In any case the turn may be taken again.
        """
        ...
