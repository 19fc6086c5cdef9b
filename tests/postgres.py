"""A private PostgreSQL for tests and benchmarks: started when asked for, gone when its user is.

A supervising shell owns the cluster and reads a pipe that we hold: when the pipe closes, because
the context ended or because this process died, it stops the server and removes the files.
"""

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

MAJOR_MIN = 15
STOP_SECONDS_MAX = 30
PROGRAMS = ("initdb", "pg_ctl", "postgres")
SERVER_USERS = ("postgres", "nobody")
"""Who runs the server when we are root, which PostgreSQL refuses to run as."""

SUPERVISOR = """
trap '"$BIN/pg_ctl" stop -D "$DIR/data" -m fast -s >/dev/null 2>&1; rm -rf "$DIR"' EXIT
trap : INT TERM
{
  "$BIN/initdb" -D "$DIR/data" -U stampbook -A scram-sha-256 --pwfile="$DIR/password" \
    --encoding=UTF8 --locale=C --no-sync &&
  cat "$DIR/settings" >>"$DIR/data/postgresql.conf" &&
  "$BIN/pg_ctl" start -D "$DIR/data" -l "$DIR/log" -s -w
} >"$DIR/start" 2>&1 || { cat "$DIR/start" "$DIR/log" 2>/dev/null; exit 1; }
echo ready
read -r _
"""


class PostgresUnavailableError(Exception):
    """No PostgreSQL of this machine can be used; the message says why."""


@cache
def postgres_programs() -> Path:
    """Give the folder with the newest PostgreSQL programs of this machine.

    Errors: PostgresUnavailableError when there is none of version MAJOR_MIN or later.
    """
    on_path = shutil.which("pg_ctl")
    folders = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *((Path(on_path).resolve().parent,) if on_path else ()),
    ]
    versions = {
        folder: _major(folder)
        for folder in folders
        if all((folder / program).is_file() for program in PROGRAMS)
    }
    newest = max(versions, key=versions.__getitem__, default=None)
    if newest is None or versions[newest] < MAJOR_MIN:
        raise PostgresUnavailableError(
            f"no PostgreSQL {MAJOR_MIN} or later in /usr/lib/postgresql or on the PATH"
        )
    return newest


def _major(folder: Path) -> int:
    said = subprocess.run(
        [folder / "postgres", "--version"], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


@contextmanager
def temporary_cluster() -> Generator[str]:
    """Run a fresh cluster on a free loopback port, and give the URL of its empty database.

    Errors: PostgresUnavailableError when there are no programs or the server does not start.
    """
    programs = postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="stampbook-"))
    password, port = secrets.token_hex(16), _free_port()
    (folder / "password").write_text(password)
    (folder / "settings").write_text(_settings(folder, port))
    identity = _server_identity()
    if identity:
        for path in (folder, *folder.iterdir()):
            os.chown(path, identity["user"], identity["group"])
    with subprocess.Popen(
        ["/bin/sh", "-c", SUPERVISOR],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={"BIN": str(programs), "DIR": str(folder), "PATH": os.defpath, "LC_ALL": "C"},
        start_new_session=True,  # an interrupt of the tests stops the cluster by the pipe only
        **identity,
    ) as supervisor:
        assert supervisor.stdin is not None
        assert supervisor.stdout is not None
        try:
            if supervisor.stdout.readline() != "ready\n":
                raise PostgresUnavailableError(
                    f"the server did not start: {supervisor.stdout.read()}"
                )
            yield f"postgresql://stampbook:{password}@127.0.0.1:{port}/postgres"
        finally:
            supervisor.stdin.close()
            supervisor.wait(STOP_SECONDS_MAX)


def _settings(folder: Path, port: int) -> str:
    # what is not said stays as PostgreSQL ships it, so that a commit is as durable as in earnest
    return f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{folder}'\n"


def _server_identity() -> dict[str, Any]:
    """Give whom to run the server as: ourselves, or somebody with fewer rights when we are root."""
    if os.geteuid() != 0:
        return {}
    known = {user.pw_name: user for user in pwd.getpwall()}
    for name in SERVER_USERS:
        if name in known:
            user = known[name]
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise PostgresUnavailableError(
        f"root cannot run PostgreSQL and there is no user {SERVER_USERS}"
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def fresh_database(cluster_url: str, *, template: str = "template1") -> Generator[str]:
    """Give the URL of a new database that looks like the template, dropped at the end."""
    name = f"test_{secrets.token_hex(8)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield f"{cluster_url.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(drop.format(sql.Identifier(name)))
