"""Import run: rows become commands, and the engine's answers become a report.

Shapes: rows are taken in chunks; while the engine decides one, the next is read and looked up. A
member_id and an order_id stand for one record for ever, so a row that was imported before is found
by its own key, whatever file it stood in and however that import ended. It needs no idempotency
key, whose outcome would also keep a row refused after its cause is gone.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Any

from msgspec import Struct

from stampbook.commands import Command
from stampbook.connectors.csv_import import Rejection, Row, RowReader
from stampbook.connectors.import_kinds import ImportKind
from stampbook.core.refusals import Refused
from stampbook.engine.queue import QueueFullError
from stampbook.engine.submission import Done, Failed, Outcome, Rejected, Submission, Unavailable
from stampbook.engine.writer import Engine
from stampbook.values.ids import ProgramId

PRINCIPAL = "import"
FAILED = "engine.failed"
FULL_SECONDS = 0.05
"""How long to wait for room in the engine's queue before asking again."""
FULL_TRIES_MAX = 400
CHUNK_ROWS = 256
"""Two chunks are in flight at the most, which the engine puts together into few batches."""


class ImportStoppedError(Exception):
    """The engine cannot go on; the rows before are imported, and the rest may be asked again."""


class Answer(Struct, frozen=True):
    """What became of a row: the outcome of its command, None when it said nothing new."""

    row: Row
    found: Done | Rejection | None


class Asked(Struct, frozen=True, eq=False):
    """A row on its way: None needs no answer, because the record is there and says the same."""

    row: Row
    command: Command | None
    answer: Future[Outcome] | Rejection | None
    repeats: bool = False
    """The same command stands in the file before; this row has its answer."""


class Importer:
    """Imports rows of one kind into one program."""

    def __init__(
        self,
        engine: Engine,
        program_id: ProgramId,
        kind: ImportKind,
        reader: RowReader,
        *,
        cause: str,
        webhooks: bool = True,
        dry_run: bool = False,
    ) -> None:
        self._engine = engine
        self._program_id = program_id
        self._kind = kind
        self._reader = reader
        self._cause = cause
        self._webhooks = webhooks
        self._dry_run = dry_run

    def run(self, rows: Iterable[Row], wants_to_stop: Callable[[], bool]) -> Iterator[list[Answer]]:
        """Import rows and give their answers in order, up to the end or until it is to stop.

        Errors: ImportStoppedError; what was given before is done.
        """
        rest, before = iter(rows), list[Asked]()
        while chunk := list(islice(rest, CHUNK_ROWS)):
            after = self._ask(chunk, before)
            yield self._answers(before)
            before = after
            if wants_to_stop():
                break
        yield self._answers(before)

    def _ask(self, chunk: Sequence[Row], before: Sequence[Asked]) -> list[Asked]:
        """Ask the engine for what a chunk says and nobody has said before."""
        commands = [self._reader.command(row) for row in chunk]
        known = self._known([self._kind.key(one) for one in commands if isinstance(one, Command)])
        pending = {self._kind.key(one.command): one for one in before if one.command is not None}
        asked: list[Asked] = []
        for row, command in zip(chunk, commands, strict=True):
            if isinstance(command, Rejection):
                asked.append(Asked(row, None, command))
                continue
            key = self._kind.key(command)
            earlier = pending.get(key)
            if key in known:
                one = Asked(row, None, self._compare(command, known[key]))
            elif earlier is not None and earlier.command == command:
                one = Asked(row, command, earlier.answer, repeats=True)
            else:
                one = pending[key] = Asked(row, command, self._submit(command))
            asked.append(one)
        return asked

    def _known(self, keys: Sequence[str]) -> Mapping[str, Any]:
        if not keys:
            return {}
        with self._engine.backend.read() as unit:
            return self._kind.stored(unit, self._program_id, keys)

    def _compare(self, command: Command, record: Any) -> Rejection | None:
        """Give None for a record that says the same, or why the row cannot be imported."""
        differing = self._kind.differences(command, record)
        if not differing:
            return None
        taken = self._kind.taken
        return Rejection(
            code=taken.code,
            reason=f"{taken.meaning} It differs in {', '.join(differing)}.",
            remedy=taken.remedy,
        )

    def _submit(self, command: Command) -> Future[Outcome]:
        submission = Submission(
            program_id=self._program_id,
            command=command,
            principal=PRINCIPAL,
            cause=self._cause,
            webhooks=self._webhooks,
            dry_run=self._dry_run,
        )
        for _ in range(FULL_TRIES_MAX):
            try:
                return self._engine.submit(submission)
            except QueueFullError:  # others are being served: imports can wait
                time.sleep(FULL_SECONDS)
        raise ImportStoppedError("the engine takes no more")

    def _answers(self, asked: Iterable[Asked]) -> list[Answer]:
        return [Answer(one.row, self._answer(one)) for one in asked]

    def _answer(self, asked: Asked) -> Done | Rejection | None:
        if not isinstance(asked.answer, Future):
            return asked.answer
        match asked.answer.result():
            case Done() as done:
                return None if asked.repeats else done
            case Rejected(refused=refused):
                return self._refused(asked, refused)
            case Failed(detail=detail):
                return Rejection(code=FAILED, reason=detail, remedy="Read the log; report the bug.")
            case Unavailable(detail=detail):
                raise ImportStoppedError(detail)

    def _refused(self, asked: Asked, refused: Refused) -> Rejection | None:
        if refused.code == self._kind.taken.code and asked.command is not None:
            # another row, or somebody else, was quicker with the same key
            key = self._kind.key(asked.command)
            known = self._known([key])
            if key in known:
                return self._compare(asked.command, known[key])
        return Rejection(code=refused.code, reason=refused.detail, remedy=refused.remedy)
