"""Headers: found by name in whatever a web framework hands over, however the names are written."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from .errors import MalformedHeaderError, MissingHeaderError

WEBHOOK_ID = "webhook-id"
WEBHOOK_TIMESTAMP = "webhook-timestamp"
WEBHOOK_SIGNATURE = "webhook-signature"
SEQUENCE = "stampbook-sequence"

DIGITS_MAX = 18
"""Of a number in a header."""


@runtime_checkable
class HasItems(Protocol):
    """A mapping of names to values, such as the headers of most frameworks."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Give every header."""
        ...


Headers = HasItems | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]
"""A mapping, or pairs as ASGI has them."""


class Found:
    """The headers of one request by lower-case name."""

    def __init__(self, headers: Headers) -> None:
        pairs = headers.items() if isinstance(headers, HasItems) else headers
        self._values: dict[str, set[str]] = {}
        for name, value in pairs:
            self._values.setdefault(_text(name).lower(), set()).add(_text(value).strip())

    def items(self) -> Iterable[tuple[str, str]]:
        """Give every header, its name in lower case."""
        return [(name, value) for name, values in self._values.items() for value in values]

    def find(self, name: str) -> str | None:
        """Give a header's value, None when it is not there.

        Errors: MalformedHeaderError when it comes twice and says two things, or is not plain ASCII.
        """
        values = self._values.get(name, set())
        if len(values) > 1:
            raise MalformedHeaderError(name, "comes twice, with different values")
        for value in values:
            if not (value.isascii() and value.isprintable()):
                raise MalformedHeaderError(name, "is not plain ASCII")
            return value
        return None

    def required(self, name: str) -> str:
        """Give a header's value.

        Errors: MissingHeaderError when it is absent or empty; those of `find`.
        """
        value = self.find(name)
        if not value:
            raise MissingHeaderError(name)
        return value

    def number(self, name: str) -> int:
        """Give a header that is a decimal number.

        Errors: MalformedHeaderError for anything else; those of `required`.
        """
        value = self.required(name)
        if not value.isdecimal() or len(value) > DIGITS_MAX:
            raise MalformedHeaderError(name, "is not a decimal number")
        return int(value)


def _text(text: str | bytes) -> str:
    return text.decode("latin-1") if isinstance(text, bytes) else text
