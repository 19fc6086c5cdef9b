"""The feed of facts, read to its end as anybody may read it: over HTTP."""

import http.client
from collections.abc import Generator
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from tests.e2e.server import HOST
from tests.e2e.shop import TOKEN

LIMIT = 200
PAGES_MAX = 1_000
SECONDS = 30


class Fact(Struct, frozen=True):
    """A fact of the feed."""

    id: str
    type: str
    member: str
    sequence: int
    data: dict[str, Any]


class _Page(Struct):
    items: list[Fact]
    next: str
    has_more: bool


def feed(port: int) -> list[Fact]:
    """Give every fact, in the order of the feed."""
    return [fact for page in _pages(port) for fact in page.items]


def _pages(port: int) -> Generator[_Page]:
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    asked: dict[str, str | int] = {"limit": LIMIT}
    for _ in range(PAGES_MAX):
        path = f"/v1/facts?{urlencode(asked)}"
        connection.request("GET", path, headers={"authorization": f"Bearer {TOKEN}"})
        page = msgspec.json.decode(connection.getresponse().read(), type=_Page)
        yield page
        if not page.has_more:
            break
        asked["after"] = page.next
    connection.close()
