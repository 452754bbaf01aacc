"""Run migrations on the application's own engine, then make sure that no-overlap stands."""

from __future__ import annotations

from alembic import context
from flask import current_app

from booking.models import overlap

migrate = current_app.extensions["migrate"]


def include_object(_item: object, name: str | None, kind: str, *_rest: object) -> bool:
    """Leave the overlap constraints' own indexes to booking.models.overlap."""
    return not (kind == "index" and (name or "").startswith("no_overlap_"))


with migrate.db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=migrate.db.metadata,
        include_object=include_object,
        **migrate.configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.has_table(connection, "claim"):
        overlap.install(connection)
    connection.commit()
