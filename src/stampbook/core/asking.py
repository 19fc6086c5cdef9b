"""Asking: an endpoint may want only events that say certain things.

What an event says depends on its dialect, so it is looked at as it would be sent.
"""

from collections.abc import Sequence
from typing import Any, cast

from stampbook.dialects import Dialect, StoredFact
from stampbook.nouns.business import Business
from stampbook.values.ids import RequestId
from stampbook.values.json import decode

UNSENT = RequestId("0" * 24)
"""For an event that is rendered only to be looked at."""


def says(
    dialect: Dialect, fact: StoredFact, fields: Sequence[str], business: Business | None
) -> bool:
    """Tell whether an event has a value in every field that its endpoint asks for."""
    letter = dialect.render((fact,), UNSENT, business)
    event = dialect.event(decode(letter.body, dict[str, Any]))
    return all(has_value(event, field) for field in fields)


def has_value(event: Any, field: str) -> bool:
    """Tell whether a field has a value; a dot leads into an object.

    Shapes: absent, null, and empty texts, lists and objects are none; zero and false are values.
    """
    value = event
    for key in field.split("."):
        if not isinstance(value, dict):
            return False
        value = cast("dict[str, Any]", value).get(key)
    return value is not None and value not in ("", [], {})
