"""Letters: what an endpoint gets, made by its dialect from the examples, with new ids and dates.

Each fact is dated as if it had just happened, so that a consumer that looks at dates sees what real
time would have sent, and each request has a number, as every real one has.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from stampbook.conformance.wire import Post
from stampbook.dialects import Dialect, Letter, StoredFact, catalogue
from stampbook.facts import catalogue as facts
from stampbook.nouns.examples import EXAMPLE_BUSINESS, EXAMPLE_NOW
from stampbook.values.ids import FactId, RequestId
from stampbook.values.instants import Instant
from stampbook.values.json import decode, encode, encode_text
from stampbook.values.signatures import secret_of

ORDINARY = "points.earned"
"""The fact that most checks send; every dialect has a word for it."""
CHANGE = "member.updated"
"""Another one of the same kind."""
BIG = "order.recorded"

CONTENT_TYPE = "content-type"
SEQUENCE = "stampbook-sequence"

LARGE_BYTES = {"native": 1024 * 1024, "cloudevents": 1024 * 1024, "nector": 64 * 1024}
"""Units: bytes. An order may have a megabyte of attributes, and the fact carries them."""
NEW = "not_invented_yet"


class Letters:
    """Writes and signs the requests of one endpoint."""

    def __init__(
        self, dialect: str, secret: str, *, new_id: Callable[[], str], now: Callable[[], Instant]
    ) -> None:
        self.dialect: Dialect = catalogue()[dialect]
        self.secret = secret
        self.now = now
        self.new_id = new_id
        self._facts = 0
        self._requests = 0

    def spoken(self) -> list[str]:
        """Give the facts that the dialect has a word for; together they have all its types."""
        return [name for name, fact in facts().items() if self.dialect.event_types(fact)]

    def write(self, *names: str, at: Instant | None = None) -> Letter:
        """Give the body of facts that happened just now, or at an instant."""
        cause, happened = self.new_id(), at or self.now()
        stored = [self._stored(name, cause, happened) for name in names or (ORDINARY,)]
        return self.dialect.render(stored, RequestId(self.new_id()), EXAMPLE_BUSINESS)

    def sign(
        self,
        letter: Letter,
        *,
        secrets: Sequence[str] = (),
        at: Instant | None = None,
        request_id: str | None = None,
        number: int | None = None,
    ) -> Post:
        """Give the request that carries a letter, with the next number unless one is given."""
        signed = self.dialect.sign(
            letter,
            secrets or (self.secret,),
            RequestId(request_id or self.new_id()),
            at or self.now(),
        )
        counted = (SEQUENCE, str(self.number() if number is None else number))
        media_type = (CONTENT_TYPE, letter.content_type)
        return Post(headers=(media_type, *signed.items(), counted), body=letter.body)

    @property
    def another_secret(self) -> str:
        """Give a secret that the consumer does not have."""
        return secret_of(hashlib.sha256(f"another than {self.secret}".encode()).digest())

    def ordinary(self) -> Post:
        """Give a genuine request that is like most."""
        return self.sign(self.write())

    def number(self) -> int:
        """Give the number of the next request."""
        self._requests += 1
        return self._requests

    def large(self) -> Letter:
        """Give the largest body that the dialect sends in earnest."""
        if self.dialect.usual_size > 1:
            return self.write(*[ORDINARY] * self.dialect.usual_size)
        letter, wanted = self.write(BIG), LARGE_BYTES[self.dialect.name]
        tree = decode(letter.body, dict[str, Any])
        if "data" in tree:
            filling = "Beans, whole, from the market stall. "
            product = {"product_id": "beans-1kg", "product_title": filling * 6}
            products = [product] * (wanted // len(encode(product)))
            tree["data"]["order"]["attributes"]["products"] = products
        else:
            tree["reference_order_name"] = "0" * wanted
        return replace(letter, body=encode(tree))

    def of_unknown_type(self) -> Letter:
        """Give a letter of a type that is sent one day."""
        letter = self.write()
        tree = decode(letter.body, dict[str, Any])
        if "events" in tree:
            tree["events"][0]["event_type"] = f"event_{NEW}"
        elif "type" in tree and "data" in tree:
            tree["type"] = f"points.{NEW}"
        return replace(letter, event_type=f"{NEW}_create", body=encode(tree))

    def with_unknown_fields(self) -> Letter:
        """Give a letter with a field more in every object."""
        letter = self.write()
        tree = decode(letter.body, dict[str, Any])
        if "specversion" in tree:  # its own fields are scalars, and their names have no underscore
            grown = {**tree, NEW.replace("_", ""): "1", "data": _grown(tree["data"])}
        else:
            grown = _grown(tree)
        return replace(letter, body=encode(grown))

    def _stored(self, name: str, cause: str, at: Instant) -> StoredFact:
        self._facts += 1
        data = replace(facts()[name].example(), sequence=self._facts, cause=cause)
        return StoredFact(
            id=FactId(self.new_id()),
            type=name,
            cause=cause,
            occurred_at=at,
            recorded_at=at,
            body=encode_text(_moved(data, at - EXAMPLE_NOW)),
        )


def _moved(value: Any, by: timedelta) -> Any:
    """Move every instant in a structure."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, Struct):
        fields = {name: _moved(getattr(value, name), by) for name in value.__struct_fields__}
        return replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(_moved(item, by) for item in cast("tuple[Any, ...]", value))
    return value


def _grown(tree: Any) -> Any:
    if isinstance(tree, dict):
        fields = cast("Mapping[str, Any]", tree)
        return {**{key: _grown(value) for key, value in fields.items()}, NEW: {"of": [1, None]}}
    if isinstance(tree, list):
        return [_grown(item) for item in cast("list[Any]", tree)]
    return tree
