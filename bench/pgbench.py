"""The baseline of HTTP awards: pgbench writing the rows of one award in one transaction each.

One real award is made and its rows are read back; the script then writes rows of the same columns,
texts and indexes for a random member, after locking that member and reading what deciding needs.
Long texts travel as parameters, as they do from any application. Ids rise with time.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import sql
from psycopg.rows import dict_row

from bench.shop import PROGRAM
from stampbook.store.schema import METADATA
from tests.postgres import postgres_programs

NEVER_CHANGED = {"program_id", "id", "member_id", "email", "referral_code"}
"""What an award leaves alone of a member."""

OF_MEMBER = "WHERE program_id = :program AND member = :id"
OPEN = "SELECT jsonb_array_elements_text(CAST(:opened AS jsonb))"
READS = (
    f"SELECT body FROM lot WHERE program_id = :program AND id IN ({OPEN})",
    f"SELECT body FROM points_transaction {OF_MEMBER} AND status = 'pending'",
    f"SELECT body FROM coupon {OF_MEMBER} AND status IN ('held', 'issued')",
)
LOCK = (
    "SELECT id, status, position, open_lots AS opened, body AS before, counters AS counted "
    "FROM member "
    "WHERE program_id = :program AND member_id = 'member-' || :number FOR UPDATE"
)
PLANNER = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""As our own transactions read: on small tables the server prefers to read all of them, which takes
a third of the rate and would be no baseline."""
RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)

Rows = dict[str, list[dict[str, Any]]]


class Script(Struct, frozen=True, kw_only=True):
    """A pgbench script, and the texts that it is run with."""

    text: str
    variables: dict[str, str]


def rows_of_last_award(url: str) -> Rows:
    """Give the rows that the transaction of the last fact wrote, by table."""
    written: Rows = {}
    with psycopg.Connection[dict[str, Any]].connect(url, row_factory=dict_row) as connection:
        last = "SELECT xmin::text AS number FROM fact ORDER BY position DESC LIMIT 1"
        [found] = connection.execute(last).fetchall()
        for table in METADATA.sorted_tables:
            query = sql.SQL("SELECT * FROM {} WHERE xmin::text = %s").format(
                sql.Identifier(table.name)
            )
            rows = connection.execute(query, (found["number"],)).fetchall()
            if rows:
                written[table.name] = rows
    return written


def script_of(rows: Rows, members: int) -> Script:
    """Give the script that writes such rows for a random member."""
    assert len(rows["member"]) == 1, "an award changes one member"
    writer = _Writer(rows["member"][0])
    # what readers look up comes first, the member last: the order does not matter to the server
    inserts = [writer.insert(table, some) for table, some in rows.items() if table != "member"]
    lines = [
        f"\\set number random(1, {members})",
        "\\set made :made + 1",
        "\\set row (1000 + :client_id) * 100000000000000 + :made",
        "BEGIN;",
        f"{LOCK} \\gset",
        *(f"{read};" for read in READS),
        *inserts,
        writer.update(rows["member"][0]),
        "END;",
    ]
    return Script(text="\n".join(lines) + "\n", variables=writer.variables)


class _Writer:
    """Puts values into SQL: ids anew for each transaction, texts as variables, the rest as is."""

    def __init__(self, member: dict[str, Any]) -> None:
        self.variables = {"program": PROGRAM, "made": "0"}
        self._member = member["id"]
        self._places: dict[str, int] = {}

    def insert(self, table: str, rows: list[dict[str, Any]]) -> str:
        columns = ", ".join(rows[0])
        values = ", ".join(
            f"({', '.join(self._value(f'{table}_{name}', row[name]) for name in row)})"
            for row in rows
        )
        return f"INSERT INTO {table} ({columns}) VALUES {values};"

    def update(self, row: dict[str, Any]) -> str:
        sets = ", ".join(
            f"{name} = {self._value(f'member_{name}', value)}"
            for name, value in row.items()
            if name not in NEVER_CHANGED
        )
        return f"UPDATE member SET {sets} WHERE program_id = :program AND id = :id;"

    def _value(self, name: str, value: Any) -> str:
        match value:
            case None:
                return "NULL"
            case bool() | int() if not name.endswith("_sequence"):
                return str(value)
            case int():
                return ":row"
            case str() if value == self._member:
                return ":id"
            case str() if re.fullmatch("[0-9a-f]{24}", value):
                return self._id(value)
            case _:
                return self._variable(name, value)

    def _id(self, value: str) -> str:
        if value in {PROGRAM, "e" * 24}:
            return self._variable("program" if value == PROGRAM else "endpoint", value)
        place = self._places.setdefault(value, len(self._places))
        return f"'0000' || :row || '{place:02d}'"

    def _variable(self, name: str, value: str) -> str:
        while self.variables.setdefault(name, value) != value:
            name += "_"
        return f":{name}"


def pgbench_rate(
    url: str, script: Script, folder: Path, *, clients: int, threads: int, seconds: int
) -> float:
    """Run a script once on a database and give transactions per second; none may fail."""
    path = folder / "award.sql"
    path.write_text(script.text)
    variables = [f"--define={name}={value}" for name, value in script.variables.items()]
    done = subprocess.run(
        [
            postgres_programs() / "pgbench",
            "--no-vacuum",
            f"--client={clients}",
            f"--jobs={threads}",
            "--protocol=prepared",
            f"--time={seconds}",
            f"--file={path}",
            *variables,
            url,
        ],
        env={**os.environ, "PGOPTIONS": PLANNER},
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=False,
    )
    rate, failed = RATE.search(done.stdout), FAILED.search(done.stdout)
    assert done.returncode == 0, done.stderr
    assert rate is not None, done.stdout
    assert failed is None or failed[1] == "0", done.stdout
    return float(rate[1])
