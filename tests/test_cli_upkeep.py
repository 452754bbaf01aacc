"""The commands that look after what is stored, as an operator calls them."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, func, select, type_coerce, update

import screening
from booking import accounts, appointments, audit, crypto, jobs, lockfile, settings
from booking.actors import PATIENT
from booking.db import db
from booking.keyring import sealed_tables
from booking.models import Appointment, AuditEvent, Message, Patient, Record
from booking.patients import Contact
from booking.symptoms import reports
from booking.tasks import call_backs
from tests.builders import ADA, BIRTH, BOB, RECEPTION, at, book, complete, make_clinic

SHIPPED = Path(screening.__file__).parent / "rulebooks"
CARA = Contact(name="Cara Quill", email="cara@example.com")
FIRST_KEY = "b25seSBmb3IgdGVzdHM6IDMyIGJ5dGVzIG9mIGtleS4="
SECRET_REASON = "Ada is expecting twins"
SECRET_WORDS = "yellow crust on the cheek"
SECRET_NOTE = "her sister told us"


@pytest.fixture
def clinic(session, app):
    """Ada and Bob have been here, and the mail is in the local mailbox."""
    site = make_clinic()
    complete(book(site, at(5)).appointment)
    declined = book(site, at(40), cold_sore_history="yes")
    appointments.cancel(
        declined.appointment, now=at(6), actor=RECEPTION, reason=SECRET_REASON
    )
    book(site, at(5, 14), contact=BOB)
    ada = session.scalars(select(Patient).where(Patient.email == ADA.email)).one()
    session.add(
        Record(
            patient_id=ada.id,
            kind="answer",
            subject="keloid_tendency",
            value={"value": "yes", "note": SECRET_NOTE},
            how_known=SECRET_NOTE,
            entered_by="Robin",
            entered_at=at(6),
        )
    )
    session.commit()
    done = session.scalars(
        select(Appointment).where(Appointment.status == "completed")
    ).one()
    said = reports.Said(["F-03"], SECRET_WORDS)
    reports.report(done, said, step="report", now=at(6), actor=PATIENT)
    app.config["CLOCK"].set(at(7))
    # Other jobs than these mind their own things.
    assert jobs.tick_once(app)["dispatch"] > 0
    return site


def test_a_token_is_printed_and_nothing_else(runner, session, now):
    accounts.create_staff("robin@clinic.example", "Robin", ["reception"], "x", now=now)

    result = runner.invoke(args=["token", "robin@clinic.example"])

    assert result.exit_code == 0
    assert re.fullmatch(r"[\w-]{32}\n", result.output)


def test_a_token_for_nobody_is_refused_in_one_line(runner):
    result = runner.invoke(args=["token", "nobody@clinic.example"])

    assert result.exit_code == 1
    assert result.output == "Error: There is no account nobody@clinic.example.\n"


def test_an_untouched_audit_trail_is_whole(runner, clinic):
    result = runner.invoke(args=["audit", "verify"])

    assert result.exit_code == 0
    assert re.fullmatch(
        r"The audit trail is whole: \d+ events are sealed\.\n", result.output
    )


def test_an_altered_audit_trail_is_shown(runner, clinic, session):
    first = session.scalar(select(func.min(AuditEvent.id)))
    session.execute(
        update(AuditEvent).where(AuditEvent.id == first).values(action="nothing")
    )
    session.commit()

    result = runner.invoke(args=["audit", "verify"])

    assert result.exit_code == 1
    assert result.output == (
        f"event {first} (position 1) was changed\nError: The audit trail was altered.\n"
    )


def test_an_altered_detail_of_the_audit_trail_is_shown(runner, clinic, session):
    event = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "cancel")
    ).one()
    event.detail = audit.erased({"reason": "another"})
    session.commit()

    assert runner.invoke(args=["audit", "verify"]).exit_code == 1


def test_the_shipped_rulebook_passes_its_check(runner):
    result = runner.invoke(args=["rulebook", "check"])

    assert result.exit_code == 0
    assert re.match(r"Version [0-9a-f]+: \d+ rules, \d+ questions, 12 ", result.output)


def test_a_broken_rulebook_is_named_with_its_line(runner, tmp_path):
    (tmp_path / "treatments.toml").write_text("[[treatments]\n")

    result = runner.invoke(args=["rulebook", "check", str(tmp_path)])

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_the_impact_of_a_rulebook_is_listed_by_visit(runner, session, tmp_path, now):
    site = make_clinic()
    told = {"last_toxin": str(at(-25).date())}
    longer = book(site, at(6), **told).appointment.id
    book(site, at(20), contact=BOB, **told)
    book(site, at(6, 14), contact=CARA, treatment="waxing")
    shutil.copytree(SHIPPED, tmp_path / "other")
    rules = tmp_path / "other" / "rules.toml"
    toxin = '{ from = 14, until = 28, verdict = "hold", release_by = "reception"'
    assert rules.read_text().count(toxin) == 1
    rules.write_text(
        rules.read_text().replace(toxin, toxin.replace("until = 28", "until = 40"))
    )

    changed = runner.invoke(args=["rulebook", "impact", str(tmp_path / "other")])
    same = runner.invoke(args=["rulebook", "impact", str(SHIPPED)])

    assert changed.output == (
        f"visit {longer} on 2027-03-09, microneedling on face: clear -> hold (R-55)\n"
        "R-55: 1 visits, 2 decisions\n"
        "1 of 3 visits to come would change.\n"
        "2 of 3 decisions of the last 90 days would.\n"
    )
    assert same.output == (
        "0 of 3 visits to come would change.\n"
        "0 of 3 decisions of the last 90 days would.\n"
    )


def test_rekeying_seals_every_value_anew(runner, clinic, session, make_app, tmp_path):
    before = _values(session)
    settings.save_keys(
        tmp_path, {"secret_key": "s", "index_key": "i", "field_keys": [FIRST_KEY]}
    )
    session.rollback()

    result = runner.invoke(args=["rekey"])

    assert result.output == f"{len(before)} values are sealed with the first key.\n"
    stored = settings.load_keys(tmp_path)
    new, old = stored["field_keys"]
    assert (old, stored["secret_key"]) == (FIRST_KEY, "s")
    ring = crypto.KeyRing((new,), "", "")
    assert [ring.open(value) for value in _values(session)] == [
        crypto.KeyRing((old,), "", "").open(value) for value in before
    ]


def test_a_batch_of_rekeying_is_no_limit(
    runner, clinic, session, tmp_path, monkeypatch
):
    monkeypatch.setattr("booking.keyring.BATCH", 2)
    settings.save_keys(tmp_path, {"field_keys": [FIRST_KEY]})
    session.rollback()

    assert runner.invoke(args=["rekey"]).exit_code == 0

    (new, _) = settings.load_keys(tmp_path)["field_keys"]
    ring = crypto.KeyRing((new,), "", "")
    assert all(ring.open(value) is not None for value in _values(session))


def test_keys_are_not_changed_under_a_running_clinic(runner, clinic, tmp_path):
    settings.save_keys(tmp_path, {"field_keys": [FIRST_KEY]})

    # A lock of another open file is a lock of another process.
    with lockfile.alone(tmp_path):
        result = runner.invoke(args=["rekey"])

    assert result.exit_code == 1
    assert "running" in result.output
    assert settings.load_keys(tmp_path) == {"field_keys": [FIRST_KEY]}


def test_an_export_holds_everything_about_one_patient(runner, clinic):
    result = runner.invoke(args=["export", ADA.email])

    assert result.exit_code == 0
    found = json.loads(result.output)
    assert found["patient"]["name"] == "Ada Fair"
    assert found["patient"]["birth_date"] == BIRTH
    assert [v["status"] for v in found["visits"]] == ["completed", "cancelled"]
    assert found["visits"][0]["practitioner"] == "Cleo"
    assert found["screenings"][1]["answers"]["cold_sore_history"] == "yes"
    assert found["holds"][0]["windows"][0]["rule"] == "R-09"
    assert found["records"][0]["value"]["note"] == SECRET_NOTE
    assert found["symptoms"][0]["signs"] == ["F-03"]
    assert found["symptoms"][0]["text"] == SECRET_WORDS
    assert [task["kind"] for task in found["tasks"]] == ["symptom"]
    assert any("Subject: " in (m["body"] or "") for m in found["messages"])
    assert {"reason": SECRET_REASON} in [e["detail"] for e in found["events"]]
    assert BOB.email not in result.output
    assert "digest" not in result.output


def test_an_export_knows_every_table(session):
    exported = {
        "patient",
        "appointment",
        "move",
        "hold",
        "release",
        "screening",
        "draft",
        "record",
        "message",
        "call_back",
        "course",
        "course_session",
        "proxy",
        "audit_event",
        "symptom_report",
        "settlement",
        "task",
        "recheck_answer",
        "waitlist_entry",
        "waitlist_offer",
    }
    about_nobody = {
        "site",
        "resource",
        "capability",
        "opening_hours",
        "hours_exception",
        "absence",
        "closure",
        "treatment",
        "heartbeat",
        "rescreening",
        "freed_slot",
        "rulebook_content",
    }
    about_staff = {"user", "role", "roles_users", "api_token", "rulebook_version"}
    # The times of the visits once more, and digests of requests.
    doubles = {"claim", "idempotency_key"}

    known = exported | about_nobody | about_staff | doubles
    assert set(db.metadata.tables) == known


def test_an_export_is_noted_in_the_audit_trail(runner, clinic, session):
    runner.invoke(args=["export", ADA.email])

    event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (event.actor, event.action, event.subject_kind) == (
        "system",
        "export",
        "patient",
    )


def test_nobody_is_guessed_at(runner, clinic, session):
    ada = session.scalars(select(Patient).where(Patient.email == ADA.email)).one()
    twin = Patient(
        public_id="twin",
        name="Ida Fair",
        email=ADA.email,
        birth_date=BIRTH,
        identity="x",
        created_at=at(6),
    )
    session.add(twin)
    session.commit()

    both = runner.invoke(args=["erase", ADA.email, "--yes"])
    one = runner.invoke(args=["erase", ada.public_id])
    none = runner.invoke(args=["export", "nobody@example.com"])

    assert both.exit_code == 1
    assert "twin (Ida Fair)" in both.output
    assert one.output.startswith("Ada Fair <ada@example.com>: 2 visits, ")
    assert none.output == "Error: There is no patient nobody@example.com.\n"


def test_no_id_looks_like_an_option_of_a_command():
    assert not any(crypto.new_token().startswith("-") for _ in range(2000))


def test_erasing_without_yes_changes_nothing(runner, clinic, session):
    result = runner.invoke(args=["erase", ADA.email])

    assert result.exit_code == 0
    assert "Nothing was changed." in result.output
    assert SECRET_NOTE in _everything(session)


def test_erasing_leaves_times_and_nothing_else(runner, clinic, session, tmp_path):
    mails = list((tmp_path / "mail" / "new").iterdir())
    before = _everything(session)

    result = runner.invoke(args=["erase", ADA.email, "--yes"])

    assert result.exit_code == 0, result.output
    left = _everything(session) + "".join(
        path.read_text() for path in (tmp_path / "mail" / "new").iterdir()
    )
    for secret in (ADA.name, ADA.email, "7946 0001", "79460001"):
        assert secret not in left
    assert SECRET_WORDS in before
    for secret in (
        SECRET_NOTE,
        SECRET_WORDS,
        SECRET_REASON,
        "R-09",
        "cold_sore_history': 'yes",
    ):
        assert secret not in left
    # Bob was born on the same day, and only he is left.
    assert left.count(BIRTH) == before.count(BIRTH) - 3
    assert BOB.name in left
    assert len(list((tmp_path / "mail" / "new").iterdir())) < len(mails)
    session.expire_all()
    erased = session.scalars(
        select(Patient).where(Patient.name == "Erased patient")
    ).one()
    assert _starts(session, erased) == [at(5), at(40)]


def test_the_audit_trail_is_whole_after_an_erasure(runner, clinic):
    runner.invoke(args=["erase", ADA.email, "--yes"])

    assert runner.invoke(args=["audit", "verify"]).exit_code == 0


def test_a_wish_to_be_called_is_exported_and_erased_with_its_patient(
    runner, clinic, session
):
    for name in ("ada fair", "Cy Fair"):
        call_backs.ask(clinic, call_backs.Wish(name, ADA.phone), now=at(7))

    exported = json.loads(runner.invoke(args=["export", ADA.email]).output)
    runner.invoke(args=["erase", ADA.email, "--yes"])

    assert [call["name"] for call in exported["calls"]] == ["ada fair"]
    assert [call.name for call in call_backs.waiting(clinic)] == ["Cy Fair"]


def test_nobody_is_erased_with_a_visit_to_come(runner, clinic, session):
    coming = book(clinic, at(60), now=at(7), treatment="facial")

    result = runner.invoke(args=["erase", ADA.email, "--yes"])

    assert result.exit_code == 1
    assert "2 May 2027 is still held" in result.output
    appointments.cancel(coming.appointment, now=at(7), actor=RECEPTION)
    assert runner.invoke(args=["erase", ADA.email, "--yes"]).exit_code == 0


def test_the_mail_of_an_erased_patient_is_never_sent(runner, clinic, session, app):
    planned = select(func.count()).where(Message.state == "planned")
    before = session.scalar(planned)

    runner.invoke(args=["erase", ADA.email, "--yes"])

    assert session.scalar(planned) < before
    app.config["CLOCK"].advance(timedelta(days=100))
    jobs.tick_once(app)
    assert ADA.email not in _everything(session)


def _values(session) -> list[bytes]:
    """Every sealed value as it is stored, in a fixed order."""
    session.rollback()
    return [
        bytes(value)
        for table in sealed_tables()
        for row in session.execute(
            select(
                *(
                    type_coerce(c, LargeBinary)
                    for c in table.columns
                    if type(c.type).__name__ == "Sealed"
                )
            ).order_by(table.c.id)
        )
        for value in row
        if value is not None
    ]


def _everything(session) -> str:
    """All rows of all tables, opened."""
    session.rollback()
    return "\n".join(
        repr(tuple(row))
        for table in db.metadata.sorted_tables
        for row in session.execute(select(table))
    )


def _starts(session, patient: Patient) -> list:
    visits = db.metadata.tables["appointment"]
    return list(
        session.scalars(
            select(visits.c.starts_at)
            .where(visits.c.patient_id == patient.id)
            .order_by(visits.c.starts_at)
        )
    )
