from __future__ import annotations

from datetime import timedelta

import pytest

from booking.models import Appointment, Patient, Release, Screening, Status
from tests import builders
from tests.builders import at
from tests.clock import NOW
from tests.web.staff import sign_in, text_of

DIRECT = {
    "date_of_birth-day": "17",
    "date_of_birth-month": "5",
    "date_of_birth-year": "1990",
    "skin_type": "II",
    "active_acne": "none",
    "concern": "fine_lines",
}
NEW = {"name": "Eve Newman", "email": "eve@example.com", "phone": "020 7946 0005"}


@pytest.fixture
def site(session):
    return builders.make_clinic()


@pytest.fixture
def desk(site, client):
    sign_in(client, "reception")
    return client


@pytest.fixture
def clinician(site, client):
    sign_in(client, "clinician", name="Cleo Hart")
    return client


def _call(client, *, ticked=(), more=None, patient="", what="microneedling/face"):
    """The address of the times page after answering for a caller."""
    begun = client.post("/desk/book", data={"what": what, "patient": patient})
    asked = begun.headers["Location"]
    answer = client.post(asked, data=DIRECT | {"tick": list(ticked)})
    details = answer.headers["Location"]
    answer = client.post(details, data=more) if ticked else client.get(details)
    assert answer.status_code == 303, text_of(answer)
    return answer.headers["Location"]


def _take(client, times, day, hour=10, **data):
    """Book that hour with the first practitioner who has it."""
    confirm = times.replace("/times", "/confirm")
    return client.post(confirm, data={"start": at(day, hour).isoformat()} | data)


def test_a_new_patient_is_booked_while_they_are_on_the_phone(desk, session):
    times = _call(desk)

    page = text_of(desk.get(times))
    answer = _take(desk, times, 3, **NEW)

    assert "For a new patient: Microneedling, face." in page
    assert answer.status_code == 303
    visit = session.query(Appointment).one()
    assert (visit.status, visit.source) == (Status.CONFIRMED, "desk")
    assert visit.patient.email == "eve@example.com"
    assert visit.patient.birth_date == "1990-05-17"
    assert visit.patient.established
    assert session.query(Screening).one().answered_by == "staff"


def test_what_was_not_ticked_does_not_apply(desk, session):
    _take(desk, _call(desk), 3, **NEW)

    answers = session.query(Screening).one().answers
    assert answers["pregnant"] == "never"
    assert answers["blood_thinner"] == "no"


def test_our_records_count_for_a_patient_on_file(site, desk, session):
    earlier = builders.book_at_desk(site, at(0, 11), treatment="filler").appointment
    builders.complete(earlier)

    times = _call(desk, patient=str(earlier.patient_id))
    page = text_of(desk.get(times))
    answer = _take(desk, times, 3)

    assert "differs from what we have on file" in page
    assert answer.status_code == 422
    assert session.query(Appointment).count() == 1


def test_the_first_day_shown_is_the_first_clear_one(site, desk):
    toxin = (NOW - timedelta(days=10)).date()
    times = _call(
        desk,
        ticked=["last_toxin"],
        more={
            "last_toxin": "day",
            "last_toxin-day": str(toxin.day),
            "last_toxin-month": str(toxin.month),
            "last_toxin-year": str(toxin.year),
        },
    )

    page = text_of(desk.get(times))

    assert "First clear day: Sun 21 Mar" in page


def _with_toxin(client, days_ago, **values):
    toxin = (NOW - timedelta(days=days_ago)).date()
    return _call(
        client,
        ticked=["last_toxin"],
        more={
            "last_toxin": "day",
            "last_toxin-day": str(toxin.day),
            "last_toxin-month": str(toxin.month),
            "last_toxin-year": str(toxin.year),
        },
        **values,
    )


def test_a_held_day_can_be_kept_as_a_hold(site, desk, session):
    times = _with_toxin(desk, 10)

    page = text_of(desk.get(f"{times}?day=2027-03-10"))
    answer = _take(desk, times, 7, how="request", **NEW)

    assert "R-55" in page
    assert answer.status_code == 303
    assert session.query(Appointment).one().status == Status.HELD


def test_a_held_day_can_be_released_at_once(site, desk, session):
    answer = _take(
        desk, _with_toxin(desk, 10), 7, how="release", reason="clinic_policy", **NEW
    )

    assert answer.status_code == 303
    assert session.query(Appointment).one().status == Status.CONFIRMED
    assert session.query(Release).one().by == "Robin Desk"


def test_a_release_at_once_needs_a_reason_and_keeps_what_was_typed(site, desk, session):
    answer = _take(desk, _with_toxin(desk, 10), 7, how="release", **NEW)

    assert answer.status_code == 422
    assert "Choose a reason from the list." in text_of(answer)
    assert 'value="Eve Newman"' in answer.get_data(as_text=True)
    assert session.query(Appointment).count() == 0


def test_the_desk_cannot_book_into_a_refused_day(site, desk, session):
    times = _with_toxin(desk, 3)

    page = text_of(desk.get(f"{times}?day=2027-03-08"))
    answer = _take(desk, times, 5, how="release", reason="clinic_policy", **NEW)

    assert "You cannot book this day." in page
    assert answer.status_code in (403, 422)
    assert session.query(Appointment).count() == 0


def test_a_clinician_books_into_a_refused_day_with_a_recorded_release(
    site, clinician, session
):
    answer = _take(
        clinician,
        _with_toxin(clinician, 3),
        5,
        how="release",
        reason="other",
        note="Different area, seen by me today.",
        **NEW,
    )

    assert answer.status_code == 303
    assert session.query(Appointment).one().status == Status.CONFIRMED
    release = session.query(Release).one()
    assert (release.by, release.authority) == ("Cleo Hart", "clinician")


def test_nobody_books_a_pregnant_caller(site, clinician, session):
    times = _call(clinician, ticked=["pregnant"], more={"pregnant": "now"})

    answer = _take(clinician, times, 5, how="release", reason="clinic_policy", **NEW)

    assert answer.status_code in (409, 422)
    assert session.query(Appointment).count() == 0


def test_the_same_form_sent_twice_books_once(desk, session):
    times = _call(desk)
    confirm = times.replace("/times", "/confirm")
    data = {"start": at(3).isoformat(), **NEW}
    with desk.session_transaction() as cookie:
        before = dict(cookie)

    first = desk.post(confirm, data=data)
    with desk.session_transaction() as cookie:
        cookie.clear()
        cookie.update(before)
    second = desk.post(confirm, data=data)

    assert session.query(Appointment).count() == 1
    assert first.status_code == 303
    assert second.headers["Location"] == first.headers["Location"]


def test_signing_out_leaves_no_answers_behind(desk):
    times = _call(desk)

    desk.post("/logout")
    sign_in(desk, "reception", name="Sam Second")

    assert desk.get(times).status_code == 404


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": ""}, "Give your name"),
        ({"email": "eve"}, "Give an e-mail address"),
        ({"phone": "12"}, "Give a phone number"),
        ({"start": "yesterday"}, "Choose one of the offered times."),
        ({"start": "2027-03-06T10:00:00"}, "Choose one of the offered times."),
        ({"start": at(3, 3).isoformat()}, "the clinic cannot start then"),
        ({"start": at(-1).isoformat()}, "Choose a time in the future."),
        ({"practitioner": "99"}, "Choose"),
        ({"practitioner": "x"}, "Choose one of the practitioners."),
    ],
)
def test_bad_input_is_named_and_books_nothing(desk, session, data, message):
    times = _call(desk)

    answer = _take(desk, times, 3, **(NEW | data))

    assert answer.status_code == 422
    assert message in text_of(answer)
    assert session.query(Appointment).count() == 0
    assert session.query(Patient).count() == 0


@pytest.mark.parametrize("what", ["", "microneedling", "microneedling/toe", "x/face"])
def test_only_offered_treatments_and_areas_can_be_booked(desk, what):
    answer = desk.post("/desk/book", data={"what": what})

    assert answer.status_code == 422
    assert "Choose a treatment and the area of skin." in text_of(answer)


def test_an_impossible_birth_date_is_named(desk):
    asked = desk.post("/desk/book", data={"what": "microneedling/face"}).headers[
        "Location"
    ]

    answer = desk.post(
        asked, data=DIRECT | {"date_of_birth-day": "31"} | {"date_of_birth-month": "2"}
    )

    assert answer.status_code == 422
    assert "There is no 31 February in 1990" in text_of(answer)


def test_a_consultation_asks_nothing(desk, session):
    begun = desk.post("/desk/book", data={"what": "consultation/face"})
    answer = desk.get(begun.headers["Location"])

    assert answer.headers["Location"].endswith("/times")
