"""The pure core held in memory: one state with everything in it, and every change ever made.

No store, no engine: a command is decided in a draft, and the draft is merged.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from stampbook.commands import Command, decide
from stampbook.commands.run_due import DueRan, RunDue
from stampbook.core.book import Book
from stampbook.core.campaign_history import DefinitionVersion, histories
from stampbook.core.definition import Definition
from stampbook.core.draft import Changes, Draft, Program, State
from stampbook.core.due import next_due, settle
from stampbook.core.refusals import Refused
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import CommandId, CommandIds, MemberId, ProgramId
from stampbook.values.instants import to_ms

PROCESS = 7


class Harness:
    """A program in memory. Shapes: `last` is what the last command changed."""

    def __init__(
        self, definition: Definition, now: datetime, pools: dict[str, int] | None = None
    ) -> None:
        self.now = now
        self.versions = [DefinitionVersion(1, now, definition)]
        self.state = State(
            Program(
                id=ProgramId("0" * 24),
                created_at=now,
                version=1,
                definition=definition,
                campaigns=histories(self.versions),
            )
        )
        for reward_id, size in (pools or {}).items():
            self.state.codes[reward_id] = [f"{reward_id}-{n:04}" for n in range(size)]
        self.ids = CommandIds(PROCESS)
        self.everything = Changes()
        self.last = Changes()
        self._secrets = 0

    def redefine(self, definition: Definition) -> None:
        """Put another version of the rules in force."""
        program, parts = self.state.program, Definition.__struct_fields__
        version, old = program.version + 1, program.definition
        news = [part for part in parts if getattr(old, part) != getattr(definition, part)]
        others = [one.id for one in definition.activities if one not in old.activities]
        dates = dict.fromkeys(old.activity_by_id, (program.created_at, program.created_at))
        dates.update(program.activity_dates)
        dates.update((key, (dates.get(key, (self.now,))[0], self.now)) for key in others)
        self.versions.append(DefinitionVersion(version, self.now, definition))
        self.state.program = replace(
            program,
            version=version,
            definition=definition,
            changed_at={**program.changed_at, **dict.fromkeys(news, self.now)},
            activity_dates=dates,
            campaigns=histories(self.versions),
        )
        self.state.past[version] = definition

    def run(self, command: Command) -> Struct | Refused:
        """Decide a command now and keep what it changed."""
        draft = self.draft()
        result = decide(draft, command)
        self.last = draft.merge()
        self.everything.add(self.last)
        return result

    def sweep(self, limit: int = 500, members: Iterable[MemberId] | None = None) -> DueRan:
        """Run once what is due by now, of the earliest members, or of some."""
        found = self.state.books if members is None else members
        earliest = self._earliest(found)
        self.state.due = tuple(member for _, member in earliest[:limit])
        self.state.due_to = earliest[limit - 1][0] if len(earliest) >= limit else None
        result = self.run(RunDue(until=self.now, limit=limit))
        assert isinstance(result, DueRan)
        return result

    def _earliest(self, members: Iterable[MemberId]) -> list[tuple[datetime, MemberId]]:
        program = self.state.program
        due = [(next_due(self.state.books[member], program), member) for member in members]
        return sorted((at, member) for at, member in due if at is not None and at <= self.now)

    def settled(self, member_id: str) -> Book:
        """Give a member's book as a reader sees it now, whether or not a sweep has run."""
        draft = self.look()
        book = draft.book_of(member_id)
        assert book is not None
        settle(draft, book)
        return book

    def look(self) -> Draft:
        """Give a draft that nobody merges."""
        return self.draft(CommandId("f" * 18 + "0" * 6))

    def transactions_of(self, member_id: str, draft: Draft) -> list[Transaction]:
        """Give all transactions of a member, as they stand in a draft."""
        found = {
            key: one for key, one in self.state.transactions.items() if one.member_id == member_id
        }
        found.update((key, one) for key, (_, one) in draft.changes.transactions.items())
        return list(found.values())

    def draft(self, command_id: CommandId | None = None) -> Draft:
        """Give a draft over the state as it stands."""
        return Draft(
            self.state,
            now=self.now,
            command_id=command_id or self.ids.take(to_ms(self.now)),
            cause="test",
            secret=self._secret,
        )

    def _secret(self, size: int) -> bytes:
        self._secrets += 1
        return sha256(self._secrets.to_bytes(8, "big")).digest()[:size]
