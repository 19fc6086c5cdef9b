"""Traces: which trace a cause belongs to, kept beside the facts for whoever delivers them.

Shapes: filled only while requests are traced, and for a week: see core/retention.py.
"""

from collections.abc import Collection, Mapping

from stampbook.store.backend import Unit
from stampbook.values.ids import ProgramId

COLUMNS = ("program_id", "cause", "context")
KEY = ("program_id", "cause")
CONTEXTS = "SELECT cause, context FROM trace WHERE program_id = ? AND cause IN (?*)"


def keep_traces(unit: Unit, program_id: ProgramId, contexts: Mapping[str, str]) -> None:
    """Keep the contexts of causes, each as a `traceparent`."""
    rows = [(program_id, cause, context) for cause, context in sorted(contexts.items())]
    unit.upsert("trace", COLUMNS, rows, KEY)


def traces_of(unit: Unit, program_id: ProgramId, causes: Collection[str]) -> dict[str, str]:
    """Give the contexts of those causes that are traced."""
    return dict(unit.rows(CONTEXTS, (program_id, sorted(causes))))
