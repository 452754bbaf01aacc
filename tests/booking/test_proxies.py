"""Booking for somebody else, and several patients behind one e-mail address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from booking import links
from booking.errors import InvalidRequest
from booking.messages import render
from booking.models import Appointment, Message, Patient, Proxy, Status
from booking.patients import portability
from tests import builders
from tests.builders import ADA, at
from tests.clock import NOW

FOR_TOM = replace(
    ADA, name="Tom Fair", booked_by="Ada Fair", relation="parent", phone=None
)
TOMS_BIRTH = "2012-06-01"


@pytest.fixture
def site(session):
    return builders.make_clinic()


def consult(site, day, contact, **answers):
    return builders.book(
        site, at(day), contact=contact, treatment="consultation", **answers
    ).appointment


def test_who_booked_and_answered_is_kept_with_the_visit(site, session):
    visit = consult(site, 3, FOR_TOM)

    assert visit.patient.name == "Tom Fair"
    assert (visit.proxy.name, visit.proxy.relation) == ("Ada Fair", "parent")
    assert visit.addressee == "Ada Fair"


def test_who_books_for_themselves_leaves_nothing(site, session):
    visit = consult(site, 3, ADA)

    assert session.scalars(select(Proxy)).all() == []
    assert visit.addressee == "Ada Fair"


def test_the_mail_greets_who_booked_and_names_the_patient(site, session):
    visit = consult(site, 3, FOR_TOM)
    message = session.scalars(
        select(Message).where(Message.appointment_id == visit.id)
    ).first()

    letter = render.letter(message, "confirmed", now=NOW).body.decode()

    assert "Hello Ada Fair," in letter
    assert "This is about the visit of Tom Fair." in letter
    assert "To: Ada Fair <ada@example.com>" in letter


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"relation": ""}, "relation"),
        ({"relation": "boss"}, "relation"),
        ({"booked_by": ""}, "booked_by"),
        ({"booked_by": "A\x07"}, "booked_by"),
        ({"booked_by": "A" * 200}, "booked_by"),
    ],
)
def test_half_a_proxy_is_refused_by_name(site, session, changes, field):
    with pytest.raises(InvalidRequest) as refused:
        consult(site, 3, replace(FOR_TOM, **changes))

    assert [problem.field for problem in refused.value.problems] == [field]
    assert session.scalars(select(Appointment)).all() == []


def test_two_children_behind_one_address_are_two_patients(site, session):
    tom = builders.book_at_desk(
        site, at(3), contact=FOR_TOM, treatment="waxing", date_of_birth=TOMS_BIRTH
    ).appointment
    mia = builders.book_at_desk(
        site,
        at(4),
        contact=replace(FOR_TOM, name="Mia Fair"),
        treatment="waxing",
        date_of_birth="2014-02-03",
    ).appointment

    assert tom.patient_id != mia.patient_id
    assert mia.status == Status.CONFIRMED
    assert len(session.scalars(select(Patient)).all()) == 2


def test_the_link_of_one_patient_shows_nothing_of_the_other(site, client):
    tom = builders.book_at_desk(
        site, at(3), contact=FOR_TOM, treatment="waxing", date_of_birth=TOMS_BIRTH
    ).appointment
    ada = builders.book_at_desk(site, at(4)).appointment
    token = links.mailed_token(ada)

    pages = [
        client.get(f"/visit/{token}{path}").get_data(as_text=True)
        for path in ("", "/care", "/move", "/change", "/cancel", "/calendar.ics")
    ]

    assert tom.patient.email == ada.patient.email
    assert all("Tom Fair" not in page for page in pages)
    assert "waxing" not in pages[0].lower()


def test_what_is_handed_out_and_erased_includes_who_booked(site, session, app):
    visit = consult(site, 3, FOR_TOM)
    public_id = visit.patient.public_id

    told = portability.export(public_id, now=NOW)
    visit.status = Status.CANCELLED
    session.commit()
    portability.erase(public_id, now=NOW, config=app.config)

    assert '"booked_by": "Ada Fair (parent)"' in told
    assert session.scalars(select(Proxy)).all() == []
