"""The database: column types, SQLite settings, and how a unit of writing begins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from flask import Flask, current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Engine,
    LargeBinary,
    MetaData,
    String,
    any_,
    bindparam,
    event,
    types,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column

from booking.crypto import KeyRing

_PRAGMAS = (
    "journal_mode=WAL",
    "foreign_keys=ON",
    "synchronous=FULL",
    # In a rush, writers wait their turn for as long as a browser would.
    "busy_timeout=20000",
)
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


# What was committed need not be read again to answer; begin_write() forgets it all.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
if TYPE_CHECKING:
    Model = Base  # which is what db.Model is made of; type checkers cannot see it
else:
    Model = db.Model
migrate = Migrate(compare_type=False, render_as_batch=True)


class UTCDateTime(types.TypeDecorator[datetime]):
    """Aware in Python; timestamptz on PostgreSQL, naive UTC text on SQLite.

    Refuses naive values.
    """

    impl = types.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Any
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(
        self, value: datetime | None, dialect: Any
    ) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Sealed(types.TypeDecorator[Any]):
    """A JSON value, encrypted at rest with the application's key ring."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:
        return None if value is None else keys().seal(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> Any:
        return None if value is None else keys().open(bytes(value))


Instant = Annotated[datetime, mapped_column(UTCDateTime)]
Word = Annotated[str, mapped_column(String(40))]
Line = Annotated[str, mapped_column(String(255))]


def keys() -> KeyRing:
    """The key ring of the running application."""
    ring: KeyRing = current_app.extensions["clearslot_keys"]
    return ring


def init(app: Flask) -> None:
    """Bind the database to *app*; on SQLite, set WAL, foreign keys and our own
    BEGIN."""
    db.init_app(app)
    migrate.init_app(app, db, directory=app.config["MIGRATIONS"])
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _prepare_sqlite(db.engine)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        # The driver would leave reads outside of transactions; we say BEGIN ourselves.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")


def begin_write() -> None:
    """Start a unit of writing: first statement of every use case that changes
    something.

    Ends whatever was read before, because a read transaction of SQLite cannot become a
    write transaction while others write (it would fail with "database is locked").
    Unsaved changes at this point are a mistake of the caller and are refused.
    """
    session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError(
            "begin_write() with unsaved changes: begin before you change"
        )
    session.rollback()
    session.expire_all()  # also what a commit left known
    session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


def among(column: Any, numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column is one of many numbers, as one parameter where that can be.

    A statement with a thousand parameters takes longer to read than to run.
    """
    wanted = sorted(set(numbers))
    if db.engine.dialect.name == "postgresql":
        return column == any_(bindparam(None, wanted, type_=ARRAY(BigInteger)))
    found: ColumnElement[bool] = column.in_(wanted)
    return found
