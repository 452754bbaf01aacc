from __future__ import annotations

from datetime import timedelta

import pytest

from booking.models import Appointment, Record, Status
from tests import builders
from tests.builders import ADA, BOB, CLINICIAN, at
from tests.clock import NOW
from tests.web.staff import sign_in, text_of


@pytest.fixture
def site(session, client):
    site = builders.make_clinic()
    sign_in(client, "reception")
    return site


def _arrived(site, **values):
    booked = builders.book_at_desk(site, at(0, 11), **values)
    booked.appointment.status = Status.ARRIVED
    return booked.appointment.id


def test_the_board_shows_who_comes_when_for_what_and_to_whom(site, client):
    builders.book_at_desk(site, at(0, 11), practitioner=site.resources[0].id)

    page = text_of(client.get("/desk/"))

    assert "Wednesday 3 March" in page
    assert "11:00" in page
    assert "Ada Fair" in page
    assert "Microneedling, face" in page
    assert "Cleo 1" in page
    assert "Dan 0 09:00–17:00 Nothing booked." in page


def test_a_clear_visit_is_marked_clear(site, client):
    builders.book_at_desk(site, at(0, 11))

    page = client.get("/desk/").get_data(as_text=True)

    assert '<span class="tag tag-clear">Clear</span>' in page


def test_a_held_visit_is_marked_and_leads_to_its_decision(site, client):
    held = builders.book(site, at(5), last_toxin=str((NOW - timedelta(days=15)).date()))

    page = client.get("/desk/?day=2027-03-08").get_data(as_text=True)

    assert '<span class="tag tag-held">Held</span>' in page
    assert f"/desk/holds/{held.hold.id}" in page


def test_a_visit_that_is_no_longer_clear_needs_attention(site, client, session):
    booked = builders.book_at_desk(site, at(0, 11)).appointment
    session.add(
        Record(
            patient_id=booked.patient_id,
            kind="treatment",
            subject="filler",
            day=(NOW - timedelta(days=2)).date(),
            area="face",
            value={"value": None},
            how_known="told by phone",
            entered_by="Robin",
            entered_at=NOW,
        )
    )

    page = client.get("/desk/").get_data(as_text=True)

    assert '<span class="tag tag-attention">Needs attention</span>' in page


def test_a_released_visit_says_so(site, client):
    builders.book_at_desk(
        site,
        at(0, 11),
        actor=CLINICIAN,
        release=builders.appointments.ReleaseNote("condition_resolved"),
        last_toxin=str((NOW - timedelta(days=15)).date()),
    )

    assert "Released" in text_of(client.get("/desk/"))


def test_a_time_being_booked_online_shows_without_a_name(site, client):
    screened = builders.screen(site)
    builders.appointments.reserve(screened.screening, at(0, 14), None, now=NOW)

    page = text_of(client.get("/desk/"))

    assert "Being booked online" in page


@pytest.mark.parametrize("day", ["2027-02-30", "0001-01-01", "tomorrow", "9999-99-99"])
def test_an_impossible_day_is_refused(site, client, day):
    answer = client.get("/desk/", query_string={"day": day})

    assert answer.status_code == 422
    assert "Give a day like 2026-11-05." in text_of(answer)


def test_names_can_be_hidden_from_onlookers(site, client):
    builders.book_at_desk(site, at(0, 11))

    answer = client.post("/desk/names", data={"back": "/desk/?day=2027-03-03"})
    page = text_of(client.get(answer.headers["Location"]))

    assert answer.headers["Location"] == "/desk/?day=2027-03-03"
    assert "Ada" not in page
    assert "A. F." in page
    client.post("/desk/names")
    assert "Ada Fair" in text_of(client.get("/desk/"))


def test_no_page_shows_a_hidden_name(site, client):
    held = builders.book(site, at(5), last_toxin=str((NOW - timedelta(days=15)).date()))
    visit = held.appointment
    client.post("/desk/names")
    pages = [
        "/desk/?day=2027-03-08",
        "/desk/sheet?day=2027-03-08",
        "/desk/holds",
        f"/desk/holds/{held.hold.id}",
        f"/desk/visits/{visit.id}",
        f"/desk/visits/{visit.id}/move",
        f"/desk/visits/{visit.id}/answers",
        f"/desk/patients/{visit.patient_id}",
        "/desk/patients?q=fair",
        f"/desk/explain?visit={visit.id}",
        f"/desk/book?patient={visit.patient_id}",
    ]

    told = [
        path
        for path in pages
        if "Fair" in text_of(client.get(path)).replace("Fair: burns", "")
        or "ada@" in client.get(path).get_data(as_text=True)
    ]

    assert told == []


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/desk/\\evil", "/login"]
)
def test_hiding_names_leads_nowhere_else(site, client, back):
    answer = client.post("/desk/names", data={"back": back})

    assert answer.headers["Location"] == "/desk/"


def test_the_day_sheet_lists_the_day_for_printing(site, client):
    builders.book_at_desk(site, at(0, 11))

    page = text_of(client.get("/desk/sheet"))

    assert "Ada Fair" in page
    assert "Confirmed" in page


def test_a_patient_who_comes_is_marked_as_arrived(site, client, session):
    visit = builders.book_at_desk(site, at(0, 11)).appointment

    answer = client.post(
        f"/desk/visits/{visit.id}/arrive", data={"from": "board", "changed": "no"}
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/desk/?day=2027-03-03#visit-{visit.id}"
    assert session.get(Appointment, visit.id).status == Status.ARRIVED


def test_a_held_visit_cannot_begin(site, client, session):
    held = builders.book(site, at(5), last_toxin=str((NOW - timedelta(days=15)).date()))

    answer = client.post(
        f"/desk/visits/{held.appointment.id}/arrive", data={"changed": "no"}
    )

    assert answer.status_code == 409
    assert "has to be released before it can begin" in text_of(answer)
    assert session.get(Appointment, held.appointment.id).status == Status.HELD


def test_needling_is_completed_with_its_lot_and_depth(site, client, session):
    visit = _arrived(site)

    answer = client.post(
        f"/desk/visits/{visit}/complete", data={"lot": "LOT-42", "depth_mm": "1,5"}
    )

    assert answer.status_code == 303
    done = session.get(Appointment, visit)
    assert (done.status, done.lot, done.depth_mm) == (Status.COMPLETED, "LOT-42", 1.5)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"lot": ""}, "Enter the lot number"),
        ({"lot": "LOT-42", "depth_mm": "deep"}, "Give the depth in millimetres"),
        ({"lot": "LOT-42", "depth_mm": "nan"}, "Give the depth in millimetres"),
        ({"lot": "LOT-42", "depth_mm": "99"}, "Give the depth in millimetres"),
        ({"lot": "LOT\x0042"}, "Use ordinary letters"),
    ],
)
def test_needling_is_not_closed_without_a_lot_or_with_a_wrong_depth(
    site, client, session, data, message
):
    visit = _arrived(site)

    answer = client.post(f"/desk/visits/{visit}/complete", data=data)

    assert answer.status_code == 422
    assert message in text_of(answer)
    assert data["lot"][:3] in answer.get_data(as_text=True)
    assert session.get(Appointment, visit).status == Status.ARRIVED


def test_a_facial_is_completed_from_the_board(site, client, session):
    visit = _arrived(site, treatment="facial")

    client.post(f"/desk/visits/{visit}/complete", data={"from": "board"})

    assert session.get(Appointment, visit).status == Status.COMPLETED


def test_who_did_not_come_is_marked_once_the_visit_should_have_begun(
    site, client, clock, session
):
    visit = builders.book_at_desk(site, at(0, 11)).appointment.id

    early = client.post(f"/desk/visits/{visit}/no-show")
    clock.advance(timedelta(minutes=20))
    client.get("/desk/")
    clock.set(at(0, 10, 45))
    client.get("/desk/")
    clock.set(at(0, 11, 10))
    client.post(f"/desk/visits/{visit}/no-show")

    assert early.status_code == 409
    assert session.get(Appointment, visit).status == Status.NO_SHOW


def test_a_cancelled_visit_leaves_the_board_but_is_still_named(site, client, session):
    visit = builders.book_at_desk(site, at(0, 11)).appointment.id

    answer = client.post(
        f"/desk/visits/{visit}/cancel", data={"cancel_reason": "Has a cold"}
    )

    assert answer.status_code == 303
    assert session.get(Appointment, visit).status == Status.CANCELLED
    assert "1 cancelled, declined or expired" in text_of(client.get("/desk/"))


def test_two_patients_at_once_stand_in_two_columns(site, client):
    builders.book_at_desk(site, at(0, 11), contact=ADA)
    builders.book_at_desk(site, at(0, 11), contact=BOB)

    page = text_of(client.get("/desk/"))

    assert "Cleo 1" in page
    assert "Dan 1" in page
