"""Filling an empty database with the demo clinic, and keeping its staff's password."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from booking import accounts, settings
from booking.db import begin_write, db
from booking.demo.aftercare import add_aftercare
from booking.demo.checks import add_checks
from booking.demo.clinic import add_clinic, demo_plan
from booking.demo.course import add_course
from booking.demo.holds import add_holds
from booking.demo.visits import add_visits
from booking.demo.waiting import add_waiting
from booking.models.account import User

STAFF = (
    ("reception@clinic.example", "Robin Reception", ("reception",)),
    ("clinician@clinic.example", "Dr Amara Okafor", ("clinician",)),
    ("manager@clinic.example", "Max Manager", ("manager",)),
)


def seed(data: Path, environment: Mapping[str, str], *, now: datetime) -> None:
    """Make the whole demo, or leave the database as empty as it was."""
    was_demo = settings.is_demo(data)
    password = settings.demo_password(data, environment)
    try:
        with _without_fsync():
            site = add_clinic(demo_plan())
            _add_staff(password, now=now)
            add_holds(site, now=now)
            add_course(site, now=now)
            add_visits(site, now=now)
            add_aftercare(site, now=now)
            add_checks(site, now=now)
            add_waiting(site, now=now)
    except BaseException:
        # Ctrl-C counts: half a demo would never be finished.
        db.session.rollback()
        _empty()
        if not was_demo:
            settings.forget_demo(data)
        raise


def renew_staff(data: Path, environment: Mapping[str, str], *, now: datetime) -> str:
    """Make sure that the demo's staff can sign in with the password, and return it."""
    password = settings.demo_password(data, environment)
    _add_staff(password, now=now)
    accounts.set_password([email for email, _, _ in STAFF], password)
    return password


@contextlib.contextmanager
def _without_fsync() -> Iterator[None]:
    """On SQLite, let hundreds of commits not wait for the disk one by one."""
    engine = db.engine
    if engine.dialect.name == "sqlite":
        db.session.rollback()
        with contextlib.closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA synchronous=OFF")
    try:
        yield
    finally:
        # The next connections are made as usual, with fsync.
        db.session.remove()
        engine.dispose()


def _add_staff(password: str, *, now: datetime) -> None:
    known: list[str] = list(db.session.scalars(select(User.email)))
    for email, name, roles in STAFF:
        if email not in known:
            accounts.create_staff(email, name, roles, password, now=now)


def _empty() -> None:
    begin_write()
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    db.session.commit()
