"""Listening: a listener is an endpoint that nobody dials; whoever listens fetches what it is due.

In words. What a listener is due is leased, numbered, signed, tried again and given up as that of
any endpoint; only the last step is another: its requests are fetched, and what came of them is
reported. One whose requests nobody asks for is given up after a day, as an endpoint that does not
answer is, so that it does not collect for ever.
"""

import re

from stampbook.core.delivery import DAY
from stampbook.core.health import Health

SCHEME = "listen:"
"""What the URL of a listener begins with; a name for people may follow."""

URL = re.compile(re.escape(SCHEME) + r"[A-Za-z0-9._-]{0,64}")

SILENT_AFTER_MS = DAY * 1000
SILENT_REASON = "Nobody has listened for a day."


def is_listener(url: str) -> bool:
    """Tell whether a URL is that of a listener."""
    return URL.fullmatch(url) is not None


def given_up(at_ms: int) -> Health:
    """Give what a listener is once it is given up."""
    return Health(state="disabled", since_ms=at_ms)
