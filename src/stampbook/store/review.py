"""Review: set when members have something due, after a change of the rules or a failure."""

from stampbook.commands import Needs
from stampbook.core.due import next_due
from stampbook.store.admin import REVIEW
from stampbook.store.asked import together
from stampbook.store.backend import Unit
from stampbook.store.load import load
from stampbook.store.opening import open_batch
from stampbook.store.programs import Programs
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import optional_ms

MARKED = "SELECT id FROM member WHERE program_id = ? AND due_at_ms = ? ORDER BY id LIMIT ?"
SET_DUE = "UPDATE member SET due_at_ms = ? WHERE program_id = ? AND id = ? AND due_at_ms = ?"

EARLIEST = (
    "SELECT id FROM member WHERE program_id = ? AND due_at_ms > 0 ORDER BY due_at_ms, id LIMIT 1"
)
SET_ASIDE = "UPDATE member SET due_at_ms = ? WHERE program_id = ? AND id = ?"


def review(unit: Unit, programs: Programs, program_id: ProgramId, limit: int) -> int:
    """Look at some of the members that a change of the rules has marked; gives how many."""
    marked = tuple(row[0] for row in unit.rows(MARKED, (program_id, REVIEW, limit)))
    asked = together([Needs(ids=marked)])
    opening = open_batch(unit, program_id, asked) if marked else None
    if opening is None:
        return 0
    state = load(unit, opening, asked, programs).state
    found = {member: next_due(book, state.program) for member, book in state.books.items()}
    unit.many(
        SET_DUE, [(optional_ms(found.get(each)), program_id, each, REVIEW) for each in marked]
    )
    return len(marked)


def set_aside(unit: Unit, program_id: ProgramId, until_ms: int) -> MemberId | None:
    """Let the member whose work is due first wait, because it breaks; gives who it is."""
    for (member,) in unit.rows(EARLIEST, (program_id,)):
        unit.run(SET_ASIDE, (until_ms, program_id, member))
        return member
    return None
