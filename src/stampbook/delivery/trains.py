"""Trains: leases of one order key, of which one is on its way and the others wait behind it.

So a member's facts need no turn of the store each, and yet none overtakes another.
"""

from collections import deque

from stampbook.core.lease import EndpointKey, Leased

OrderKey = tuple[EndpointKey, str]


class Trains:
    """The trains of one worker."""

    def __init__(self) -> None:
        self._behind: dict[OrderKey, deque[Leased]] = {}

    def may_go(self, leased: Leased) -> bool:
        """Tell whether a lease may be sent at once; otherwise it waits behind its train."""
        if leased.order_key is None:
            return True
        key = (leased.endpoint, leased.order_key)
        behind = self._behind.get(key)
        if behind is None:
            self._behind[key] = deque()
            return True
        behind.append(leased)
        return False

    def next_of(self, leased: Leased) -> Leased | None:
        """Give what follows a lease that has arrived; None at the end of its train."""
        if leased.order_key is None:
            return None
        key = (leased.endpoint, leased.order_key)
        behind = self._behind[key]
        if behind:
            return behind.popleft()
        del self._behind[key]
        return None

    def stop(self, leased: Leased) -> list[Leased]:
        """Give all that waited behind a lease that has not arrived, and end its train."""
        if leased.order_key is None:
            return []
        return list(self._behind.pop((leased.endpoint, leased.order_key)))
