"""Nector: one flat object for each fact, with who speaks and whom it is about on every one.

Source: contract section 4; the vendor's page of event details.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from stampbook.dialects import Dialect, Letter, StoredFact
from stampbook.facts import FactType, catalogue
from stampbook.nouns.business import Business, nector_business
from stampbook.values.ids import RequestId
from stampbook.values.instants import Instant, to_ms
from stampbook.values.json import decode, encode
from stampbook.values.marks import Defined, Own, Written
from stampbook.values.signatures import (
    KEYS_KEPT,
    WEBHOOK_TIMESTAMP,
    newest_shared,
    sign_webhook,
)
from stampbook.values.uuids import defined_id, uuid_of

MS_PER_SECOND = 1000
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NOON = 12
TEENS = range(11, 14)
ENDINGS = {1: "st", 2: "nd", 3: "rd"}

Spelling = Callable[[Any, StoredFact, Business], Any]


def event_types(fact: FactType) -> tuple[str, ...]:
    """Give the vendor's topics of a fact; none when it has no word for it."""
    return () if fact.nector is None else fact.nector.event_types


def render(facts: Sequence[StoredFact], request_id: RequestId, business: Business | None) -> Letter:
    """Give the body of one fact; its topic and the id of the delivery travel as headers.

    Shapes: what is unset, null or false is an empty text.
    """
    assert request_id, "a request has an id"
    assert business is not None, "the vendor's events name the business"
    (fact,) = facts
    kind = catalogue()[fact.type]
    assert kind.nector is not None, "a fact without a word is never given to the dialect"
    data = decode(fact.body, kind.data)
    words = {**nector_business(business), **kind.nector.data(data)}
    body = {key: _spelled(value, fact, business) for key, value in words.items()}
    return Letter(kind.nector.type_of(data), encode(body))


def sign(
    letter: Letter, secrets: Sequence[str], request_id: RequestId, at: Instant
) -> dict[str, str]:
    """Give the vendor's headers and those of Standard Webhooks.

    Shapes: the vendor's key is the newest secret as its subscriber reads it, `whsec_` included;
    its digest, which never changes, names the secret and proves nothing.
    Units: both timestamps are seconds since 1970.
    """
    keyed, named = _keyed(newest_shared(secrets))
    mac = keyed.copy()
    mac.update(letter.body)
    standard = sign_webhook(letter.body, secrets, request_id, at)
    return {
        "x-nector-topic": letter.event_type,
        "x-nector-delivery-id": uuid_of(request_id),
        "x-nector-timestamp": standard[WEBHOOK_TIMESTAMP],
        "x-nector-webhook-hmac-algo": "sha256",
        "x-nector-webhook-hmac": mac.hexdigest(),
        "x-nector-webhook-secret-algo": "sha256",
        "x-nector-webhook-secret": named,
        **standard,
    }


@lru_cache(KEYS_KEPT)
def _keyed(secret: str) -> tuple[hmac.HMAC, str]:
    key = secret.encode()
    return hmac.new(key, digestmod="sha256"), hashlib.sha256(key).hexdigest()


def spell(moment: datetime) -> str:
    """Spell an instant: ISO 8601 in UTC with milliseconds."""
    utc = moment.astimezone(UTC)
    ms = to_ms(utc) % MS_PER_SECOND
    return (
        f"{utc.year:04}-{utc.month:02}-{utc.day:02}"
        f"T{utc.hour:02}:{utc.minute:02}:{utc.second:02}.{ms:03}Z"
    )


def write(moment: datetime) -> str:
    """Spell an instant as a person reads it: the month's name, an ordinal day, twelve hours."""
    utc = moment.astimezone(UTC)
    ending = "th" if utc.day in TEENS else ENDINGS.get(utc.day % 10, "th")
    half = "am" if utc.hour < NOON else "pm"
    return (
        f"{MONTHS[utc.month - 1]} {utc.day}{ending} {utc.year:04}, "
        f"{utc.hour % NOON or NOON}:{utc.minute:02}:{utc.second:02} {half}"
    )


def _spelled(value: Any, fact: StoredFact, business: Business) -> Any:
    spelling = _SPELLINGS.get(value.__class__)
    return value if spelling is None else spelling(value, fact, business)


def _own(own: Own, fact: StoredFact, _: Business) -> str:
    return uuid_of(fact.id) if own is Own.ID else spell(fact.occurred_at)


def _defined(defined: Defined, _: StoredFact, business: Business) -> str:
    return uuid_of(defined_id(business.program_id, defined.kind, defined.key))


_SPELLINGS: dict[type, Spelling] = {
    type(None): lambda _value, _fact, _business: "",
    bool: lambda value, _fact, _business: value or "",
    datetime: lambda value, _fact, _business: spell(value),
    Written: lambda value, _fact, _business: write(value.at),
    Own: _own,
    Defined: _defined,
}
"""By exact type: a number is never mistaken for a flag."""


DIALECT = Dialect(
    title="Nector",
    batch_size=1,
    names_business=True,
    shares_secret=True,
    event_types=event_types,
    render=render,
    sign=sign,
)
