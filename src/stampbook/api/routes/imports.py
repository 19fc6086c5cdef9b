"""Imports: members and orders of the past, from a CSV text."""

import csv
import time
from collections.abc import Iterator
from io import StringIO
from threading import BoundedSemaphore

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.problem import (
    ENGINE_BUSY,
    ENGINE_UNAVAILABLE,
    IMPORT_UNREADABLE,
    REQUEST_MALFORMED,
    REQUEST_TEXT_UNSTORABLE,
    ProblemError,
)
from stampbook.api.route import Run
from stampbook.connectors.csv_import import HeaderError, Rejection, Row, RowReader
from stampbook.connectors.import_kinds import KINDS, KindName
from stampbook.connectors.import_rows import import_rows
from stampbook.connectors.import_run import Importer, ImportStoppedError
from stampbook.engine.queue import QueueFullError
from stampbook.values.calendars import zone_named

CSV_BYTES_MAX = 16 * 1024 * 1024
CSV_TYPE = "text/csv"
REJECTIONS_MAX = 1_000
"""How many are told of; all are counted."""

IMPORT_SECONDS_MAX = 20.0
"""How long one request imports before it answers how far it came."""

IMPORTS_AT_ONCE_MAX = 2
"""Of this process: each holds a thread for its whole time."""

_places = BoundedSemaphore(IMPORTS_AT_ONCE_MAX)


class ImportRows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A CSV text whose first row names the columns, in UTF-8.

    Shapes: a column is called like the field of the command, such as `member_id`, `address.city`
    or `custom_attributes.club`. A row that was imported before is found by its own key and counted
    as already there, so that the same text may be sent again.
    """

    dry_run: bool = False
    """Decide every row alone, and store nothing."""
    webhooks: bool = True
    """Otherwise the facts are stored and sent to nobody."""


class RejectedRow(Struct, frozen=True, kw_only=True):
    """A row that was not imported. Units: `line` counts from 1, with the header."""

    line: int
    code: str
    reason: str
    remedy: str


class RowsImported(Struct, frozen=True, kw_only=True):
    """What became of the rows.

    Shapes: `rows` is the sum of the three counts below it. When not `finished`, send the same
    request again, with the same Idempotency-Key or without one: it goes on behind the rows that
    are there.
    """

    rows: int
    imported: int
    already_there: int
    rejected: int
    finished: bool
    rejections: tuple[RejectedRow, ...]
    """The first of those that were rejected."""


def check_text(desk: Desk, asked: ImportRows) -> ImportRows:
    """Check that the body is a text, before anything is remembered of the request."""
    _text(desk.body)
    return asked


def import_members(desk: Desk, asked: ImportRows) -> RowsImported:
    """Enrol the members of a CSV text."""
    return _import("members", desk, asked)


def import_orders(desk: Desk, asked: ImportRows) -> RowsImported:
    """Record the orders of a CSV text."""
    return _import("orders", desk, asked)


def _import(kind: KindName, desk: Desk, asked: ImportRows) -> RowsImported:
    if not _places.acquire(blocking=False):
        raise ProblemError(ENGINE_BUSY, "Other imports are running.")
    try:
        return _imported(kind, desk, asked)
    except (HeaderError, csv.Error) as error:
        raise ProblemError(IMPORT_UNREADABLE, str(error)) from error
    except QueueFullError as error:
        raise ProblemError(ENGINE_BUSY) from error
    except ImportStoppedError as error:
        raise ProblemError(ENGINE_UNAVAILABLE) from error
    finally:
        _places.release()


def _imported(kind: KindName, desk: Desk, asked: ImportRows) -> RowsImported:
    with desk.present() as present:
        zone = zone_named(present.program.definition.time_zone)
    rows = _rows(_text(desk.body))
    header = next(rows, Row(1, ())).texts
    reader = RowReader(
        KINDS[kind].command, [name.strip() for name in header], renamed={}, zone=zone
    )
    importer = Importer(
        desk.parts.engine,
        desk.program_id,
        KINDS[kind],
        reader,
        cause=desk.request_id,
        webhooks=asked.webhooks,
        dry_run=asked.dry_run,
    )
    rejections: list[RejectedRow] = []

    def reject(row: Row, why: Rejection) -> None:
        if len(rejections) < REJECTIONS_MAX:
            rejections.append(
                RejectedRow(line=row.line, code=why.code, reason=why.reason, remedy=why.remedy)
            )

    until = time.monotonic() + IMPORT_SECONDS_MAX
    report = import_rows(
        importer, rows, on_rejected=reject, wants_to_stop=lambda: time.monotonic() > until
    )
    return RowsImported(
        rows=report.rows,
        imported=report.imported,
        already_there=report.already_there,
        rejected=report.rejected,
        finished=report.finished,
        rejections=tuple(rejections),
    )


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProblemError(REQUEST_MALFORMED, "The text is not UTF-8.") from error
    if "\0" in text:
        raise ProblemError(REQUEST_TEXT_UNSTORABLE)
    return text


def _rows(text: str) -> Iterator[Row]:
    records = csv.reader(StringIO(text, newline=""), strict=True)
    line = 1
    for record in records:
        if record:
            yield Row(line, record)
        line = records.line_num + 1


ROUTES = (
    Run(
        method="POST",
        path="/v1/imports/members",
        summary="Import members",
        scope="write",
        asks=ImportRows,
        gives=RowsImported,
        media_types=(CSV_TYPE,),
        body_bytes_max=CSV_BYTES_MAX,
        refuses=(IMPORT_UNREADABLE, ENGINE_BUSY),
        prepares=check_text,
        prepared=ImportRows,
        runs=import_members,
        example="member_id,first_name,email_address\nc-1,Anna,anna@shop.example\n",
    ),
    Run(
        method="POST",
        path="/v1/imports/orders",
        summary="Import orders",
        scope="write",
        asks=ImportRows,
        gives=RowsImported,
        media_types=(CSV_TYPE,),
        body_bytes_max=CSV_BYTES_MAX,
        refuses=(IMPORT_UNREADABLE, ENGINE_BUSY),
        prepares=check_text,
        prepared=ImportRows,
        runs=import_orders,
        example="order_id,member_id,order_subtotal,ordered_at\n77,c-1,19.90,2025-11-02\n",
    ),
)
