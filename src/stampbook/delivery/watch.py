"""Watch: whoever wants to know of a finished try is told, and none of them can stop delivery."""

from collections.abc import Callable, Sequence

import structlog

from stampbook.core.lease import Outcome

log = structlog.get_logger()


class Watch:
    """Tells several watchers, one after another."""

    def __init__(self, watchers: Sequence[Callable[[Outcome], None]]) -> None:
        self._watchers = tuple(watchers)

    def __call__(self, outcome: Outcome) -> None:
        """Tell of a finished try."""
        for watcher in self._watchers:
            try:
                watcher(outcome)
            except Exception:
                log.exception("delivery.not_watched", request_id=outcome.leased.request_id)
