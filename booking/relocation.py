"""Moving all that is stored into another database, of either engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Table,
    bindparam,
    func,
    insert,
    select,
    update,
)

from booking.db import db
from booking.errors import WrongState

BATCH = 500


def copy(source: Engine, target: Engine) -> int:
    """Copy every row into an empty, migrated database; how many. All or nothing."""
    with source.connect() as reading, target.connect() as writing:
        if any(writing.execute(select(table)).first() for table in _tables()):
            raise WrongState("The other database is not empty.")
        copied = sum(_copy_table(table, reading, writing) for table in _tables())
        if writing.dialect.name == "postgresql":
            _continue_numbers(writing)
        writing.commit()
    return copied


def _tables() -> Sequence[Table]:
    """What others refer to comes first."""
    return db.metadata.sorted_tables


def _copy_table(table: Table, reading: Connection, writing: Connection) -> int:
    # A row may refer to a later one of its own table: that is filled in afterwards.
    inner = [column for column in table.columns if _refers_to_own(column)]
    rows = [dict(row) for row in reading.execute(select(table)).mappings()]
    for batch in _batches(rows):
        blank = dict.fromkeys((column.name for column in inner), None)
        writing.execute(insert(table), [row | blank for row in batch])
    for column in inner:
        given = [
            {"row_id": row["id"], "row_value": row[column.name]}
            for row in rows
            if row[column.name] is not None
        ]
        for batch in _batches(given):
            writing.execute(
                update(table)
                .where(table.c.id == bindparam("row_id"))
                .values({column.name: bindparam("row_value")}),
                batch,
            )
    return len(rows)


def _refers_to_own(column: Column[Any]) -> bool:
    return any(key.column.table is column.table for key in column.foreign_keys)


def _batches(rows: Sequence[dict[str, Any]]) -> Iterable[Sequence[dict[str, Any]]]:
    return (rows[first : first + BATCH] for first in range(0, len(rows), BATCH))


def _continue_numbers(writing: Connection) -> None:
    """Let PostgreSQL count on from the numbers that were copied."""
    for table in _tables():
        number = table.autoincrement_column
        if number is None:
            continue
        sequence = func.pg_get_serial_sequence(f'"{table.name}"', number.name)
        if writing.scalar(select(sequence)) is None:
            continue
        last = writing.scalar(select(func.max(number)))
        if last is not None:
            writing.execute(select(func.setval(sequence, last)))
