from __future__ import annotations

import re
from datetime import timedelta

import pytest

from booking.models import Appointment, AuditEvent, Closure, Message, Status
from tests import builders
from tests.builders import BOB, at
from tests.clock import NOW
from tests.web.staff import sign_in, text_of

TOXIN = {"last_toxin": str((NOW - timedelta(days=15)).date())}


@pytest.fixture
def site(session):
    return builders.make_clinic()


@pytest.fixture
def desk(site, client):
    sign_in(client, "reception")
    return client


def test_a_visit_is_moved_through_the_same_gate(site, desk, session):
    visit = builders.book_at_desk(site, at(3)).appointment.id
    path = f"/desk/visits/{visit}/move"

    page = text_of(desk.get(path))
    answer = desk.post(f"{path}/to", data={"start": at(4, 12).isoformat()})

    assert "now Sat 6 Mar 10:00" in page
    assert answer.status_code == 303
    assert session.get(Appointment, visit).starts_at == at(4, 12)


def test_a_move_into_a_refused_day_leaves_the_visit_where_it_was(site, desk, session):
    visit = builders.book_at_desk(
        site, at(30), last_toxin=str(NOW.date())
    ).appointment.id

    answer = desk.post(
        f"/desk/visits/{visit}/move/to", data={"start": at(5).isoformat()}
    )

    assert answer.status_code == 422
    assert "First clear day" in text_of(answer)
    assert session.get(Appointment, visit).starts_at == at(30)


def test_a_move_to_a_taken_time_names_the_nearest_free_ones(site, desk, session):
    for contact in (builders.ADA, BOB):
        builders.book_at_desk(site, at(4), contact=contact)
    eve = builders.Contact(name="Eve Newman", email="eve@example.com")
    visit = builders.book_at_desk(site, at(3), contact=eve).appointment.id

    answer = desk.post(
        f"/desk/visits/{visit}/move/to", data={"start": at(4).isoformat()}
    )

    assert answer.status_code == 409
    assert "Nearest free times:" in text_of(answer)
    assert session.get(Appointment, visit).starts_at == at(3)


def test_the_page_before_a_move_says_what_the_day_comes_to(site, desk):
    visit = builders.book_at_desk(site, at(20), **TOXIN).appointment.id

    page = text_of(
        desk.get(
            f"/desk/visits/{visit}/move/to", query_string={"start": at(5).isoformat()}
        )
    )

    assert "R-55" in page
    assert "Keep the time as a hold" in page


def test_a_visit_shows_its_answers_mails_and_history(site, desk, session):
    visit = builders.book_at_desk(site, at(3)).appointment.id

    page = text_of(desk.get(f"/desk/visits/{visit}"))

    assert "Ada Fair" in page
    assert "17 May 1990" in page
    assert "Preparation, 2 days before patient planned" in page
    reads = session.query(AuditEvent).filter_by(action="read").all()
    assert [(e.subject_kind, e.subject_id) for e in reads] == [("appointment", visit)]


def test_mails_that_a_change_made_void_are_folded_away(site, desk, session):
    visit = builders.book_at_desk(site, at(3)).appointment.id
    assert "not sent, as the visit changed" not in text_of(
        desk.get(f"/desk/visits/{visit}")
    )
    desk.post(f"/desk/visits/{visit}/move/to", data={"start": at(4, 11).isoformat()})

    counting, _, void = text_of(desk.get(f"/desk/visits/{visit}")).partition(
        "not sent, as the visit changed"
    )

    assert "patient planned" in counting
    assert "patient void" not in counting
    assert "patient void" in void


def test_a_held_visit_says_so_once(site, desk):
    visit = builders.book(site, at(5), **TOXIN).appointment.id

    page = desk.get(f"/desk/visits/{visit}").get_data(as_text=True)

    assert len(re.findall(r'<span class="tag[^>]*>Held</span>', page)) == 1


def test_a_new_answer_for_a_confirmed_visit_may_hold_it(site, desk, session):
    visit = builders.book_at_desk(site, at(3)).appointment.id

    answer = desk.post(
        f"/desk/visits/{visit}/answers", data={"all": "yes", "blood_thinner": "yes"}
    )

    assert answer.status_code == 303
    assert session.get(Appointment, visit).status == Status.HELD


def test_the_day_of_a_visit_is_explained(site, desk):
    visit = builders.book(site, at(5), **TOXIN).appointment

    page = text_of(desk.get(f"/desk/explain?visit={visit.id}"))

    assert "Monday 8 March Hold" in page
    assert "R-55" in page
    assert "Sources" in page
    assert "from the patient’s answers" in page
    assert "First clear day from then on Tuesday 16 March" in page
    assert "free times" in page


def test_a_day_is_explained_for_another_treatment_from_the_records(site, desk):
    filler = builders.book_at_desk(site, at(0, 11), treatment="filler").appointment
    builders.complete(filler)

    page = text_of(
        desk.get(
            "/desk/explain",
            query_string={
                "patient": filler.patient_id,
                "what": "microneedling/face",
                "day": "2027-03-08",
            },
        )
    )

    assert "Monday 8 March Refused" in page
    assert "from our records" in page
    assert f"appointment {filler.id}" in page


def test_a_full_day_and_a_closed_day_are_told_apart(site, desk, session):
    visit = builders.book_at_desk(site, at(3)).appointment
    session.add(Closure(site_id=site.id, day=at(8).date(), name="Staff outing"))

    closed = text_of(desk.get(f"/desk/explain?visit={visit.id}&day=2027-03-11"))
    far = text_of(desk.get(f"/desk/explain?visit={visit.id}&day=2028-03-11"))

    assert "The clinic is closed: Staff outing." in closed
    assert "Not open for booking yet" in far


@pytest.mark.parametrize(
    "query", ["what=x/face", "what=microneedling/toe", "day=2027-13-01"]
)
def test_an_impossible_question_is_refused(site, desk, query):
    visit = builders.book_at_desk(site, at(3)).appointment

    assert desk.get(f"/desk/explain?visit={visit.id}&{query}").status_code == 422


def test_explaining_asks_for_the_treatment_that_was_not_chosen(site, desk):
    patient = builders.book_at_desk(site, at(3)).appointment.patient_id

    answer = desk.get(f"/desk/explain?patient={patient}&what=&day=2027-03-08")

    assert answer.status_code == 422
    assert "Choose a treatment and area." in text_of(answer)


def test_a_mail_that_failed_is_a_task_with_a_number_to_call(site, desk, session):
    visit = builders.book_at_desk(site, at(3)).appointment
    message = session.query(Message).filter_by(appointment_id=visit.id).first()
    message.state = "failed"
    message.error = "550 no such mailbox"

    page = text_of(desk.get("/desk/tasks"))

    assert "550 no such mailbox" in page
    assert "020 7946 0001" in page


def _failed_mail(site, session):
    visit = builders.book_at_desk(site, at(3)).appointment
    message = session.query(Message).filter_by(appointment_id=visit.id).first()
    message.state, message.attempts = "failed", 7
    session.commit()
    return message.id


def test_a_failed_mail_can_be_sent_again(site, desk, session):
    mail = _failed_mail(site, session)

    answer = desk.post(f"/desk/tasks/mails/{mail}/again")
    second = desk.post(f"/desk/tasks/mails/{mail}/again")

    assert (answer.status_code, second.status_code) == (303, 409)
    assert desk.post("/desk/tasks/mails/99999999999999999999/again").status_code == 404
    message = session.get(Message, mail)
    assert (message.state, message.attempts) == ("planned", 0)
    assert message.due_at == NOW


def test_a_patient_who_was_told_by_phone_is_no_task_any_more(site, desk, session):
    mail = _failed_mail(site, session)

    desk.post(f"/desk/tasks/mails/{mail}/done")

    assert session.get(Message, mail).state == "void"
    assert "could not be sent None." in text_of(desk.get("/desk/tasks"))
    assert session.query(AuditEvent).filter_by(action="mail.aside").count() == 1


@pytest.mark.parametrize(
    "query",
    [
        {"q": "ada"},
        {"q": "fair ADA"},
        {"q": "ada@example.com"},
        {"q": "02079460001"},
        {"q": "7946 0001"},
        {"born": "1990-05-17"},
        {"q": "ada", "born": "1990-05-17"},
    ],
)
def test_a_patient_is_found_by_name_mail_phone_or_birth_date(site, desk, query):
    builders.book_at_desk(site, at(3))
    builders.book_at_desk(site, at(3), contact=BOB, date_of_birth="1980-01-01")

    page = text_of(desk.get("/desk/patients", query_string=query))

    assert "Ada Fair" in page
    assert "Bob Quill" not in page


@pytest.mark.parametrize("query", [{"q": "%"}, {"q": "_"}, {"born": "1991-05-17"}])
def test_a_search_finds_nobody_by_accident(site, desk, query):
    builders.book_at_desk(site, at(3))

    page = text_of(desk.get("/desk/patients", query_string=query))

    assert "Nobody was found." in page


def test_a_search_with_control_characters_is_refused(site, desk):
    answer = desk.get("/desk/patients", query_string={"q": "ada\x00"})

    assert answer.status_code == 422


def test_an_empty_search_lists_nobody(site, desk):
    builders.book_at_desk(site, at(3))

    assert "Ada" not in text_of(desk.get("/desk/patients?q="))


def test_a_patients_file_shows_visits_and_releases(site, desk, session):
    released = builders.book_at_desk(
        site,
        at(5),
        release=builders.appointments.ReleaseNote("clinic_policy"),
        **TOXIN,
    ).appointment

    page = text_of(desk.get(f"/desk/patients/{released.patient_id}"))

    assert "Mon 8 Mar 10:00" in page
    assert "Our clinic's policy allows it" in page.replace("&#39;", "'")
    assert "Covers R-55" in page
    assert f"Booked ( visit {released.id} ) · Robin" in page


def test_opening_a_file_is_written_down(site, desk, session):
    patient = builders.book_at_desk(site, at(3)).appointment.patient_id

    desk.get(f"/desk/patients/{patient}")

    event = session.query(AuditEvent).filter_by(action="read").one()
    assert (event.actor, event.subject_kind, event.subject_id) == (
        "Robin Desk",
        "patient",
        patient,
    )
