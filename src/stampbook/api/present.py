"""Present: records as they are at the program's now, whether or not the clockwork has run.

A reader loads what a command would load, without locks, and settles it in a draft that is dropped.
Source: contract section 2, "reading a balance never depends on a sweep"; decisions/0003.
"""

from stampbook.api.problem import RefusedError
from stampbook.commands import Needs
from stampbook.core.book import Book
from stampbook.core.definition import Definition
from stampbook.core.draft import Draft, Program
from stampbook.core.due import settle
from stampbook.core.refusals import MEMBER_NOT_FOUND, refuse
from stampbook.engine.writer import Engine
from stampbook.store.asked import together
from stampbook.store.backend import Unit
from stampbook.store.load import load
from stampbook.store.opening import open_batch
from stampbook.store.reading.located import LocatedKind, key_of_member, locate
from stampbook.values.ids import CommandId, ProgramId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.uuids import id_of

NOBODY = CommandId("f" * 18 + "0" * 6)
"""The command of drafts that are dropped: the ids that it makes are seen by nobody."""

CLOCK = "SELECT now_ms, target_ms, version FROM program WHERE id = ?"


class Present:
    """A program's present in one snapshot."""

    def __init__(self, engine: Engine, unit: Unit, program_id: ProgramId) -> None:
        self.unit = unit
        self.program_id = program_id
        self._engine = engine
        [(self.test_ms, self.target_ms, self.version)] = unit.rows(CLOCK, (program_id,))
        self.now: Instant = from_ms(engine.clock.now_ms(program_id, self.test_ms))

    @property
    def program(self) -> Program:
        """The program with the definition in force."""
        return self._engine.programs.program(self.unit, self.program_id, self.version)

    def definition(self, version: int) -> Definition:
        """Give a version of the program's definition."""
        return self._engine.programs.definition(self.unit, self.program_id, version)

    def draft(self, needs: Needs) -> Draft:
        """Give a draft of what a command with these needs would see, its members settled."""
        asked = together((needs,))
        opening = open_batch(self.unit, self.program_id, asked)
        assert opening is not None, "a key belongs to a program"
        state = load(self.unit, opening, asked, self._engine.programs, lock=False).state
        draft = Draft(state, now=self.now, command_id=NOBODY, cause="reading", secret=bytes)
        for member in list(state.books):
            settle(draft, draft.book(member))
        return draft

    def stock(self, rewards: tuple[str, ...]) -> Draft:
        """Give a draft that knows how often rewards were redeemed."""
        return self.draft(Needs(rewards=rewards))

    def key(self, kind: LocatedKind, key: str) -> str:
        """Give the key of an order or a coupon that may be asked for by the UUID of ours."""
        own = id_of(key)
        if own is None:
            return key
        found = locate(self.unit, self.program_id, own, self.program.definition)
        return found.key if found is not None and found.kind == kind else key

    def known(self, member_id: str, rewards: tuple[str, ...] = ()) -> tuple[Draft, Book]:
        """Give a member's settled book, and what a redemption of the rewards would see.

        Shapes: a member is named by the merchant's key, or by the UUID of our id.

        Errors: RefusedError `member.not_found`.
        """
        own = id_of(member_id)  # a UUID from a webhook
        if own is not None:
            member_id = key_of_member(self.unit, self.program_id, own) or member_id
        draft = self.draft(Needs(members=(member_id,), rewards=rewards))
        book = draft.book_of(member_id)
        if book is None:
            raise RefusedError(refuse(MEMBER_NOT_FOUND, field="member_id", wanted=member_id))
        return draft, book
