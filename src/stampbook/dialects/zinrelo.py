"""Zinrelo: events of one type and one cause in a body, dates as MM/DD/YYYY HH:MM:SS in UTC.

Source: contract section 3; the vendor's page of webhook events.
"""

import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from stampbook.dialects import Dialect, Letter, StoredFact
from stampbook.facts import FactType, catalogue
from stampbook.nouns.business import Business
from stampbook.values.ids import RequestId
from stampbook.values.instants import Deadline, Instant, to_ms
from stampbook.values.json import decode, encode
from stampbook.values.signatures import KEYS_KEPT, newest_shared, sign_webhook

BATCH_SIZE = 100
"""Units: events in one body."""

SIGNATURE = "x-zinrelo-signature"
NONCE = "nonce"


def event_types(fact: FactType) -> tuple[str, ...]:
    """Give the vendor's event type of a fact; none when it has no word for it."""
    return () if fact.zinrelo is None else fact.zinrelo.event_types


def render(facts: Sequence[StoredFact], request_id: RequestId, business: Business | None) -> Letter:
    """Give the body of facts of one type and one cause.

    Shapes: an event's id is the fact's id, so it is the same on every retry. `created_date` is
    when the latest of the facts happened, on the program's clock: a retry, or a sandbox whose
    clock was moved, sends the date that real time would have sent.
    """
    del business  # the vendor's events do not name it
    word = catalogue()[facts[0].type].zinrelo
    assert word is not None, "a fact without a word is never given to the dialect"
    assert all(fact.type == facts[0].type for fact in facts), "a body has events of one type"
    body = encode(
        {
            "request_id": request_id,
            "total_count": len(facts),
            "events": [
                {
                    "id": fact.id,
                    "event_type": word.event_type,
                    "data": _dated(word.data(decode(fact.body, catalogue()[fact.type].data))),
                }
                for fact in facts
            ],
            "created_date": spell(max(fact.occurred_at for fact in facts)),
        }
    )
    return Letter(word.event_type, body)


def sign(
    letter: Letter, secrets: Sequence[str], request_id: RequestId, at: Instant
) -> dict[str, str]:
    """Give the vendor's signature and those of Standard Webhooks.

    Shapes: the vendor's key is the secret as its subscriber reads it, `whsec_` included. It has
    room for one signature, which the newest secret makes: a subscriber that reads only this one
    changes its secret when it rotates; `webhook-signature` rotates without a gap.
    Units: the nonce is milliseconds since 1970.
    """
    nonce = str(to_ms(at))
    mac = _keyed(newest_shared(secrets)).copy()
    mac.update(b"%b:%b" % (letter.body, nonce.encode()))
    return {
        NONCE: nonce,
        SIGNATURE: mac.hexdigest(),
        **sign_webhook(letter.body, secrets, request_id, at),
    }


@lru_cache(KEYS_KEPT)
def _keyed(secret: str) -> hmac.HMAC:
    return hmac.new(secret.encode(), digestmod="sha512")


def spell(moment: date) -> str:
    """Spell an instant, or a day as its midnight; parts of a second are dropped."""
    if not isinstance(moment, datetime):
        return f"{moment.month:02}/{moment.day:02}/{moment.year:04} 00:00:00"
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return (
        f"{utc.month:02}/{utc.day:02}/{utc.year:04} {utc.hour:02}:{utc.minute:02}:{utc.second:02}"
    )


def _spell_deadline(deadline: Deadline) -> str:
    """Spell an instant as the vendor spells `valid_till`: with a comma after the date."""
    return spell(deadline.at).replace(" ", ", ")


def _dated(tree: Any) -> Any:
    """Give a tree of dicts, lists and scalars with every instant and date spelled."""
    spelling = _SPELLINGS.get(tree.__class__)
    return tree if spelling is None else spelling(tree)


def _dated_dict(tree: dict[str, Any]) -> dict[str, Any]:
    return {key: _dated(value) for key, value in tree.items()}


def _dated_list(tree: Sequence[Any]) -> list[Any]:
    return [_dated(value) for value in tree]


_SPELLINGS: dict[type, Callable[[Any], Any]] = {
    dict: _dated_dict,
    list: _dated_list,
    tuple: _dated_list,
    datetime: spell,
    date: spell,
    Deadline: _spell_deadline,
}
"""By exact type, because a body has a hundred leaves and most need no spelling."""


DIALECT = Dialect(
    title="Zinrelo",
    batch_size=BATCH_SIZE,
    shares_secret=True,
    event_types=event_types,
    render=render,
    event=lambda body: body["events"][0],
    sign=sign,
)
