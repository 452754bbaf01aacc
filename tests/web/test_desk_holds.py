from __future__ import annotations

from datetime import timedelta

import pytest

from booking import accounts
from booking.models import Appointment, AuditEvent, Hold, HoldState, Release, Status
from tests import builders
from tests.builders import BOB, CLINICIAN, at
from tests.clock import NOW
from tests.web.staff import sign_in, text_of

TOXIN = {"last_toxin": str((NOW - timedelta(days=15)).date())}  # the desk
MEDICINE = {"blood_thinner": "yes"}  # a clinician
RADIO = {"reason": "clinic_policy"}


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


def _employ_cleo():
    accounts.create_staff(
        "cleo@clinic.example", "Cleo Hart", ["clinician"], "pass phrase", now=NOW
    )


def _held(site, day=5, **answers):
    return builders.book(site, at(day), **(answers or TOXIN))


def test_the_queue_says_who_waits_why_and_until_when(site, desk):
    _held(site)

    page = text_of(desk.get("/desk/holds"))

    assert "Ada Fair" in page
    assert "Microneedling, face" in page
    assert "R-55" in page
    assert "The front desk may release this." in page
    assert "Ends by itself: clear from Tue 16 Mar 2027 on." in page
    assert "Decide within" in page


def test_the_nearest_deadline_comes_first(site, desk):
    _held(site, day=9, contact=BOB, **TOXIN)
    _held(site, day=3)

    page = text_of(desk.get("/desk/holds"))

    assert page.index("Ada Fair") < page.index("Bob Quill")


def test_a_receptionist_releases_with_a_reason(site, desk, session):
    held = _held(site)

    answer = desk.post(f"/desk/holds/{held.hold.id}/release", data=RADIO)

    assert answer.status_code == 303
    assert session.get(Appointment, held.appointment.id).status == Status.CONFIRMED
    release = session.query(Release).one()
    assert (release.by, release.authority, release.reason) == (
        "Robin Desk",
        "reception",
        "clinic_policy",
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Choose a reason from the list."),
        ({"reason": "because"}, "Choose a reason from the list."),
        ({"reason": "other", "note": "too short"}, "at least 15 characters"),
        ({"reason": "other", "note": "null\x00in a long note"}, "ordinary letters"),
    ],
)
def test_a_release_says_why(site, desk, session, data, message):
    held = _held(site)

    answer = desk.post(f"/desk/holds/{held.hold.id}/release", data=data)

    assert answer.status_code == 422
    assert message in text_of(answer)
    assert data.get("note", "")[:4] in answer.get_data(as_text=True)
    assert session.query(Release).count() == 0


def test_a_refused_release_is_shown_again_at_the_hold_itself(site, desk):
    held = _held(site)

    answer = desk.post(f"/desk/holds/{held.hold.id}/release", data={})

    assert answer.status_code == 422
    assert f'data-at="/desk/holds/{held.hold.id}"' in answer.get_data(as_text=True)


def test_another_reason_is_written_down(site, desk, session):
    held = _held(site)
    note = "Seen today by the doctor: fine."

    desk.post(
        f"/desk/holds/{held.hold.id}/release", data={"reason": "other", "note": note}
    )

    assert session.query(Release).one().note == note


def test_declining_frees_the_time(site, desk, session):
    held = _held(site)

    answer = desk.post(
        f"/desk/holds/{held.hold.id}/decline", data={"reason": "no_answer"}
    )

    assert answer.status_code == 303
    assert session.get(Appointment, held.appointment.id).status == Status.DECLINED


def test_a_hold_is_decided_only_once(site, desk, session):
    held = _held(site)
    desk.post(f"/desk/holds/{held.hold.id}/decline", data={"reason": "unsafe"})

    answer = desk.post(f"/desk/holds/{held.hold.id}/release", data=RADIO)

    assert answer.status_code == 409
    assert "already been decided" in text_of(answer)
    assert session.get(Appointment, held.appointment.id).status == Status.DECLINED


def test_what_needs_a_clinician_is_not_released_by_the_desk_alone(site, desk, session):
    held = _held(site, **MEDICINE)

    answer = desk.post(f"/desk/holds/{held.hold.id}/release", data=RADIO)

    assert answer.status_code == 403
    assert "record who, when and how" in text_of(answer)
    assert session.get(Appointment, held.appointment.id).status == Status.HELD


def test_the_desk_records_which_clinician_cleared_it(site, desk, session):
    _employ_cleo()
    held = _held(site, **MEDICINE)

    answer = desk.post(
        f"/desk/holds/{held.hold.id}/release",
        data={
            "reason": "cleared_by_clinician",
            "attested_who": "Cleo Hart",
            "attested_how": "by_phone",
            "attested_when": "2027-03-03T09:45",
        },
    )

    assert answer.status_code == 303
    release = session.query(Release).one()
    assert release.authority == "attested"
    assert release.attested_by == "Cleo Hart, 2027-03-03 09:45, by phone"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"attested_who": "Dr Nobody"}, "Choose a clinician of this clinic."),
        ({"attested_how": ""}, "Say how they told you."),
        ({"attested_when": "yesterday"}, "Give the day and the time."),
    ],
)
def test_an_attestation_names_who_when_and_how(site, desk, session, wrong, message):
    _employ_cleo()
    held = _held(site, **MEDICINE)
    data = {
        "reason": "cleared_by_clinician",
        "attested_who": "Cleo Hart",
        "attested_how": "by_phone",
        "attested_when": "2027-03-03T09:45",
    }

    answer = desk.post(f"/desk/holds/{held.hold.id}/release", data=data | wrong)

    assert answer.status_code == 422
    assert message in text_of(answer)
    assert session.query(Release).count() == 0


def test_a_clinic_can_switch_attestation_off(site, desk, session):
    _employ_cleo()
    site.attestation_allowed = False
    session.commit()
    held = _held(site, **MEDICINE)

    page = desk.get(f"/desk/holds/{held.hold.id}").get_data(as_text=True)
    answer = desk.post(
        f"/desk/holds/{held.hold.id}/release",
        data={
            "reason": "cleared_by_clinician",
            "attested_who": "Cleo Hart",
            "attested_how": "by_phone",
            "attested_when": "2027-03-03T09:45",
        },
    )

    assert "attested_who" not in page
    assert answer.status_code == 403


def test_a_clinician_has_a_queue_of_their_own(site, clinician):
    _held(site, day=4, **TOXIN)
    _held(site, day=6, contact=BOB, **MEDICINE)

    page = text_of(clinician.get("/desk/holds/clinician"))

    assert "Bob Quill" in page
    assert "Ada Fair" not in page


def test_a_clinician_releases_on_their_own_authority(site, clinician, session):
    held = _held(site, **MEDICINE)

    answer = clinician.post(
        f"/desk/holds/{held.hold.id}/release",
        data={"reason": "cleared_by_clinician", "queue": "clinician"},
    )

    assert answer.headers["Location"] == "/desk/holds/clinician"
    assert session.query(Release).one().authority == "clinician"


def test_what_waits_for_an_answer_offers_to_record_it(site, desk):
    held = _held(site, day=40, unwell="now")

    page = desk.get(f"/desk/holds/{held.hold.id}").get_data(as_text=True)

    assert f"/desk/visits/{held.appointment.id}/answers" in page
    assert f"/desk/holds/{held.hold.id}/release" not in page


def test_the_patients_new_answer_confirms_without_anybodys_help(site, desk, session):
    held = _held(site, day=40, unwell="now")
    path = f"/desk/visits/{held.appointment.id}/answers"

    page = text_of(desk.get(path))
    answer = desk.post(
        path,
        data={
            "unwell": "day",
            "unwell-day": "20",
            "unwell-month": "2",
            "unwell-year": "2027",
        },
    )

    assert "antibiotics" in page
    assert answer.status_code == 303
    assert session.get(Appointment, held.appointment.id).status == Status.CONFIRMED
    assert session.get(Hold, held.hold.id).state == HoldState.CLEARED


def test_an_impossible_date_is_named_and_what_was_typed_stays(site, desk, session):
    held = _held(site, day=40, unwell="now")

    answer = desk.post(
        f"/desk/visits/{held.appointment.id}/answers",
        data={
            "unwell": "day",
            "unwell-day": "30",
            "unwell-month": "2",
            "unwell-year": "2027",
        },
    )

    assert answer.status_code == 422
    assert "There is no 30 February in 2027" in text_of(answer)
    assert 'value="30"' in answer.get_data(as_text=True)
    assert session.get(Appointment, held.appointment.id).status == Status.HELD


def test_what_nobody_may_release_can_only_be_moved_or_answered(site, desk):
    visit = builders.book_at_desk(site, at(40)).appointment
    builders.appointments.change_answers(
        visit, {"pregnant": "now"}, now=NOW, actor=builders.RECEPTION
    )
    hold = visit.holds[-1]

    page = desk.get(f"/desk/holds/{hold.id}").get_data(as_text=True)

    assert "Nobody may release this." in page
    assert f"/desk/holds/{hold.id}/release" not in page
    assert f"/desk/visits/{visit.id}/move" in page


def test_a_contradiction_is_shown_beside_the_record(site, desk):
    earlier = builders.book_at_desk(site, at(0, 11), treatment="filler").appointment
    builders.complete(earlier)
    builders.book(site, at(12), last_filler="never")

    page = text_of(desk.get("/desk/holds"))

    assert "differs from what we have on file" in page
    assert f"appointment {earlier.id}" in page


def test_reading_a_hold_is_written_down(site, desk, session):
    held = _held(site)

    desk.get(f"/desk/holds/{held.hold.id}")

    event = session.query(AuditEvent).filter_by(action="read").one()
    assert (event.actor, event.subject_kind, event.subject_id) == (
        "Robin Desk",
        "hold",
        held.hold.id,
    )


def test_an_overdue_hold_of_a_confirmed_visit_is_an_urgent_task(
    site, desk, clock, session
):
    visit = builders.book_at_desk(site, at(6), actor=CLINICIAN).appointment
    builders.appointments.change_answers(
        visit, MEDICINE, now=NOW, actor=builders.RECEPTION
    )
    hold = visit.holds[-1]
    hold.decide_by = NOW - timedelta(hours=2)

    page = text_of(desk.get("/desk/tasks"))
    board = text_of(desk.get("/desk/"))

    assert "2 h 0 min late" in page
    assert "It does not expire by itself." in page
    assert "1 hold is past the deadline." in board


@pytest.mark.parametrize(
    "path",
    [
        "/desk/holds/99",
        "/desk/visits/99",
        "/desk/patients/99",
        "/desk/visits/99999999999999999999",
        "/desk/explain?patient=99999999999999999999",
        "/desk/book?patient=99",
    ],
)
def test_what_does_not_exist_is_not_found(site, desk, path):
    assert desk.get(path).status_code == 404
