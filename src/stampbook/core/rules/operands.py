"""Operands: how a condition's value is read once, and how what was found compares with it.

Shapes: texts compare without regard to case and outer blanks, because people type tags, codes and
categories. A number and a text compare as numbers where the text is one, so 12.5 and "12.50" are
equal; two texts compare as texts, so "007" is not "7". Truth values equal only each other.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, cast

from msgspec import Struct

from stampbook.values.money import to_decimal

AttributeType = Literal["text", "number", "moment", "texts", "any"]
"""`moment` is a day or an instant; `texts` are several, such as tags; `any` is not known before."""

NUMBERS_OR_TEXTS = (int, float, str)
LISTS = (list, tuple)
"""Kinds of values, put together once: conditions ask often."""

CHOICES_MAX = 1000
"""Units: values of one condition."""

Side = Literal[-1, 0, 1]


def fold(found: Any) -> str:
    """Give the spelling in which texts are compared."""
    return str(found).strip().casefold()


def number_in(found: Any) -> Decimal | None:
    """Read a number or a text that is one; a truth value is no number."""
    return to_decimal(found) if isinstance(found, NUMBERS_OR_TEXTS) else None


def moment_in(found: Any) -> datetime | None:
    """Read an ISO 8601 day or instant; a day is its first moment, and no zone means UTC."""
    if not isinstance(found, str):
        return None
    try:
        moment = datetime.fromisoformat(found.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def list_in(found: Any) -> list[Any] | tuple[Any, ...] | None:
    """Give a list as it is, and None for everything else."""
    return cast("list[Any] | tuple[Any, ...]", found) if isinstance(found, LISTS) else None


class Choice(Struct, frozen=True, kw_only=True):
    """Values that something found may equal."""

    texts: frozenset[str]
    numbers: frozenset[Decimal]
    numerals: frozenset[Decimal]
    """The texts that are numbers: only a found number equals them."""
    flags: frozenset[bool]

    def has(self, found: Any) -> bool:
        """Say whether one of the values equals what was found."""
        if isinstance(found, str):
            if found.strip().casefold() in self.texts:
                return True
            return bool(self.numbers) and number_in(found) in self.numbers
        if isinstance(found, bool):
            return found in self.flags
        number = number_in(found)
        return number is not None and (number in self.numbers or number in self.numerals)

    def all_in(self, found: tuple[Any, ...]) -> bool:
        """Say whether each of the values is among what was found."""
        numbers = {number_in(item) for item in found}
        plain = {number_in(item) for item in found if not isinstance(item, str)}
        texts = {fold(item) for item in found if isinstance(item, str)}
        flags = {item for item in found if isinstance(item, bool)}
        written = all(
            text in texts or ((number := number_in(text)) is not None and number in plain)
            for text in self.texts
        )
        return written and self.numbers <= numbers and self.flags <= flags


class Bound(Struct, frozen=True):
    """A number or a moment that what was found lies below, on or above."""

    limit: Decimal | datetime

    def side(self, found: Any) -> Side | None:
        """Give on which side of the bound it lies; None when the two do not compare."""
        limit = self.limit
        if isinstance(limit, Decimal):
            number = number_in(found)
            return None if number is None else _sign(number > limit, number < limit)
        moment = moment_in(found)
        return None if moment is None else _sign(moment > limit, moment < limit)


class Operand(Struct, frozen=True, kw_only=True):
    """What an operator wants as its value.

    Shapes: `read` gives None when the value does not fit; `suits` are the attribute types that
    the operator makes sense for.
    """

    words: str
    read: Callable[[Any], Any]
    suits: frozenset[AttributeType]


def _sign(above: bool, below: bool) -> Side:  # noqa: FBT001 - a pair of comparisons
    return 1 if above else -1 if below else 0


def _is_scalar(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and bool(value.strip()))


def _choice(values: Any) -> Choice | None:
    wanted = list_in(values) or ()
    if not 0 < len(wanted) <= CHOICES_MAX or not all(map(_is_scalar, wanted)):
        return None
    texts = [value for value in wanted if isinstance(value, str)]
    plain = [value for value in wanted if not isinstance(value, bool | str)]
    return Choice(
        texts=frozenset(map(fold, texts)),
        numbers=frozenset(n for value in plain if (n := number_in(value)) is not None),
        numerals=frozenset(n for value in texts if (n := number_in(value)) is not None),
        flags=frozenset(value for value in wanted if isinstance(value, bool)),
    )


def _bound(value: Any) -> Bound | None:
    number = number_in(value)
    limit = moment_in(value) if number is None else number
    return None if limit is None else Bound(limit)


def _bounds(value: Any) -> tuple[Bound, Bound] | None:
    match value:
        case [low, high]:
            lower, upper = _bound(low), _bound(high)
        case _:
            return None
    if lower is None or upper is None or lower.side(high) not in {0, 1}:
        return None
    return lower, upper


def _text(value: Any) -> str | None:
    return fold(value) if isinstance(value, str) and value.strip() else None


NOTHING = Operand(
    words="no value",
    read=lambda value: True if value is None else None,
    suits=frozenset({"text", "number", "moment", "texts", "any"}),
)
SCALAR = Operand(
    words="one text, number or truth value",
    read=lambda value: _choice([value]),
    suits=frozenset({"text", "number", "texts", "any"}),
)
ONE_OF_SEVERAL = Operand(
    words=f"a list of 1 to {CHOICES_MAX} texts, numbers or truth values",
    read=_choice,
    suits=frozenset({"text", "number", "texts", "any"}),
)
SEVERAL = Operand(
    words=f"a list of 1 to {CHOICES_MAX} texts, numbers or truth values",
    read=_choice,
    suits=frozenset({"texts", "any"}),
)
ORDERED = Operand(
    words="a number, or a day or instant such as 2030-12-31",
    read=_bound,
    suits=frozenset({"number", "moment", "any"}),
)
RANGE = Operand(
    words="a list of two numbers or two days, the lower first",
    read=_bounds,
    suits=frozenset({"number", "moment", "any"}),
)
TEXT = Operand(words="a text", read=_text, suits=frozenset({"text", "texts", "any"}))
