"""Import rows: an import from its first row to its report, resumed where it was interrupted."""

from collections.abc import Callable, Iterable
from itertools import islice

from stampbook.connectors.csv_import import Rejection, Row
from stampbook.connectors.import_report import ImportLog, ImportReport
from stampbook.connectors.import_run import Importer

LOGGED_ROWS = 2_048
"""How many rows at the most are looked at again when a process was killed."""

OnRejected = Callable[[Row, Rejection], None]
OnProgress = Callable[[ImportReport], None]


def _never() -> bool:
    return False


def import_rows(
    importer: Importer,
    rows: Iterable[Row],
    *,
    log: ImportLog | None = None,
    on_rejected: OnRejected | None = None,
    on_progress: OnProgress | None = None,
    wants_to_stop: Callable[[], bool] = _never,
) -> ImportReport:
    """Import all rows of a file, or with a log those that it does not hold yet.

    Shapes: a report that is not finished means that it was stopped; the same call goes on.
    Errors: ImportStoppedError, after which the same call goes on too.
    """
    report = log.resumed() if log else ImportReport()
    logged = report.rows
    rest = islice(rows, report.rows, None)
    try:
        for answers in importer.run(rest, wants_to_stop):
            report.count(answers)
            for answer in answers:
                if on_rejected and isinstance(answer.found, Rejection):
                    on_rejected(answer.row, answer.found)
            if on_progress:
                on_progress(report)
            if log and report.rows - logged >= LOGGED_ROWS:
                log.write(report)
                logged = report.rows
        report.finished = not wants_to_stop()
    finally:
        if log:
            log.write(report)
    return report
