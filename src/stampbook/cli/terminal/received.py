"""Received: a webhook as somebody kept it: a body and its headers in files, or a recorded line."""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from stampbook.cli.terminal.errors import CommandError
from stampbook.consumer import DialectName

BODY_BYTES_MAX = 64 * 1024 * 1024
REQUEST_LINE = " HTTP/"


class Recorded(Struct, frozen=True):
    """A line that `stampbook demo --record` wrote."""

    dialect: DialectName
    secret: str
    headers: dict[str, str]
    body: str


def read_body(path: Path | None) -> bytes:
    """Give a body as it is in a file, or on standard input when none is named.

    Errors: CommandError when it cannot be read, or has more than BODY_BYTES_MAX bytes.
    """
    try:
        if path is None:
            body = sys.stdin.buffer.read(BODY_BYTES_MAX + 1)
        else:
            with path.open("rb") as file:
                body = file.read(BODY_BYTES_MAX + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.", "Name a file with the body.") from error
    if len(body) > BODY_BYTES_MAX:
        raise CommandError(f"The body has more than {BODY_BYTES_MAX} bytes.", "Give one request.")
    return body


def read_head(path: Path | None) -> Iterator[tuple[str, str]]:
    """Give the headers of a file up to its first empty line; a request line is passed over.

    Errors: CommandError for a file that cannot be read, or a line that is no header.
    """
    if path is None:
        return
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.", "Name a file with headers.") from error
    for number, line in enumerate(lines):
        if not line.strip():
            return
        if number > 0 or REQUEST_LINE not in line:
            yield read_header(line)


def read_header(line: str) -> tuple[str, str]:
    """Give name and value of a header.

    Errors: CommandError for a line that is none.
    """
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise CommandError(f"{line!r} is no header.", "Give NAME: VALUE.")
    return name.strip(), value.strip()


def read_records(path: Path) -> Iterator[Recorded]:
    """Give the requests of a recorded file.

    Errors: CommandError when it cannot be read; it names the line that is not one of a record.
    """
    decoder = msgspec.json.Decoder(Recorded)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise CommandError(
                        f"{path}:{number}: {error}.", "Name a file of `stampbook demo --record`."
                    ) from error
    except OSError as error:
        raise CommandError(
            f"{path}: {error.strerror}.", "Name a file that was recorded."
        ) from error
