"""Rejected files: the rows that were not imported, as they stood, and why.

Shapes: the reasons come first, because a rejected row may have too many columns. Such a file can
be imported itself once its rows are corrected; its first columns are then left out.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from stampbook.connectors.csv_file import FileError
from stampbook.connectors.csv_import import REJECTED_COLUMNS, Rejection, Row


class RejectedFile:
    """Writes rejected rows; the file is made when the first one comes."""

    def __init__(
        self, path: Path, header: Sequence[str], delimiter: str, *, goes_on: bool = False
    ) -> None:
        """Prepare; with `goes_on` rows are added to those of the import that is resumed."""
        self.path = path
        self._header = header
        self._delimiter = delimiter
        self._goes_on = goes_on
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    @property
    def is_written(self) -> bool:
        """Tell whether a row was rejected."""
        return self._file is not None

    def write(self, row: Row, rejection: Rejection) -> None:
        """Write a row and why it was not imported.

        Errors: FileError when the file cannot be written.
        """
        try:
            self._put(self._opened(), [str(row.line), *_reasons(rejection), *self._own(row.texts)])
        except OSError as error:
            raise FileError(
                f"{error.strerror}: {self.path}.", "Give another file: --rejected FILE"
            ) from error

    def _opened(self) -> TextIO:
        if self._file is None:
            is_begun = self._goes_on and self.path.exists()
            self._file = self.path.open("a" if is_begun else "w", encoding="utf-8", newline="")
            if not is_begun:
                self._put(self._file, [*REJECTED_COLUMNS, *self._own(self._header)])
        return self._file

    def _put(self, file: TextIO, texts: Sequence[str]) -> None:
        csv.writer(file, delimiter=self._delimiter).writerow(texts)

    def _own(self, texts: Sequence[str]) -> Sequence[str]:
        """Leave out the reasons of an earlier import."""
        is_rejected_file = tuple(self._header[: len(REJECTED_COLUMNS)]) == REJECTED_COLUMNS
        return texts[len(REJECTED_COLUMNS) :] if is_rejected_file else texts


def _reasons(rejection: Rejection) -> tuple[str, str, str]:
    return rejection.code, rejection.reason, rejection.remedy
