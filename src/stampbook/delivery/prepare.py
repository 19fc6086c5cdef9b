"""Prepare: from a lease to the request that goes over the wire.

An endpoint may want only events that say certain things. What an event says depends on its
dialect, so it is looked at as it would be sent; an event that says too little is skipped, and the
others of its request go without it.
"""

from typing import Any, cast

from msgspec import Struct

from stampbook.core.lease import Leased
from stampbook.delivery.call import Request
from stampbook.delivery.secrets import Vault
from stampbook.dialects import Dialect, StoredFact, catalogue
from stampbook.values.instants import Instant
from stampbook.values.json import decode

CONTENT_TYPE = ("content-type", "application/json")


class Prepared(Struct, frozen=True):
    """What is sent, None when nothing is; and the deliveries that are skipped."""

    request: Request | None
    skipped: frozenset[str] = frozenset()


def prepare(leased: Leased, vault: Vault, now: Instant) -> Prepared:
    """Render a lease in its endpoint's dialect and sign it.

    Units: `now` is the real time of the try; it is signed, and a receiver refuses an old one.
    Errors: SecretsUnreadableError; KeyError for a dialect that is no longer there; whatever a
    dialect raises for a fact that it cannot render.
    """
    dialect = catalogue()[leased.dialect]
    facts, skipped = leased.facts, frozenset[str]()
    if leased.only_with:
        said = [_says(dialect, leased, fact) for fact in leased.facts]
        facts = tuple(fact for fact, is_said in zip(leased.facts, said, strict=True) if is_said)
        skipped = frozenset(
            id_ for id_, is_said in zip(leased.delivery_ids, said, strict=True) if not is_said
        )
    if not facts:
        return Prepared(None, skipped)
    letter = dialect.render(facts, leased.request_id, leased.business)
    signed = dialect.sign(letter, vault.open(leased.secrets), leased.request_id, now)
    headers = (CONTENT_TYPE, *signed.items())
    return Prepared(Request(url=leased.url, headers=headers, body=letter.body), skipped)


def _says(dialect: Dialect, leased: Leased, fact: StoredFact) -> bool:
    """Tell whether an event has a value in every field that its endpoint asks for."""
    letter = dialect.render((fact,), leased.request_id, leased.business)
    event = dialect.event(decode(letter.body, dict[str, Any]))
    return all(has_value(event, field) for field in leased.only_with)


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
