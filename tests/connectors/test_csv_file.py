"""A file is read row by row, and what is no CSV is refused before a row is imported."""

from pathlib import Path

import pytest

from stampbook.connectors.csv_file import FileError, look_at, read_rows
from stampbook.connectors.csv_import import Row


def test_rows_know_the_line_that_they_begin_on(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes(b'\xef\xbb\xbfmember_id, first_name\r\nm-1,"A\r\nB"\r\n\r\nm-2,C\r\n')
    file = look_at(path)
    assert (file.header, file.rows) == (("member_id", "first_name"), 2)
    assert list(read_rows(file)) == [Row(2, ["m-1", "A\r\nB"]), Row(5, ["m-2", "C"])]


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one.csv", "same.csv", "other.csv"))
    for path, text in ((one, "a\n1\n"), (same, "a\n1\n"), (other, "a\n2\n")):
        path.write_text(text)
    assert look_at(one).hash == look_at(same).hash != look_at(other).hash


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"member_id\n\xff\xfe\n", "The file is not UTF-8."),
        (b'member_id\n"m-1"x\n', "Line 2:"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(FileError, match=message):
        look_at(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        look_at(tmp_path / "none.csv")
