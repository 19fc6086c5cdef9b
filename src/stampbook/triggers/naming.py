"""Naming: a fact is asked for by its own name, or by what a vendor's webhooks call it."""

from collections.abc import Sequence

from stampbook.dialects import StoredFact
from stampbook.dialects import catalogue as dialects
from stampbook.facts import catalogue as facts
from stampbook.nouns.examples import EXAMPLE_BUSINESS
from stampbook.triggers import catalogue
from stampbook.values.ids import ID_DIGITS, RequestId

NOBODY = RequestId("0" * ID_DIGITS)


def facts_named(name: str) -> list[str]:
    """Give the facts that a name may stand for, the best first; none for an unknown name.

    Shapes: of several facts that a vendor calls the same, those come first that it usually calls
    so, and of these the ones that take the fewest steps.
    """
    if name in facts():
        return [name]
    found = {
        kind.name: words.index(name)
        for kind in facts().values()
        for words in _words(kind.name)
        if name in words
    }
    return sorted(found, key=lambda one: (found[one], *_effort(one), one))


def known_names() -> list[str]:
    """Give every name that is understood."""
    vendors = {word for name in facts() for words in _words(name) for word in words}
    return sorted(vendors | facts().keys())


def is_called(name: str, fact: StoredFact) -> bool:
    """Tell whether a fact is what a name stands for: some words depend on what happened."""
    if name in facts():
        return fact.type == name
    return any(
        name in dialect.event_types(facts()[fact.type])
        and dialect.render((fact,), NOBODY, EXAMPLE_BUSINESS).event_type == name
        for dialect in dialects().values()
    )


def _words(name: str) -> list[Sequence[str]]:
    return [dialect.event_types(facts()[name]) for dialect in dialects().values()]


def _effort(name: str) -> tuple[bool, int]:
    recipe = catalogue()[name]
    return recipe.moves_clock, len(recipe.does)
