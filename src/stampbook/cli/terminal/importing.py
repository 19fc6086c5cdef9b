"""Importing: what `import members` and `import orders` have in common."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.errors import FAILED, INTERRUPTED, CommandError, complain
from stampbook.cli.terminal.interrupts import interruptible
from stampbook.cli.terminal.opening import choose_program, definition_of, opened_engine
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.progress import progress_bar
from stampbook.connectors.csv_file import CsvFile, FileError, look_at, read_rows
from stampbook.connectors.csv_import import HeaderError, RowReader
from stampbook.connectors.import_kinds import KINDS, KindName
from stampbook.connectors.import_report import ImportLog, ImportReport
from stampbook.connectors.import_rows import import_rows
from stampbook.connectors.import_run import Importer, ImportStoppedError
from stampbook.connectors.rejected_file import RejectedFile
from stampbook.values.calendars import zone_named
from stampbook.values.json import encode

CAUSE_DIGITS = 12
"""Of the file's hash: facts of one import travel together."""


CsvPath = Annotated[Path, Parameter(help="The CSV file, in UTF-8.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """Options of every import."""

    dry_run: Annotated[
        bool,
        Parameter(help="Decide every row alone and store nothing."),
    ] = False
    no_webhooks: Annotated[bool, Parameter(help="Store the facts, and send them to nobody.")] = (
        False
    )
    rejected: Annotated[
        Path | None,
        Parameter(help="Where rejected rows are written (default: FILE with .rejected.csv)."),
    ] = None
    map: Annotated[
        tuple[str, ...],
        Parameter(help="COLUMN=FIELD: which field a column is; COLUMN= leaves it out."),
    ] = ()
    delimiter: Annotated[
        str, Parameter(help="What stands between two columns (default: a comma); \\t is a tab.")
    ] = ","
    database: DatabaseOption = None
    program: ProgramOption = None


def run_import(kind_name: KindName, path: Path, options: ImportOptions) -> int:
    """Import a file, say how it went, and give the exit code: 1 when a row was rejected.

    Errors: CommandError for a file that cannot be imported, or an engine that cannot go on.
    """
    try:
        file = look_at(path, options.delimiter.replace(r"\t", "\t"))
        with opened_engine(options.database) as engine:
            program = choose_program(engine.backend, options.program)
            reader = RowReader(
                KINDS[kind_name].command,
                file.header,
                renamed=_renamed(options.map),
                zone=zone_named(definition_of(engine.backend, program).time_zone),
            )
            importer = Importer(
                engine,
                program.id,
                KINDS[kind_name],
                reader,
                cause=f"import-{kind_name}-{file.hash[:CAUSE_DIGITS]}",
                webhooks=not options.no_webhooks,
                dry_run=options.dry_run,
            )
            log = ImportLog(engine.backend, program.id, kind_name, _identity(file, options))
            return _import(importer, file, None if options.dry_run else log, options)
    except (FileError, HeaderError) as error:
        raise CommandError(f"{path}: {error.message}", error.remedy) from error


def _import(
    importer: Importer, file: CsvFile, log: ImportLog | None, options: ImportOptions
) -> int:
    done_before = log.resumed().rows if log else 0
    rejects = options.rejected or file.path.with_suffix(".rejected.csv")
    started = time.monotonic()
    with (
        interruptible() as wants_to_stop,
        RejectedFile(rejects, file.header, file.delimiter, goes_on=done_before > 0) as rejected,
        progress_bar(file.path.name, file.rows, "rows") as show,
    ):
        try:
            report = import_rows(
                importer,
                read_rows(file),
                log=log,
                on_rejected=rejected.write,
                on_progress=lambda report: show(report.rows),
                wants_to_stop=wants_to_stop,
            )
        except ImportStoppedError as error:
            raise CommandError(
                f"The import stopped: {error}.", "Run the same command again: it goes on there."
            ) from error
    seconds = time.monotonic() - started
    _summarise(report, file, (report.rows - done_before) / max(seconds, 0.001))
    if report.rejected:
        say(f"Rejected rows, each with its reason: {rejects}")
    if not report.finished:
        complain(
            f"Interrupted after {report.rows:,} of {file.rows:,} rows.",
            "Run the same command again: it goes on there.",
        )
        return INTERRUPTED
    return FAILED if report.rejected else 0


def _summarise(report: ImportReport, file: CsvFile, rate: float) -> None:
    say(
        f"{file.path.name}: {report.rows:,} rows: {report.imported:,} imported, "
        f"{report.already_there:,} already there, {report.rejected:,} rejected "
        f"({rate:,.0f} rows/s)."
    )


def _renamed(pairs: tuple[str, ...]) -> dict[str, str]:
    renamed: dict[str, str] = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not equals or not column:
            raise CommandError(f"--map {pair} is no pair.", "Give it as --map COLUMN=FIELD.")
        renamed[column.strip()] = field.strip()
    return renamed


def _identity(file: CsvFile, options: ImportOptions) -> str:
    """Give the hash of all that decides what a row means: another mapping is another import."""
    spelt = encode([file.hash, file.delimiter, sorted(options.map)])
    return hashlib.sha256(spelt).hexdigest()
