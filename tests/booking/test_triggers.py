"""I-5: whatever happens, each visit to come of that person is decided again, once.

To add a trigger, write how it comes about for every outcome that it can have and put it
into TRIGGERS. `_before` gets the site and the outcome and sets the scene, returning the
visit that is watched; `_after` makes it happen.
"""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

import screening
from booking import appointments, holds, maintenance
from booking import rulebooks as rulebooks_module
from booking.actors import PATIENT
from booking.db import db
from booking.models import Appointment, AuditEvent, Hold, Message, Record, Rescreening
from booking.overrides import ReleaseNote
from booking.rescreening import decisions, runs
from tests.builders import (
    ADA,
    BOB,
    CLINICIAN,
    RECEPTION,
    at,
    book,
    book_at_desk,
    complete,
    make_clinic,
)
from tests.clock import NOW

NOTE = ReleaseNote("other", "A long enough reason for it.")
STAYS, HELD, REFUSED, CLEARED = "clear stays", "now held", "now refused", "clear again"
OUTCOMES = (STAYS, HELD, REFUSED, CLEARED)
# Ada's needling is watched on this day; a facial comes before it.
WATCHED = 40
FACIAL_ON = {STAYS: 10, HELD: 31, REFUSED: 38, CLEARED: 38}
MAIL = {HELD: "reheld", REFUSED: "rescreen_refused", CLEARED: "confirmed"}


@dataclass
class Scene:
    """`watched` is the visit whose outcome counts; `other` what happens to."""

    site: object
    outcome: str
    watched: Appointment | None = None
    other: object = None
    now: object = NOW

    def facial(self, day, **how):
        """At the desk, released where that is needed."""
        booked = book_at_desk(
            self.site,
            at(day, how.pop("hour", 10)),
            treatment="facial",
            actor=CLINICIAN,
            release=NOTE,
            **how,
        )
        return booked.appointment

    def watch(self, **answers):
        self.watched = book_at_desk(
            self.site, at(WATCHED), actor=CLINICIAN, **answers
        ).appointment


def _with_facial(scene):
    """The facial is there already, and stands in the way where it is to go."""
    scene.watch()
    scene.other = scene.facial(FACIAL_ON[scene.outcome])
    _run(scene)


def _alone(scene):
    scene.watch()


def _book_at_desk(scene):
    scene.facial(FACIAL_ON[scene.outcome])


def _book_online(scene):
    day = FACIAL_ON[scene.outcome]
    book(scene.site, at(day), treatment="facial", date_of_birth="1990-05-17")


def _facial_before_move(scene):
    scene.watch()
    scene.other = scene.facial(38 if scene.outcome == CLEARED else 8)
    _run(scene)


def _move(scene):
    day = 9 if scene.outcome == CLEARED else FACIAL_ON[scene.outcome]
    appointments.move(
        scene.other, at(day), None, now=NOW, actor=CLINICIAN, release=NOTE
    )


def _move_unproven(scene):
    day = 9 if scene.outcome == CLEARED else FACIAL_ON[scene.outcome]
    visit = appointments.move(scene.other, at(day), None, now=NOW, actor=PATIENT)
    appointments.check_records(visit.appointment.id, now=NOW)


def _cancel(scene):
    appointments.cancel(scene.other, now=NOW, actor=RECEPTION)


def _requested_facial(scene):
    """Asked for online, held, and not decided yet."""
    scene.watch()
    day = FACIAL_ON[scene.outcome]
    scene.other = book(
        scene.site,
        at(day),
        treatment="facial",
        date_of_birth="1990-05-17",
        strong_sun="2027-02-28" if scene.outcome == STAYS else "never",
        active_acne="none",
        cold_sore=None,
    ).appointment
    assert scene.other.status == "held"
    _run(scene)


def _decline(scene):
    hold = holds.open_of(scene.other)
    holds.decline(hold, now=NOW, actor=RECEPTION, reason="patient_choice")


def _expire(scene):
    scene.now = NOW + timedelta(days=6)
    assert maintenance.sweep(now=scene.now) is None
    assert scene.other.status == "expired"


def _no_show(scene):
    scene.now = scene.other.ends_at
    appointments.no_show(scene.other, now=scene.now, actor=RECEPTION)


def _needling_before(scene):
    """39 days before: near enough only for a depth of more than 1.5 mm."""
    scene.other = book_at_desk(scene.site, at(1, 12)).appointment
    scene.watch()


def _complete(scene):
    depth = 2.0 if scene.outcome == REFUSED else 1.0
    complete(scene.other, depth_mm=depth)
    scene.now = scene.other.ends_at


def _other_needling(scene):
    said = "yes" if scene.outcome == CLEARED else "no"
    scene.other = book_at_desk(
        scene.site, at(90), actor=CLINICIAN, cold_sore_history=said
    ).appointment
    scene.watch(cold_sore_history=said)


def _answer_for_the_other(scene):
    answers = {
        STAYS: {"last_dental": "2027-03-01"},
        HELD: {"cold_sore_history": "yes"},
        REFUSED: {"pregnant": "now"},
        CLEARED: {"cold_sore_history": "no"},
    }
    appointments.change_answers(
        scene.other, answers[scene.outcome], now=NOW, actor=RECEPTION
    )


def _record(scene, kind="treatment", subject="facial", **values):
    days = {STAYS: 60, HELD: 9, REFUSED: 2, CLEARED: 2}
    row = Record(
        **{
            "patient_id": scene.watched.patient_id,
            "kind": kind,
            "subject": subject,
            "day": at(WATCHED - days[scene.outcome]).date(),
            "area": "face",
            "value": {},
            "how_known": "told us",
            "entered_by": "Robin",
            "entered_at": NOW,
        }
        | values
    )
    db.session.add(row)
    decisions.note(scene.site, scene.watched.patient_id, "record", now=NOW)
    db.session.commit()
    return row


def _watch_with_record(scene):
    scene.watch()
    if scene.outcome == CLEARED:
        scene.other = _record(scene)
        _run(scene)


def _enter_record(scene):
    if scene.outcome != CLEARED:
        _record(scene)
        return
    right = _record(scene, day=at(-60).date())
    scene.other.corrected_by_id = right.id
    decisions.note(scene.site, scene.watched.patient_id, "corrected", now=NOW)
    db.session.commit()


def _watch_with_symptom(scene):
    if scene.outcome == STAYS:
        scene.watched = book_at_desk(
            scene.site, at(WATCHED), treatment="consultation"
        ).appointment
    else:
        scene.watch()
    if scene.outcome == CLEARED:
        scene.other = _record(scene, "symptom", "symptom", day=NOW.date())
        _run(scene)


def _report_symptom(scene):
    if scene.outcome != CLEARED:
        _record(scene, "symptom", "symptom", day=NOW.date())
        return
    seen = _record(scene, day=at(-60).date())
    scene.other.corrected_by_id = seen.id
    decisions.note(scene.site, scene.watched.patient_id, "symptom", now=NOW)
    db.session.commit()


def _under(scene, name):
    scene.site.device_profile = name
    db.session.commit()


def _watch_under_rulebook(scene):
    """Ada had cold sores; what that means is what the clinic publishes."""
    _under(scene, "holds" if scene.outcome == CLEARED else "lenient")
    scene.watch(cold_sore_history="yes")


def _publish(scene):
    books = {STAYS: "lenient", HELD: "holds", REFUSED: "refuses", CLEARED: "lenient"}
    _under(scene, books[scene.outcome])
    decisions.note(scene.site, None, "rulebook", now=NOW)
    db.session.commit()


def _let_answers_expire(scene):
    decisions.note(scene.site, scene.watched.patient_id, "expired", now=NOW)
    db.session.commit()


FREES = (STAYS, CLEARED)  # it can only make days free again
TRIGGERS = {
    "booked at the desk": (_alone, _book_at_desk, (STAYS, HELD, REFUSED)),
    "booked online": (_alone, _book_online, (STAYS, HELD, REFUSED)),
    "moved": (_facial_before_move, _move, OUTCOMES),
    "moved by its link": (_facial_before_move, _move_unproven, OUTCOMES),
    "cancelled": (_with_facial, _cancel, FREES),
    "declined": (_requested_facial, _decline, FREES),
    "expired": (_requested_facial, _expire, FREES),
    "not come": (_with_facial, _no_show, FREES),
    "completed": (_needling_before, _complete, (STAYS, REFUSED)),
    "answered": (_other_needling, _answer_for_the_other, OUTCOMES),
    "record": (_watch_with_record, _enter_record, OUTCOMES),
    "symptom": (_watch_with_symptom, _report_symptom, (STAYS, HELD, CLEARED)),
    "rulebook": (_watch_under_rulebook, _publish, OUTCOMES),
    # R-75 makes no window: what comes of it is a question, not a hold.
    "expired answer": (_alone, _let_answers_expire, (STAYS,)),
}
CASES = [
    pytest.param(before, after, outcome, id=f"{name}-{outcome}")
    for name, (before, after, outcomes) in TRIGGERS.items()
    for outcome in outcomes
]


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """Three rulebooks that differ in what a cold sore in the past comes to."""
    return {
        name: _rulebook(tmp_path_factory.mktemp(name), *change)
        for name, change in {
            "lenient": ('treatments = ["MN", ', "treatments = ["),
            "holds": ("", ""),
            "refuses": ('verdict = "hold"', 'verdict = "refuse"'),
        }.items()
    }


def _rulebook(folder, old, new):
    shutil.copytree(screening.SHIPPED, folder, dirs_exist_ok=True)
    rules = folder / "rules.toml"
    before, rule, after = rules.read_text().partition('id = "R-09"')
    rules.write_text(before + rule + after.replace(old, new, 1))
    return screening.load(folder)


@pytest.fixture
def site(session, monkeypatch, books):
    shipped = rulebooks_module.current

    def current(site):
        return books.get(site.device_profile) or shipped(site)

    monkeypatch.setattr(rulebooks_module, "current", current)
    return make_clinic()


def _run(scene):
    runs.run_due(now=scene.now)
    db.session.expire_all()


def _run_twice_at_once(app, scene):
    """What is due, by two workers side by side."""
    now, barrier, failures = scene.now, threading.Barrier(2), []

    def work():
        try:
            with app.app_context():
                barrier.wait(10)
                runs.run_due(now=now)
        except Exception as error:  # noqa: BLE001 - told by the test itself
            failures.append(error)

    db.session.commit()
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    db.session.rollback()
    db.session.expire_all()


def _everything():
    """All that a run could change, or send."""
    return [
        sorted(map(tuple, db.session.execute(select(*columns))))
        for columns in (
            (Appointment.id, Appointment.status, Appointment.sequence),
            (Appointment.id, Appointment.screening_id),
            (Hold.id, Hold.state, Hold.owner),
            (Message.id, Message.step, Message.sequence, Message.state),
            (AuditEvent.id, AuditEvent.action),
        )
    ]


def _mails_of(visit):
    rows = select(Message.step).where(
        Message.appointment_id == visit.id, Message.state == "planned"
    )
    return set(db.session.scalars(rows))


def _sent(visit):
    """As if everything planned so far had left."""
    db.session.query(Message).filter_by(appointment_id=visit.id).update(
        {"state": "sent", "sent_at": NOW}
    )
    db.session.commit()


@pytest.mark.parametrize(("before", "after", "outcome"), CASES)
def test_every_trigger_decides_the_visits_to_come_again(
    app, site, before, after, outcome
):
    scene = Scene(site, outcome)
    before(scene)
    _run(scene)
    watched = scene.watched
    assert watched.status == ("held" if outcome == CLEARED else "confirmed")
    _sent(watched)
    sequence = watched.sequence

    after(scene)
    _run_twice_at_once(app, scene)

    hold = holds.open_of(watched)
    assert watched.status == ("held" if outcome in (HELD, REFUSED) else "confirmed")
    assert (hold is not None) == (outcome in (HELD, REFUSED))
    assert watched.sequence == sequence + (outcome != STAYS)
    assert _mails_of(watched) & set(MAIL.values()) == (
        {MAIL[outcome]} if outcome in MAIL else set()
    )
    assert _nothing_is_due()
    once = _everything()

    decisions.note(site, watched.patient_id, "again", now=scene.now)
    decisions.note(site, None, "again", now=scene.now)
    db.session.commit()
    _run(scene)

    assert _everything() == once
    assert _nothing_is_due()


def _nothing_is_due():
    return db.session.query(Rescreening).count() == 0


@pytest.mark.parametrize("outcome", [HELD, REFUSED])
def test_a_held_visit_keeps_its_slot_and_its_preparation_is_paused(site, outcome):
    scene = Scene(site, outcome)
    _alone(scene)
    scene.facial(FACIAL_ON[outcome])

    _run(scene)

    assert {claim.live for claim in scene.watched.claims} == {True}
    assert _mails_of(scene.watched) == {MAIL[outcome], "staff_hold"}


def test_nobody_else_is_touched(site):
    scene = Scene(site, REFUSED)
    _alone(scene)
    bobs = book_at_desk(site, at(WATCHED, 13), contact=BOB).appointment

    scene.facial(38)
    _run(scene)

    assert (scene.watched.status, bobs.status) == ("held", "confirmed")
    assert scene.watched.patient.email == ADA.email
