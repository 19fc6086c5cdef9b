"""Import reports: how an import went, and where an interrupted one goes on."""

from collections.abc import Iterable

from msgspec import Struct

from stampbook.connectors.csv_import import Rejection
from stampbook.connectors.import_kinds import KindName
from stampbook.connectors.import_run import Answer
from stampbook.engine.submission import Done
from stampbook.store.backend import Backend
from stampbook.values.ids import ProgramId
from stampbook.values.json import decode, encode_text

COLUMNS = ("program_id", "id", "kind", "file_hash", "done_rows", "body")
FIND = "SELECT body FROM import_run WHERE program_id = ? AND id = ?"


class ImportReport(Struct, kw_only=True):
    """What became of the rows of a file.

    Shapes: `rows` is the sum of the three counts below it; those of an interrupted import go on
    counting when it is resumed. Not `finished` means that rows are left.
    """

    rows: int = 0
    imported: int = 0
    already_there: int = 0
    """Said before, in the program or in the same file."""
    rejected: int = 0
    finished: bool = False

    def count(self, answers: Iterable[Answer]) -> None:
        """Count what became of some rows."""
        for answer in answers:
            self.rows += 1
            match answer.found:
                case None:
                    self.already_there += 1
                case Done():
                    self.imported += 1
                case Rejection():
                    self.rejected += 1


class ImportLog:
    """Where the import of one file into one program is written down."""

    def __init__(
        self, backend: Backend, program_id: ProgramId, kind: KindName, file_hash: str
    ) -> None:
        self._backend = backend
        self._key = (program_id, f"{kind}-{file_hash}")
        self._row = (kind, file_hash)

    def resumed(self) -> ImportReport:
        """Give the report of an import that was interrupted, or an empty one."""
        with self._backend.read() as unit:
            for (body,) in unit.rows(FIND, self._key):
                report = decode(body, ImportReport)
                if not report.finished:
                    return report
        return ImportReport()

    def write(self, report: ImportReport) -> None:
        """Write down how far the import is."""
        row = (*self._key, *self._row, report.rows, encode_text(report))
        with self._backend.transaction() as unit:
            unit.upsert("import_run", COLUMNS, [row], ("program_id", "id"))
