"""CSV files: a file is looked at once as a whole, and then read row by row."""

import csv
import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from stampbook.connectors.csv_import import Row

if TYPE_CHECKING:
    from _csv import Reader  # the type has no name of its own in csv

ENCODING = "utf-8-sig"
"""UTF-8, with or without the mark that spreadsheets put first."""


class FileError(ValueError):
    """A file is no CSV that can be read: what is wrong, and what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class CsvFile(Struct, frozen=True, kw_only=True):
    """A CSV file that was found readable. Shapes: `rows` counts what stands after the header."""

    path: Path
    delimiter: str
    header: tuple[str, ...]
    rows: int
    hash: str
    """SHA-256 of its bytes, in hex."""


def look_at(path: Path, delimiter: str = ",") -> CsvFile:
    """Read a file through, without keeping it.

    Errors: FileError when it cannot be opened, is not UTF-8, is no CSV, or has no header.
    """
    if len(delimiter) != 1 or delimiter in '"\r\n ':
        raise FileError(f"{delimiter!r} is no delimiter.", "Give one character, such as a comma.")
    with _opened(path, delimiter) as records:
        header = next(records, None)
        if header is None:
            raise FileError("The file is empty.", "Its first row names the columns.")
        rows = sum(1 for record in records if record)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return CsvFile(
        path=path,
        delimiter=delimiter,
        header=tuple(name.strip() for name in header),
        rows=rows,
        hash=digest,
    )


def read_rows(file: CsvFile) -> Iterator[Row]:
    """Give the rows of a file that are not empty, one by one.

    Errors: FileError when it has changed into something else since it was looked at.
    """
    with _opened(file.path, file.delimiter) as records:
        next(records, None)
        line = records.line_num + 1
        for record in records:
            if record:
                yield Row(line, record)
            line = records.line_num + 1


@contextmanager
def _opened(path: Path, delimiter: str) -> "Generator[Reader]":
    """Open a file as CSV, and turn what goes wrong into a FileError."""
    try:
        with path.open(encoding=ENCODING, newline="") as file:
            records = csv.reader(file, delimiter=delimiter, strict=True)
            try:
                yield records
            except csv.Error as error:
                raise FileError(
                    f"Line {records.line_num}: {error}.",
                    "Write it as CSV with double quotes around texts that need them.",
                ) from error
    except UnicodeDecodeError as error:
        raise FileError("The file is not UTF-8.", "Save it again as CSV UTF-8.") from error
    except OSError as error:
        raise FileError(f"{error.strerror}: {path}.", "Give the path of a CSV file.") from error
