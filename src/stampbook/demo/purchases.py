"""The purchases of CDNOW, an on-line music shop, from January 1997 to June 1998."""

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from itertools import groupby

from msgspec import Struct

DATA_FILE = "cdnow.csv.gz"
SAMPLE_OF = 10
"""One customer in so many takes part, unless all do."""


class Purchase(Struct, frozen=True):
    """One line of the data: what a customer bought on a day. Units: amount in USD."""

    order_id: str
    customer: str
    day: date
    quantity: int
    amount: str


def purchases(*, everybody: bool) -> list[Purchase]:
    """Give the purchases of one customer in ten, or of all, by day; the line makes the order id."""
    found: list[Purchase] = []
    packed = (files("stampbook.demo") / DATA_FILE).open("rb")
    with packed, gzip.open(packed, "rt", encoding="ascii", newline="") as text:
        for line, row in enumerate(csv.DictReader(text), start=1):
            if not everybody and int(row["customer_id"]) % SAMPLE_OF:
                continue
            found.append(
                Purchase(
                    order_id=f"cdnow-{line:05d}",
                    customer=row["customer_id"],
                    day=date.fromisoformat(row["date"]),
                    quantity=int(row["quantity"]),
                    amount=row["amount_usd"],
                )
            )
    return sorted(found, key=lambda purchase: (purchase.day, purchase.order_id))


def by_day(found: list[Purchase]) -> Iterator[tuple[date, list[Purchase]]]:
    """Give the purchases of each day that has some, in order."""
    for day, group in groupby(found, key=lambda purchase: purchase.day):
        yield day, list(group)
