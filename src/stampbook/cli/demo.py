"""Replay eighteen months of real purchases on a sandbox, and receive the webhooks."""

import signal
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def command(
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    exit_: Annotated[bool, Parameter(name="--exit", negative="")] = False,
    record: Path | None = None,
    database: str | None = None,
) -> int:
    """Replay eighteen months of real purchases on a sandbox, and receive the webhooks.

    Args:
        all_: Replay all 23,570 customers instead of one in ten.
        exit_: Stop at the end and print one line of JSON last.
        record: Write each webhook that arrives to this file, as a line of JSON.
        database: Use this PostgreSQL database instead of SQLite in a temporary folder.
    """
    # ends the server and the receiver, and throws the folder away
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    from rich.console import Console  # noqa: PLC0415 - only this command needs them

    from stampbook.demo.run import Play, run  # noqa: PLC0415

    wanted = Play(everybody=all_, leaves=exit_, record=record, database=database)
    return 0 if run(wanted, Console(stderr=exit_)) else 1
