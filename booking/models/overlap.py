"""No two live claims of one resource or patient overlap: the database refuses it (I-1).

PostgreSQL gets exclusion constraints, SQLite triggers. `install` is idempotent and runs
after every migration, because re-creating a table on SQLite drops its triggers without
a word.
"""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

OWNERS = ("resource_id", "patient_id")


def _name(owner: str) -> str:
    return f"no_overlap_{owner}"


def install(connection: Connection) -> None:
    """Make sure that both constraints stand on `claim`."""
    for owner in OWNERS:
        if connection.dialect.name != "postgresql":
            for statement in _sqlite(owner):
                connection.exec_driver_sql(statement)
        elif not _stands(connection, owner):
            connection.exec_driver_sql(_postgresql(owner))


def _stands(connection: Connection, owner: str) -> bool:
    query = text("SELECT 1 FROM pg_constraint WHERE conname = :name")
    return connection.execute(query, {"name": _name(owner)}).first() is not None


def remove(connection: Connection) -> None:
    """Take the constraints away: only for the control that shows what they are
    worth."""
    for owner in OWNERS:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                f"ALTER TABLE claim DROP CONSTRAINT {_name(owner)}"
            )
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {_name(owner)}_insert")
            connection.exec_driver_sql(f"DROP TRIGGER {_name(owner)}_update")


def is_overlap(error: IntegrityError) -> bool:
    """Whether this refusal is one of these constraints and not some other."""
    return "no_overlap_" in str(error.orig)


def _postgresql(owner: str) -> str:
    # A range of one number stands in for equality, so that no extension is needed.
    return (
        f"ALTER TABLE claim ADD CONSTRAINT {_name(owner)} EXCLUDE USING gist "
        f"(int8range({owner}, {owner}, '[]') WITH &&, "
        "int8range(first_cell, until_cell) WITH &&) "
        f"WHERE (live AND {owner} IS NOT NULL)"
    )


def _sqlite(owner: str) -> list[str]:
    name = _name(owner)
    other = "AND o.id <> NEW.id"
    return [
        f"DROP TRIGGER IF EXISTS {name}_insert",
        f"DROP TRIGGER IF EXISTS {name}_update",
        f"CREATE TRIGGER {name}_insert BEFORE INSERT ON claim "
        f"BEGIN {_refusal(owner, '')} END",
        f"CREATE TRIGGER {name}_update "
        f"BEFORE UPDATE OF {owner}, first_cell, until_cell, live ON claim "
        f"BEGIN {_refusal(owner, other)} END",
    ]


def _refusal(owner: str, other: str) -> str:
    # A claim is at most a day (288 cells) long, so older ones need not be looked at.
    return (
        f"SELECT RAISE(ABORT, '{_name(owner)}') "  # noqa: S608 - our own column names
        "WHERE NEW.live = 1 AND EXISTS ("
        f"SELECT 1 FROM claim o WHERE o.{owner} = NEW.{owner} AND o.live = 1 {other} "
        "AND o.first_cell < NEW.until_cell AND o.first_cell > NEW.first_cell - 288 "
        "AND o.until_cell > NEW.first_cell);"
    )
