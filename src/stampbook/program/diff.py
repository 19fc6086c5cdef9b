"""Differences: what a new definition changes, in words that a manager understands."""

from collections.abc import Iterator
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.definition import Condition, Definition, Rule
from stampbook.core.rules.conditions import catalogue
from stampbook.core.rules.operands import CHOICES_MAX
from stampbook.core.rules.words import condition_words, effect_words, spell
from stampbook.program.version import said_fields

NAMED = {
    "activities": "activity",
    "rewards": "reward",
    "levels": "tier",
    "rules": "rule",
    "coupons": "coupon",
    "campaigns": "campaign",
}
"""Lists whose items have a name of their own, and what one item is called."""


class Change(Struct, frozen=True, kw_only=True):
    """One change.

    Shapes: `path` names items by id, as in `activities.review.caps`; `subject` says the same in
    words; `before` None is something new, `after` None something taken away.
    """

    path: str
    subject: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Give the change as a sentence."""
        if self.before is None:
            return f"{self.subject}: new, {self.after}."
        if self.after is None:
            return f"{self.subject}: removed, was {self.before}."
        return f"{self.subject}: {self.after}, was {self.before}."


class Place(Struct, frozen=True):
    """Where a change is: its path, and the words for it."""

    path: str = ""
    words: str = ""

    def inner(self, step: str, words: str) -> "Place":
        """Give a place within this one."""
        path = f"{self.path}.{step}" if self.path else step
        return Place(
            path, f"{self.words}, {words}" if self.words else words[:1].upper() + words[1:]
        )


def difference(old: Definition | None, new: Definition) -> tuple[Change, ...]:
    """Give what a new definition changes; of a first one, everything that it sets.

    Shapes: no change means that the two say the same.
    """
    if old is None:
        changes = _records(Definition(name=""), new, Place())
        return tuple(replace(change, before=None) for change in changes)
    return tuple(_records(old, new, Place()))


def _records(old: Struct, new: Struct, place: Place) -> Iterator[Change]:
    for field in new.__struct_fields__:
        before, after = getattr(old, field), getattr(new, field)
        if before == after:
            continue
        inner = place.inner(field, field.replace("_", " "))
        if field in NAMED:
            yield from _lists(before, after, place, field)
        elif isinstance(before, Struct) and type(before) is type(after):
            yield from _records(before, after, inner)
        else:
            yield _change(inner, _words(before), _words(after))


def _lists(
    old: tuple[Struct, ...], new: tuple[Struct, ...], place: Place, field: str
) -> Iterator[Change]:
    before = {_identity(item): item for item in old}
    after = {_identity(item): item for item in new}
    outer = place.inner(field, field)
    for key in {**after, **before}:
        known, item = before.get(key), after.get(key)
        named = cast("Any", item or known).name
        inner = Place(outer.path, place.words).inner(key, f"{NAMED[field]} “{named}”")
        if known is None and item is not None:
            yield _change(inner, None, _words(item))
        elif item is None and known is not None:
            yield _change(inner, _words(known), None)
        elif known is not None and item is not None:
            yield from _records(known, item, inner)
    kept = [key for key in before if key in after]
    order = [key for key in after if key in before]
    if kept != order:
        yield _change(outer.inner("order", "order"), ", ".join(kept), ", ".join(order))


def _identity(item: Any) -> str:
    return item.name if isinstance(item, Rule) else item.id


def _change(place: Place, before: str | None, after: str | None) -> Change:
    return Change(path=place.path, subject=place.words, before=before, after=after)


def _words(value: Any) -> str:
    match value:
        case bool():
            words = "yes" if value else "no"
        case Condition() if value.operator in catalogue():
            words = condition_words(value, listed_max=CHOICES_MAX)
        case Rule():
            when = f" when {value.match} of: {_words(value.conditions)}" if value.conditions else ""
            words = f"{effect_words(value)}{when}"
        case Struct():
            words = _pairs(said_fields(value)) or "as standard"
        case dict():
            words = _pairs(cast("dict[str, Any]", value)) or "not set"
        case tuple():
            words = "; ".join(map(_words, cast("tuple[Any, ...]", value))) or "not set"
        case _:
            words = "not set" if value in {None, ""} else spell(value)
    return words


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {_part(item)}" for key, item in values.items())


def _part(value: Any) -> str:
    words = _words(value)
    return f"({words})" if isinstance(value, Struct | tuple | dict) and value else words
