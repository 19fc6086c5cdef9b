"""Restored: let positions go on rising where a dump was restored into another PostgreSQL.

There the numbers of transactions begin anew, so what happens next would stand before what has
happened. Migrating looks at it each time; elsewhere it finds nothing to do.
"""

from sqlalchemy import Connection, text

from stampbook.store.backend import POSITION_BITS

PROGRAMS = text("SELECT id, epoch FROM program ORDER BY id FOR UPDATE")
LAST = text("SELECT max(position) FROM fact WHERE program_id = :program")
NEXT = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
SET_EPOCH = text("UPDATE program SET epoch = :epoch WHERE id = :program")


def raise_epochs(connection: Connection) -> None:
    """Raise the epoch of each program whose facts stand after every transaction to come."""
    upcoming: int = connection.execute(NEXT).scalar_one()
    for program, epoch in connection.execute(PROGRAMS).all():
        last: int | None = connection.execute(LAST, {"program": program}).scalar_one()
        if last is not None and last >> POSITION_BITS >= upcoming + epoch:
            risen = (last >> POSITION_BITS) + 1 - upcoming
            connection.execute(SET_EPOCH, {"epoch": risen, "program": program})
