"""Blanking: secrets of stored facts that have had their time, such as one-time passwords."""

from collections.abc import Collection

from msgspec.structs import replace

from stampbook.facts import catalogue
from stampbook.store.backend import Unit
from stampbook.store.sql import keyed
from stampbook.values.ids import FactId, ProgramId
from stampbook.values.json import decode, encode_text

FACTS = ("id, type, body", "fact", "id")
SET_BODY = "UPDATE fact SET body = ? WHERE program_id = ? AND id = ?"


def blank(unit: Unit, program_id: ProgramId, facts: Collection[FactId]) -> None:
    """Blank the secrets of facts; they are otherwise what they were."""
    if not facts:
        return
    rows = unit.rows(keyed(unit.dialect, *FACTS), (program_id, sorted(facts)))
    blanked: list[tuple[str, str, str]] = []
    for fact_id, kind, body in rows:
        if not body:  # it has had its time
            continue
        fact = catalogue()[kind]
        data = replace(decode(body, fact.data), **dict.fromkeys(fact.secrets, ""))
        blanked.append((encode_text(data), program_id, fact_id))
    unit.many(SET_BODY, blanked)
