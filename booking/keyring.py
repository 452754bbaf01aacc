"""Rotating the field keys: a new key first, then everything sealed anew with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import InvalidToken
from sqlalchemy import (
    Column,
    LargeBinary,
    Table,
    bindparam,
    select,
    type_coerce,
    update,
)

from booking import lockfile, settings
from booking.crypto import KeyRing, new_key
from booking.db import Sealed, begin_write, db, keys

BATCH = 500


class WrongKeys(settings.SettingsError):
    """What is stored was sealed with other keys than these."""


def rekey(data: Path, environment: Mapping[str, str]) -> int:
    """Put a new key first and seal every stored value with it; the number of values.

    The old keys stay in the ring, so a crash on the way loses nothing and backups can
    still be read. Keys from the environment are not changed here: put the new one first
    there, restart everything, then run this.
    """
    if environment.get("CLEARSLOT_FIELD_KEYS"):
        return _reseal_all(keys())
    # What is running knows only the old keys and could not read the new values.
    with lockfile.alone(data):
        stored = settings.load_keys(data)
        stored["field_keys"] = [new_key(), *keys().field_keys]
        settings.save_keys(data, stored)
        ring = dataclasses.replace(keys(), field_keys=tuple(stored["field_keys"]))
        return _reseal_all(ring)


def sealed_tables() -> list[Table]:
    """The tables with sealed columns."""
    return [table for table in db.metadata.sorted_tables if _sealed_columns(table)]


def check() -> None:
    """Raise WrongKeys if something is stored that these keys cannot open."""
    for table in sealed_tables():
        for column in _sealed_columns(table):
            sealed = db.session.scalar(
                select(type_coerce(column, LargeBinary))
                .where(column.is_not(None))
                .order_by(*table.primary_key)
                .limit(1)
            )
            if sealed is None:
                continue
            try:
                keys().open(bytes(sealed))
            except InvalidToken:
                raise WrongKeys(
                    "This database was sealed with other keys. Put back the keys.json "
                    "(or the secrets in the environment) that belong to it."
                ) from None


def _sealed_columns(table: Table) -> list[Column]:
    return [column for column in table.columns if isinstance(column.type, Sealed)]


def _reseal_all(ring: KeyRing) -> int:
    return sum(_reseal(table, ring) for table in sealed_tables())


def _reseal(table: Table, ring: KeyRing) -> int:
    """Seal one table anew in batches, each a transaction of its own."""
    done, last = 0, 0
    while batch := _reseal_batch(table, ring, after=last):
        last, changed = batch
        done += changed
    return done


def _reseal_batch(table: Table, ring: KeyRing, *, after: int) -> tuple[int, int] | None:
    """The last id of the next batch and how many values it had; None at the end."""
    begin_write()
    columns = _sealed_columns(table)
    rows = db.session.execute(
        select(
            table.c.id, *(type_coerce(c, LargeBinary).label(c.name) for c in columns)
        )
        .where(table.c.id > after)
        .order_by(table.c.id)
        .limit(BATCH)
        .with_for_update()
    ).mappings()
    anew = [
        {"row_id": row["id"]}
        | {
            c.name: None if row[c.name] is None else ring.rotate(bytes(row[c.name]))
            for c in columns
        }
        for row in rows
    ]
    if not anew:
        db.session.rollback()
        return None
    given = {c.name: bindparam(c.name, type_=LargeBinary) for c in columns}
    db.session.connection().execute(
        update(table).where(table.c.id == bindparam("row_id")).values(given), anew
    )
    db.session.commit()
    values = sum(value is not None for row in anew for value in row.values())
    return anew[-1]["row_id"], values - len(anew)
