"""The patient's file at the desk: records, conflicts, signs after a visit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import prerequisites
from booking.actors import PATIENT
from booking.models import AuditEvent, Record, Settlement, SymptomReport, Task
from booking.records import filing
from booking.records.entries import Entry
from booking.rescreening import decisions
from booking.symptoms import reports
from booking.symptoms.reports import Said
from tests import builders
from tests.builders import CLINICIAN, TODAY, at
from tests.clock import NOW
from tests.web.staff import sign_in, text_of

WHY = "The letter was about her sister."
DAY = {"day-day": "22", "day-month": "2", "day-year": "2027"}
FILLER = {
    "kind": "treatment",
    "treatment": "filler",
    "area": "face",
    "how_known": "patient_phone",
    **DAY,
}


@pytest.fixture
def site(session):
    builders.employ_cleo()
    return builders.make_clinic()


@pytest.fixture
def desk(site, client):
    sign_in(client, "reception")
    return client


@pytest.fixture
def clinician(site, client):
    sign_in(client, "clinician", name="Amara Doctor")
    return client


@pytest.fixture
def visit(site):
    return builders.book_at_desk(site, at(7)).appointment


def _records(session):
    session.expire_all()
    return session.scalars(select(Record).order_by(Record.id)).all()


def _new(client, visit, **data):
    return client.post(f"/desk/patients/{visit.patient_id}/records", data=data)


def test_a_treatment_elsewhere_is_put_on_file(desk, visit, session):
    start = text_of(desk.get(f"/desk/patients/{visit.patient_id}/records/new"))
    answer = _new(desk, visit, **FILLER)

    file = text_of(desk.get(answer.location))
    assert "A treatment done elsewhere" in start
    assert answer.status_code == 303
    (record,) = _records(session)
    assert (record.subject, str(record.day), record.entered_by) == (
        "filler", "2027-02-22", "Robin Desk",
    )  # fmt: skip
    assert "From the patient, by phone" in file
    assert "Put on file" in file


def test_a_day_to_come_is_refused_with_all_that_was_typed(desk, visit, session):
    answer = _new(desk, visit, **FILLER | {"day-month": "4", "note": "By mail."})
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert "This day lies in the future" in page
    assert 'href="#day-day"' in page
    assert "By mail." in page
    assert 'value="filler" selected' in page
    assert _records(session) == []


def test_any_question_can_be_answered_from_a_letter(desk, visit, session):
    path = f"/desk/patients/{visit.patient_id}/records/new?kind=answer"
    form = text_of(desk.get(path + "&question=keloid_in_area"))

    answer = _new(
        desk, visit, kind="answer", question="keloid_in_area", keloid_in_area="yes",
        area="face", how_known="letter",
    )  # fmt: skip

    assert "Which question?" in text_of(desk.get(path))
    assert "keloid" in form.lower()
    assert answer.status_code == 303
    assert _records(session)[0].value["value"] == "yes"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "answer", "question": "last_filler", "how_known": "letter"},
         "Please answer this question."),
        ({"kind": "answer", "question": "last_filler", "last_filler": "day",
          "last_filler-day": "31", "last_filler-month": "2",
          "last_filler-year": "2027", "how_known": "letter"},
         "There is no 31 February"),
        ({"kind": "allergy", "how_known": "letter"}, "Choose what the allergy is to."),
        ({"kind": "allergy", "allergy": "other_allergy/", "how_known": "letter"},
         "Please answer this question."),
        ({"kind": "cleared", "how_known": "by_phone"},
         "Choose a clinician of this clinic."),
        ({"kind": "gossip"}, "Choose what you want to enter."),
        ({**FILLER, "depth_mm": "deep"}, "Give the depth in millimetres"),
        ({**FILLER, "day-day": "31"}, "There is no 31 February"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(desk, visit, session, data, words):
    answer = _new(desk, visit, **data)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert _records(session) == []


def test_an_unknown_question_and_patient_are_not_found(desk, visit):
    new = f"/desk/patients/{visit.patient_id}/records/new?kind=answer&question=x"

    assert desk.get(new).status_code == 404
    assert desk.get("/desk/patients/99999/records/new").status_code == 404
    assert desk.get("/desk/records/99999/correct").status_code == 404
    assert desk.post(f"/desk/records/{2**40}/withdraw").status_code == 404


def test_an_allergy_and_a_clearance_are_put_on_file(desk, visit, session):
    allergy = _new(
        desk, visit, kind="allergy", allergy="metal_allergy/nickel", how_known="letter"
    )
    cleared = _new(
        desk, visit, kind="cleared", by="Dr Cleo", value="The mole on the cheek",
        how_known="by_phone", **DAY,
    )  # fmt: skip

    assert (allergy.status_code, cleared.status_code) == (303, 303)
    file = text_of(desk.get(f"/desk/patients/{visit.patient_id}"))
    assert "Cleared by Dr Cleo" in file
    assert "Our record Yes, to nickel only" in file


def test_a_clearance_on_file_is_read_beside_the_hold(site, desk, session):
    held = builders.book(site, at(9), cold_sore_history="yes")
    _new(
        desk, held.appointment, kind="cleared", by="Dr Cleo", value="The cold sores",
        how_known="by_phone", **DAY,
    )  # fmt: skip

    page = text_of(desk.get(f"/desk/holds/{held.hold.id}"))

    assert "What clinicians have cleared" in page
    assert "It lets nothing pass by itself" in page


def test_a_record_is_corrected_and_taken_back(desk, visit, session):
    _new(desk, visit, **FILLER)
    (first,) = _records(session)
    path = f"/desk/records/{first.id}"

    form = desk.get(f"{path}/correct").get_data(as_text=True)
    short = desk.post(f"{path}/correct", data=FILLER | {"why": "no"})
    fixed = desk.post(f"{path}/correct", data=FILLER | {"day-day": "20", "why": WHY})
    again = desk.post(f"{path}/withdraw", data={"why": WHY})
    second = _records(session)[1]
    gone = desk.post(f"/desk/records/{second.id}/withdraw", data={"why": WHY})

    assert 'value="22"' in form
    assert (short.status_code, fixed.status_code) == (422, 303)
    assert again.status_code == 409
    assert "has replaced this one" in text_of(again)
    assert gone.status_code == 303
    assert [row.kind for row in _records(session)] == [
        "treatment", "treatment", "withdrawal",
    ]  # fmt: skip


def _on_file(site, visit, how_known="letter"):
    entry = Entry("treatment", "filler", how_known, TODAY - timedelta(days=9), "face")
    record = filing.enter(site, visit.patient_id, entry, now=NOW, actor=CLINICIAN)
    found = decisions.clearance_now(visit, site, now=NOW, patient_id=visit.patient_id)
    decisions.settle(visit, site, found, now=NOW, neutral=False)
    return record


def test_the_result_of_a_patch_test_is_taken_back_and_entered_anew(
    site, desk, visit, session
):
    record = prerequisites.enter_result(
        visit.patient, "microneedling", TODAY, "failed", "seen on the arm",
        site=site, now=NOW, actor=CLINICIAN,
    )  # fmt: skip
    session.commit()
    path = f"/desk/records/{record.id}"

    file = text_of(desk.get(f"/desk/patients/{visit.patient_id}"))
    form = text_of(desk.get(f"{path}/correct"))
    alone = desk.post(f"{path}/withdraw", data={"why": WHY})
    done = desk.post(f"{path}/withdraw", data={"why": WHY, **ATTESTED})

    assert "Patch test: Microneedling" in file
    assert "taken back where it is wrong, and entered anew" in form
    assert (alone.status_code, done.status_code) == (403, 303)
    assert record.corrected_by_id is not None


ATTESTED = {
    "attested_who": "Dr Cleo",
    "attested_how": "by_phone",
    "attested_when": "2027-03-03T09:00",
}


def test_a_letter_is_taken_back_with_a_named_clinician(site, desk, visit, session):
    path = f"/desk/records/{_on_file(site, visit).id}"
    session.commit()

    form = text_of(desk.get(f"{path}/correct"))
    alone = desk.post(f"{path}/withdraw", data={"why": WHY})
    half = desk.post(f"{path}/withdraw", data={"why": WHY, "attested_who": "Dr Cleo"})
    done = desk.post(f"{path}/withdraw", data={"why": WHY, **ATTESTED})

    assert "Which of ours did?" in form
    assert [r.status_code for r in (alone, half, done)] == [403, 422, 303]
    assert "Only a clinician may take this back" in text_of(alone)
    assert "by phone" in _records(session)[-1].value["attested_by"]


def test_a_conflict_stands_side_by_side_and_is_settled_once(site, desk, visit, session):
    record = _on_file(site, visit, "patient_phone")
    session.commit()
    path = f"/desk/patients/{visit.patient_id}"
    data = {
        "question": "last_filler",
        "ref": f"record {record.id}",
        "said": "never",
        "counts": "record",
        "note": "She had forgotten it.",
    }

    before = text_of(desk.get(path))
    hold = text_of(desk.get("/desk/holds"))
    bad = desk.post(f"/desk/visits/{visit.id}/settle", data=data | {"note": ""})
    done = desk.post(f"/desk/visits/{visit.id}/settle", data=data)
    second = desk.post(
        f"/desk/visits/{visit.id}/settle", data=data | {"counts": "answer"}
    )
    after = text_of(desk.get(path))

    assert "No, never , for the visit on" in before
    assert "Dermal filler, 22 February 2027" in before
    assert "Settle it on the patient’s file" in hold
    assert bad.status_code == 422
    assert "Say why in at least 15 characters" in text_of(bad)
    assert done.status_code == 303
    assert second.status_code == 409
    assert "Robin Desk has settled this already" in text_of(second)
    assert "Settled Our record counts: it stays as it is" in after
    assert "She had forgotten it." in after
    assert session.scalars(select(Settlement)).one().counts == "record"


@pytest.fixture
def done(site, session, clock):
    visit = builders.complete(builders.book_at_desk(site, at(0, 12)).appointment)
    clock.set(at(2, 12))
    return visit


def _report(done, *signs):
    return reports.report(
        done, Said(signs, "Since noon"), step="report", now=at(2, 12), actor=PATIENT
    )


def test_signs_are_read_and_cleared_by_a_clinician(done, session, client):
    _report(done, "F-03")
    client.application.config["CLOCK"].set(NOW)
    sign_in(client, "clinician", name="Amara Doctor")
    path = f"/desk/visits/{done.id}/symptoms"

    board = text_of(client.get("/desk/"))
    queue = text_of(client.get("/desk/holds/clinician"))
    page = text_of(client.get(path))
    file = text_of(client.get(f"/desk/patients/{done.patient_id}"))
    bad = client.post(f"{path}/clear", data={"reason": ""})
    cleared = client.post(f"{path}/clear", data={"reason": "seen_and_well"})

    assert "For you: 1 task such as signs after a visit" in board
    assert "Signs after a visit: Ada Fair" in queue
    assert "Pus, yellow crust" in page
    assert "Since noon" in page
    assert "Read and clear them" in file
    assert (bad.status_code, cleared.status_code) == (422, 303)
    assert "Cleared" in text_of(client.get(path))
    assert reports.open_reports([done.id]) == []
    reads = session.scalars(select(AuditEvent).where(AuditEvent.action == "read"))
    assert ("appointment", done.id) in {(e.subject_kind, e.subject_id) for e in reads}


def test_reception_clears_signs_only_for_a_named_clinician(done, session, client):
    _report(done, "F-03")
    client.application.config["CLOCK"].set(NOW)
    sign_in(client, "reception")
    path = f"/desk/visits/{done.id}/symptoms/clear"

    alone = client.post(path, data={"reason": "settled"})
    attested = client.post(path, data={"reason": "settled", **ATTESTED})

    assert (alone.status_code, attested.status_code) == (403, 303)
    assert "Only a clinician may clear this" in text_of(alone)


def test_signs_are_recorded_for_a_caller_who_is_told_what_to_do(done, session, client):
    client.application.config["CLOCK"].set(NOW)
    sign_in(client, "reception")
    path = f"/desk/visits/{done.id}/symptoms"

    answer = client.post(path, data={"signs": ["F-08"], "text": "Swollen lips"})
    page = text_of(client.get(answer.location))
    bad = client.post(path, data={"signs": ["F-99"]})

    assert answer.status_code == 303
    assert "Tell the patient: Call the emergency number now." in page
    assert bad.status_code == 422
    row = session.scalars(select(SymptomReport)).one()
    assert (row.step, row.urgency) == ("report", "emergency")


def test_a_visit_to_come_has_no_signs_and_no_notes(desk, visit):
    assert desk.get(f"/desk/visits/{visit.id}/symptoms").status_code == 409
    assert desk.get(f"/desk/visits/{visit.id}/notes").status_code == 409


def test_a_symptom_task_is_not_closed_at_the_front_desk(done, session, client):
    _report(done, "F-03")
    client.application.config["CLOCK"].set(NOW)
    sign_in(client, "reception")
    task = session.scalars(select(Task)).one().id

    page = text_of(client.get("/desk/tasks"))
    answer = client.post(f"/desk/tasks/{task}/done", data={"outcome": "advised"})

    assert "Signs after a visit: Ada Fair" in page
    assert "For a clinician: pass it on." in page
    assert "Tasks 1 waiting" in page
    assert "Pus" not in page
    assert answer.status_code == 403
    session.expire_all()
    assert session.get(Task, task).done_at is None


def test_a_task_ends_with_an_outcome_from_its_list(done, session, client):
    _report(done, "F-11")
    client.application.config["CLOCK"].set(NOW)
    sign_in(client, "clinician", name="Amara Doctor")
    path = f"/desk/tasks/{session.scalars(select(Task)).one().id}/done"

    unknown = client.post(path, data={"outcome": "forgotten"})
    wordless = client.post(path, data={"outcome": "other", "note": "hm"})
    ended = client.post(path, data={"outcome": "advised", "note": "Will send a photo."})
    twice = client.post(path, data={"outcome": "advised"})

    assert [a.status_code for a in (unknown, wordless, ended, twice)] == [
        422, 422, 303, 409,
    ]  # fmt: skip
    assert "Choose how it ended." in text_of(unknown)
    assert "hm" in wordless.get_data(as_text=True)
    session.expire_all()
    task = session.scalars(select(Task)).one()
    assert (task.outcome, task.note, task.done_by) == (
        "advised", "Will send a photo.", "Amara Doctor",
    )  # fmt: skip
    assert client.post(f"/desk/tasks/{2**40}/done").status_code == 404


def test_the_notes_of_a_visit_are_put_right(done, session, client):
    client.application.config["CLOCK"].set(NOW)
    sign_in(client, "clinician", name="Amara Doctor")
    path = f"/desk/visits/{done.id}/notes"
    right = {"product": "SkinPen tip", "lot": "LOT-9", "depth_mm": "1,5", "why": WHY}

    form = client.get(path).get_data(as_text=True)
    bad = client.post(path, data=right | {"lot": ""})
    fixed = client.post(path, data=right)
    page = text_of(client.get(fixed.location))
    file = text_of(client.get(f"/desk/patients/{done.patient_id}"))

    assert 'value="LOT-1"' in form
    assert bad.status_code == 422
    assert "SkinPen tip" in page
    assert "lot LOT-1 → LOT-9" in file


def test_a_needling_is_completed_with_its_product(site, client, session, clock):
    visit = builders.book_at_desk(site, at(0, 13)).appointment
    sign_in(client, "reception")
    client.post(f"/desk/visits/{visit.id}/arrive", data={"changed": "no"})

    client.post(
        f"/desk/visits/{visit.id}/complete",
        data={"lot": "L1", "product": "Tip 12", "depth_mm": "1.0"},
    )

    session.expire_all()
    assert (visit.status, visit.product, visit.lot) == ("completed", "Tip 12", "L1")
