"""A clinic that outgrows SQLite takes everything along, and can go back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import accounts, appointments, audit
from booking.courses import bookings
from booking.courses.places import Place
from booking.db import db
from booking.models import Appointment, Patient, Record, Site
from tests import builders
from tests.builders import RECEPTION, at


@pytest.fixture
def other_url(engine_name, request, tmp_path):
    """A blank database of the other engine."""
    if engine_name == "postgresql":
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    yield server.create("other")
    server.drop("other")


@pytest.fixture
def clinic(session, now):
    site = builders.make_clinic()
    visit = builders.book(site, at(8)).appointment
    builders.book(site, at(9), contact=builders.BOB, cold_sore_history="yes")
    bookings.book_at_desk(
        builders.screen(site).screening,
        [Place(at(50), None), Place(at(85), None)],
        builders.BOB,
        now=now,
        actor=RECEPTION,
    )
    changed = appointments.change_answers(
        visit, {"last_facial": "2027-03-01"}, now=now, actor=RECEPTION
    )
    appointments.cancel(changed.appointment, now=now, actor=RECEPTION)
    _correct_a_record(session, now)
    accounts.create_staff("robin@clinic.example", "Robin", ["reception"], "x", now=now)
    audit.seal()
    session.commit()
    return site


def _correct_a_record(session, now):
    patient = session.scalars(select(Patient)).first()
    first, second = (
        Record(
            patient_id=patient.id,
            kind="answer",
            subject="keloid_tendency",
            value={"value": value},
            how_known="told",
            entered_by="Robin",
            entered_at=now,
        )
        for value in ("yes", "no")
    )
    session.add_all([first, second])
    session.flush()
    first.corrected_by_id = second.id
    session.commit()


def test_every_row_arrives_and_the_clinic_goes_on(
    clinic, session, runner, make_app, other_url
):
    before = _everything(session)
    session.rollback()

    result = runner.invoke(args=["relocate", other_url])

    assert result.exit_code == 0, result.output
    count = sum(len(rows) for rows in before.values())
    assert result.output == (
        f"{count} rows are copied. Now set CLEARSLOT_DATABASE_URL to it.\n"
    )
    moved = make_app(DATABASE_URL=other_url)
    with moved.app_context():
        assert _everything(db.session) == before
        assert audit.verify() == []
        site = db.session.scalars(select(Site)).one()
        new = builders.book(site, at(12)).appointment
        assert new.status == "confirmed"
        assert db.session.get(Appointment, new.id).patient.name == "Ada Fair"
        db.session.rollback()


def test_nothing_is_copied_over_another_clinic(clinic, session, runner, other_url):
    session.rollback()
    runner.invoke(args=["relocate", other_url])

    again = runner.invoke(args=["relocate", other_url])

    assert again.exit_code == 1
    assert again.output == "Error: The other database is not empty.\n"


def test_an_address_that_is_none_is_refused(runner):
    result = runner.invoke(args=["relocate", "mysql://x"])

    assert result.exit_code == 1
    assert "must begin with sqlite:/// or postgresql://" in result.output


def _everything(session) -> dict[str, list[tuple]]:
    return {
        table.name: sorted(
            (tuple(row) for row in session.execute(select(table))), key=repr
        )
        for table in db.metadata.sorted_tables
    }
