"""What the Nector dialect would send for every fact of the stage's program."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from stampbook.dialects import StoredFact, catalogue
from stampbook.facts import catalogue as facts
from stampbook.store.businesses import business_of
from stampbook.store.reading.facts import FactLine
from stampbook.values.ids import RequestId
from stampbook.values.json import encode
from tests.api.stage import PROGRAM, Client, definition

NECTOR = catalogue()["nector"]
REQUEST = RequestId("019df2a1c0de4a0000000090")
BUSINESS = business_of(PROGRAM, definition().definition)


def nector_bodies(client: Client) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the topic and the body of every fact that the dialect has a word for."""
    items = client.get("/v1/facts?limit=200")["items"]
    for line in msgspec.json.decode(encode(items), type=list[FactLine]):
        if facts()[line.type].nector is not None:
            fact = StoredFact(
                id=line.id,
                type=line.type,
                cause=line.cause,
                occurred_at=line.occurred_at,
                recorded_at=line.recorded_at,
                body=bytes(line.data).decode(),
            )
            letter = NECTOR.render([fact], REQUEST, BUSINESS)
            yield letter.event_type, json.loads(letter.body)
