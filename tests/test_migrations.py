"""The migrations, one after the other, make what the models describe."""

from __future__ import annotations

import flask_migrate
import pytest
from sqlalchemy import inspect

from booking.db import db


@pytest.fixture
def blank_app(make_app, blank_database_url):
    app = make_app(DATABASE_URL=blank_database_url)
    with app.app_context():
        yield app


def test_the_migrations_make_what_the_models_describe(blank_app):
    flask_migrate.upgrade()

    flask_migrate.check()  # exits where a new migration would have something to do


def test_what_a_migration_brings_to_a_clinic_that_runs_can_go(blank_app):
    flask_migrate.upgrade(revision="0001")
    before = _tables()

    flask_migrate.upgrade()
    after = _tables()
    flask_migrate.downgrade(revision="0001")

    assert after > before
    assert {"call_back", "task", "course", "waitlist_entry"} <= after - before
    assert _tables() == before


def _tables() -> set[str]:
    db.session.rollback()
    return set(inspect(db.engine).get_table_names())
