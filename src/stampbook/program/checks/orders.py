"""Orders: rates are of other currencies, a word means one thing, and links say which order."""

from collections.abc import Iterator

from stampbook.core.definition import Definition
from stampbook.core.rules.operands import fold
from stampbook.program.currencies import CURRENCIES
from stampbook.program.problems import Flaw, choose_from

ORDER = "{order_id}"
EXCLUSIVE = (("earn_when", "cancel_when"), ("earn_when", "refund_when"), ("earn_when", "skip_tags"))
"""Settings of which no word may mean both."""


def _check(definition: Definition) -> Iterator[Flaw]:
    settings = definition.orders
    for currency in settings.rates:
        path = ("orders", "rates", currency)
        if currency == definition.currency:
            yield Flaw(path, "is the program's own currency.", "Remove its rate: it is 1.")
        elif currency not in CURRENCIES:
            remedy = choose_from(currency, CURRENCIES)
            yield Flaw(path, f"{currency} is no currency of ISO 4217.", remedy)
    for first, second in EXCLUSIVE:
        known = {fold(word) for word in getattr(settings, first)}
        for index, word in enumerate(getattr(settings, second)):
            if fold(word) in known:
                yield Flaw(
                    ("orders", second, index),
                    f"{word} is in {first} too.",
                    "Keep it where it belongs.",
                )
    link = settings.link
    if link is not None and ORDER not in link:
        yield Flaw(("orders", "link"), f"has no {ORDER}.", f"Write {ORDER} where the id belongs.")
    if link is not None and not link.startswith(("https://", "http://")):
        yield Flaw(("orders", "link"), "is no web address.", "Begin it with https://.")


CHECK = _check
