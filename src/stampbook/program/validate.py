"""Validate: all that a definition says and cannot mean, at once."""

from stampbook.core.definition import Definition
from stampbook.program import checks
from stampbook.program.problems import Flaw


def validate(definition: Definition) -> tuple[Flaw, ...]:
    """Give every flaw of a definition whose keys and types are right; none means it can be used."""
    return tuple(flaw for check in checks.catalogue() for flaw in check(definition))
