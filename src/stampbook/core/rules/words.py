"""Words: how attributes, values and conditions read in a sentence."""

from decimal import Decimal
from typing import Any

from stampbook.core.definition import Condition, Rule
from stampbook.core.rules import attributes, conditions, effects

LISTED_MAX = 5
"""Units: values spelled of a list; the rest is only counted."""
SPELLED_MAX = 80
"""Units: characters of one value."""


def spell_number(number: Decimal | float) -> str:
    """Spell a number without an exponent or trailing noughts after the point."""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spell(value: Any, last: str = "and", listed_max: int = LISTED_MAX) -> str:
    """Spell a value; `last` joins the last item of a list."""
    match value:
        case None | "" | [] | ():
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return spell_number(value)
        case list() | tuple():
            return _spell_list(value, last, listed_max)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            text = str(value)
            return text if len(text) <= SPELLED_MAX else f"{text[: SPELLED_MAX - 1]}…"


def attribute_words(path: str) -> str:
    """Name an attribute: `products.product_price` is the product price."""
    attribute = attributes.attribute_at(path)
    if attribute is None:
        return path
    name = attribute.name.removeprefix(attributes.CUSTOM).removeprefix("address.")
    words = name.replace("_", " ").strip()
    return f"member's {words}" if attribute.scope == "member" else words


def condition_words(
    condition: Condition, *, held: bool = True, found: str = "", listed_max: int = LISTED_MAX
) -> str:
    """Put a condition in words as it held or did not: `order subtotal (62.5) is more than 50`."""
    kind = conditions.catalogue()[condition.operator]
    words = kind.words if held else kind.words_not
    subject = attribute_words(condition.attribute)
    value = spell(condition.value, kind.joined, listed_max)
    return f"{subject}{found and f' ({found})'} {words.format(value=value)}"


def effect_words(rule: Rule) -> str:
    """Put what a rule does in words: `adds 20`."""
    return effects.catalogue()[rule.effect].words.format(value=spell_number(rule.value))


def _spell_list(values: list[Any] | tuple[Any, ...], last: str, listed_max: int) -> str:
    spelled = [spell(value) for value in values[:listed_max]]
    more = len(values) - listed_max
    if more > 0:
        return f"{', '.join(spelled)} {last} {more} more"
    return spelled[0] if len(spelled) == 1 else f"{', '.join(spelled[:-1])} {last} {spelled[-1]}"
