"""Rejected rows are kept as they stood, and can be imported once they are corrected."""

from datetime import UTC
from pathlib import Path

import pytest

from stampbook.commands.enroll_member import EnrollMember
from stampbook.connectors.csv_file import FileError, look_at, read_rows
from stampbook.connectors.csv_import import Rejection, Row, RowReader
from stampbook.connectors.rejected_file import RejectedFile

HEADER = ("member_id", "first_name")
WHY = Rejection(code="row.invalid", reason="It is, well, wrong.", remedy="Correct it.")
FIRST = "rejected_line,rejected_code,rejected_reason,rejected_remedy,member_id,first_name"


def test_a_row_stands_as_it_was_behind_its_reason(tmp_path: Path) -> None:
    with RejectedFile(tmp_path / "r.csv", HEADER, ",") as rejected:
        rejected.write(Row(7, ["m-1", "Ada", "too much"]), WHY)
    assert (tmp_path / "r.csv").read_text().splitlines() == [
        FIRST,
        '7,row.invalid,"It is, well, wrong.",Correct it.,m-1,Ada,too much',
    ]


def test_without_a_rejected_row_there_is_no_file(tmp_path: Path) -> None:
    with RejectedFile(tmp_path / "r.csv", HEADER, ",") as rejected:
        assert not rejected.is_written
    assert not (tmp_path / "r.csv").exists()


@pytest.mark.parametrize(("goes_on", "lines"), [(True, ["2", "3"]), (False, ["3"])])
def test_a_resumed_import_adds_to_the_file(
    tmp_path: Path, *, goes_on: bool, lines: list[str]
) -> None:
    for line in (2, 3):
        with RejectedFile(tmp_path / "r.csv", HEADER, ",", goes_on=goes_on) as rejected:
            rejected.write(Row(line, ["m-1", "Ada"]), WHY)
    written = (tmp_path / "r.csv").read_text().splitlines()
    assert written[0] == FIRST
    assert [line.split(",")[0] for line in written[1:]] == lines


def test_the_file_can_be_imported_and_rejected_again(tmp_path: Path) -> None:
    with RejectedFile(tmp_path / "r.csv", HEADER, ",") as rejected:
        rejected.write(Row(7, ["m-1", "Ada"]), WHY)
    file = look_at(tmp_path / "r.csv")
    [row] = read_rows(file)
    command = RowReader(EnrollMember, file.header, renamed={}, zone=UTC).command(row)
    assert command == EnrollMember(member_id="m-1", first_name="Ada")
    with RejectedFile(tmp_path / "again.csv", file.header, ",") as rejected:
        rejected.write(row, WHY)
    first, again = (tmp_path / "again.csv").read_text().splitlines()
    assert first == FIRST
    assert again.endswith(",m-1,Ada")


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with (
        RejectedFile(tmp_path / "none" / "r.csv", HEADER, ",") as rejected,
        pytest.raises(FileError, match="No such file"),
    ):
        rejected.write(Row(2, ["m-1", "Ada"]), WHY)
