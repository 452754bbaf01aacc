"""The triggers of re-screening: how each comes about, for every outcome it can have.

To add one, write what sets the scene and what then happens, as staff, patients and the
worker do it, and put both into TRIGGERS, with the reason for each outcome that is
impossible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from booking import accounts, appointments, holds, maintenance, waitlist
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.courses import bookings
from booking.courses.places import Place
from booking.db import db
from booking.models import Appointment, Site
from booking.overrides import ReleaseNote
from booking.patients import Contact
from booking.records import filing
from booking.records.entries import Entry
from booking.rescreening import expired_answers, recheck_answers, runs, unclosed
from booking.rulebooks import drafts, versions
from booking.symptoms import reports
from booking.symptoms.reports import Said
from tests.booking.waiting import days, offers, wait
from tests.builders import (
    ADA,
    CLINICIAN,
    MANAGER,
    RECEPTION,
    TODAY,
    at,
    book,
    book_at_desk,
    complete,
    screen,
)
from tests.clock import NOW

EVE = Contact(name="Eve Lane", email="eve@example.com")
NOTE = ReleaseNote("other", "A long enough reason for it.")
WHY = "The letter was about somebody else."
STAYS, HELD, REFUSED, CLEARED = "clear stays", "now held", "now refused", "clear again"
OUTCOMES = (STAYS, HELD, REFUSED, CLEARED)
# Ada's needling is watched on this day; a facial comes before it.
WATCHED = 40
FACIAL_ON = {STAYS: 10, HELD: 31, REFUSED: 38, CLEARED: 38}
SAID = {
    STAYS: {"last_dental": "2027-03-01"},
    HELD: {"cold_sore_history": "yes"},
    REFUSED: {"pregnant": "now"},
    CLEARED: {"cold_sore_history": "no"},
}
SORES = {CLEARED: "yes"}
LATE = at(WATCHED - 1, 10)
"""24 hours before, when silence is no longer waited out."""


@dataclass
class Scene:
    """`watched` is the visit whose outcome counts; `other` what happens to."""

    site: Site
    outcome: str
    watched: Appointment | None = None
    other: object = None
    now: datetime = NOW

    def facial(self, day: int) -> Appointment:
        """At the desk, released where that is needed."""
        how = {"treatment": "facial", "actor": CLINICIAN, "release": NOTE}
        return book_at_desk(self.site, at(day), **how).appointment

    def watch(self, day: int = WATCHED, **answers) -> None:
        booked = book_at_desk(self.site, at(day), actor=CLINICIAN, **answers)
        self.watched = booked.appointment

    def run(self) -> None:
        runs.run_due(now=self.now)
        db.session.expire_all()


# Booked, moved, and ended in every way: a facial before the needling.


def _alone(scene):
    scene.watch()


def _with_facial(scene):
    """The facial is there already, and stands in the way where it is to go."""
    scene.watch()
    scene.other = scene.facial(FACIAL_ON[scene.outcome])


def _book_at_desk(scene):
    scene.facial(FACIAL_ON[scene.outcome])


def _book_online(scene):
    day = FACIAL_ON[scene.outcome]
    book(scene.site, at(day), treatment="facial", date_of_birth="1990-05-17")


def _facial_before_move(scene):
    scene.watch()
    scene.other = scene.facial(38 if scene.outcome == CLEARED else 8)


def _moves_to(scene):
    return at(9 if scene.outcome == CLEARED else FACIAL_ON[scene.outcome])


def _move(scene):
    how = {"now": NOW, "actor": CLINICIAN, "release": NOTE}
    appointments.move(scene.other, _moves_to(scene), None, **how)


def _move_unproven(scene):
    visit = appointments.move(
        scene.other, _moves_to(scene), None, now=NOW, actor=PATIENT
    )
    appointments.check_records(visit.appointment.id, now=NOW)


def _cancel(scene):
    appointments.cancel(scene.other, now=NOW, actor=RECEPTION)


def _requested_facial(scene):
    """Asked for online, held, and not decided yet."""
    scene.watch()
    scene.other = book(
        scene.site,
        at(FACIAL_ON[scene.outcome]),
        treatment="facial",
        date_of_birth="1990-05-17",
        strong_sun="2027-02-28" if scene.outcome == STAYS else "never",
        active_acne="none",
        cold_sore=None,
    ).appointment
    assert scene.other.status == "held"


def _decline(scene):
    hold = holds.open_of(scene.other)
    holds.decline(hold, now=NOW, actor=RECEPTION, reason="patient_choice")


def _expire(scene):
    scene.now = NOW + timedelta(days=6)
    maintenance.sweep(now=scene.now)
    assert scene.other.status == "expired"


def _no_show(scene):
    scene.now = scene.other.ends_at
    appointments.no_show(scene.other, now=scene.now, actor=RECEPTION)


# The day of an earlier needling comes: how deep it was, or that nobody says so.


def _needling_before(scene):
    """35 days before: near enough only for a depth of more than 1.5 mm."""
    scene.other = book_at_desk(scene.site, at(5)).appointment
    scene.watch(50 if scene.outcome == STAYS else 40)
    if scene.outcome == CLEARED:
        scene.now = at(6, 8)
        unclosed.chase(now=scene.now)


def _complete(scene):
    depth = 2.0 if scene.outcome == REFUSED else 1.0
    complete(scene.other, depth_mm=depth)
    scene.now = max(scene.now, scene.other.ends_at)


def _day_passes(scene):
    scene.now = at(6, 8)
    assert unclosed.chase(now=scene.now) == 1


# A course: the second session is watched, and the first one moves or is completed.


def _course(scene):
    gap = 28 if scene.outcome == CLEARED else 35
    places = [Place(at(day), None) for day in (5, 5 + gap, 5 + gap + 42)]
    how = {"now": NOW, "actor": RECEPTION}
    screened = screen(scene.site).screening
    booked = bookings.book_at_desk(screened, places, ADA, **how)
    scene.other, scene.watched, _ = booked.visits


def _move_session(scene):
    day = {STAYS: 6, HELD: 12, REFUSED: 20, CLEARED: 2}[scene.outcome]
    how = {"now": NOW, "actor": CLINICIAN, "release": NOTE}
    appointments.move(scene.other, at(day), None, **how)


# What is answered: for another visit, for this one, or to "has anything changed?".


def _answered(scene):
    scene.watch(cold_sore_history=SORES.get(scene.outcome, "no"))


def _other_answered(scene):
    said = {"cold_sore_history": SORES.get(scene.outcome, "no")}
    how = {"actor": CLINICIAN, **said}
    scene.other = book_at_desk(scene.site, at(90), **how).appointment
    scene.watch(**said)


def _answer_for_the_other(scene):
    said = SAID[scene.outcome]
    appointments.change_answers(scene.other, said, now=NOW, actor=RECEPTION)


def _answer(scene):
    said = SAID[scene.outcome]
    appointments.change_answers(scene.watched, said, now=NOW, actor=PROVEN_PATIENT)


def _answer_the_check(scene):
    scene.now = at(WATCHED - 3, 12)
    how = {"way": "mail", "now": scene.now, "actor": PROVEN_PATIENT}
    changed = scene.outcome != STAYS
    recheck_answers.answer(scene.watched, changed=changed, **how)
    if changed:
        said, how = SAID[scene.outcome], {"now": scene.now, "actor": PROVEN_PATIENT}
        appointments.change_answers(scene.watched, said, **how)


def _asked(scene):
    """By the house's rule silence is a call; this clinic may hold the visit instead."""
    scene.watch()
    scene.site.recheck_silence = "call" if scene.outcome == STAYS else "hold"
    db.session.commit()
    if scene.outcome == CLEARED:
        scene.now = LATE
        recheck_answers.chase(now=LATE)


def _nobody_answers(scene):
    scene.now = LATE
    if scene.outcome == CLEARED:
        how = {"way": "desk", "now": LATE, "actor": RECEPTION}
        recheck_answers.answer(scene.watched, changed=False, **how)
    else:
        assert recheck_answers.chase(now=LATE) == 1


def _answers_of_long_ago(scene):
    scene.watch(110)


def _let_answers_expire(scene):
    scene.now = at(92)
    assert expired_answers.ask_due(now=scene.now) == 1


# What staff enter, what patients report, what the clinic publishes.


def _watch_with_record(scene):
    """The facial was today: so many days before."""
    scene.watch({STAYS: 30, HELD: 9, REFUSED: 2, CLEARED: 2}[scene.outcome])
    if scene.outcome == CLEARED:
        scene.other = _enter(scene)


def _enter(scene):
    entry = Entry("treatment", "facial", "letter", TODAY, "face")
    patient = scene.watched.patient_id
    return filing.enter(scene.site, patient, entry, now=NOW, actor=RECEPTION)


def _correct(scene):
    right = Entry("treatment", "facial", "letter", at(-60).date(), "face")
    how = {"why": WHY, "now": NOW, "actor": CLINICIAN}
    filing.correct(scene.site, scene.other.id, right, **how)


def _withdraw(scene):
    how = {"why": WHY, "now": NOW, "actor": CLINICIAN}
    filing.withdraw(scene.site, scene.other.id, **how)


def _symptom_after_a_visit(scene):
    scene.other = complete(scene.facial(1))
    scene.now = at(2)
    what = "consultation" if scene.outcome == STAYS else "microneedling"
    booked = book_at_desk(scene.site, at(WATCHED), treatment=what, now=scene.now)
    scene.watched = booked.appointment
    if scene.outcome == CLEARED:
        _report(scene)


def _report(scene):
    said, how = Said(wants_call=True), {"now": scene.now, "actor": PATIENT}
    reports.report(scene.other, said, step="report", **how)


def _clear_symptom(scene):
    how = {"reason": "seen_and_well", "note": "", "actor": CLINICIAN}
    reports.clear(scene.other, now=scene.now, **how)


def _toxin(*rows):
    keys = ("from", "until", "verdict", "release_by")
    bands = [dict(zip(keys, row, strict=True)) for row in rows]
    of = {"rule": "R-55", "clause": 0, "case": None, "part": "bands"}
    return {"kind": "bands", "bands": bands} | of


STRICTER = _toxin((0, 21, "refuse", "clinician"), (21, 40, "hold", "reception"))
EDIT = {
    STAYS: {"kind": "cell", "first": "MN", "then": "FIL", "days": 60},
    HELD: STRICTER,
    REFUSED: _toxin((0, 35, "refuse", "clinician"), (35, 40, "hold", "reception")),
    CLEARED: _toxin((0, 7, "refuse", "clinician"), (7, 28, "hold", "reception")),
}


def _watch_after_toxin(scene):
    """Toxin today; what 30 days later comes to is what the clinic publishes."""
    for name in ("robin", "cleo", "max"):
        mail = f"{name}@clinic.example"
        accounts.create_staff(mail, name, ["manager"], "four words here", now=NOW)
    scene.watch(30, last_toxin=str(TODAY))
    if scene.outcome == CLEARED:
        _publish(scene, STRICTER)


def _publish(scene, edit=None):
    how = {"now": NOW, "actor": MANAGER}
    draft = drafts.start(scene.site, title="As we see it", **how)
    draft = drafts.put_edit(
        draft.id, edit or EDIT[scene.outcome], seen=drafts.stamp(draft), **how
    )
    if draft.loosens:
        seen = drafts.stamp(draft)
        draft = versions.sign(draft.id, seen=seen, now=NOW, actor=CLINICIAN)
    seen = drafts.stamp(draft)
    versions.publish(draft.id, effective_on=TODAY, seen=seen, **how)


# An offer of the waitlist is taken: only days that are clear are offered.


def _offered(scene):
    scene.watch()
    scene.other = scene.facial({STAYS: 60, CLEARED: 38}[scene.outcome])
    how = {"now": NOW, "actor": PROVEN_PATIENT}
    waitlist.join_with_visit(scene.other, days(1, 20), **how)
    _free_a_time(scene)


def _offered_to_somebody_without(scene):
    scene.watch()
    wait(scene.site, ADA, days(1, 20), treatment="facial")
    _free_a_time(scene)


def _free_a_time(scene):
    eves = book_at_desk(scene.site, at(6), contact=EVE, treatment="facial")
    appointments.cancel(eves.appointment, now=NOW, actor=RECEPTION)
    waitlist.deal_with_freed(now=NOW)


def _accept(scene):
    [offer] = offers("open")
    waitlist.accept(offer, now=NOW)


@dataclass(frozen=True)
class Trigger:
    """`asks` are the tasks that it leaves open at the desk, for each outcome."""

    before: Callable[[Scene], None]
    after: Callable[[Scene], None]
    outcomes: tuple[str, ...]
    asks: dict[str, set[str]] = field(default_factory=dict)


# What was done contradicts the answer "never"; what is only booked does not.
CONFLICT = {HELD: {"conflict"}, REFUSED: {"conflict"}}
# A visit that ends or goes away only gives days back, so it leaves no visit held.
FREES = (STAYS, CLEARED)
# Booking never makes another day safer, so nothing is clear again by it.
ADDS = (STAYS, HELD, REFUSED)
TRIGGERS = {
    "booked at the desk": Trigger(_alone, _book_at_desk, ADDS),
    "booked online": Trigger(_alone, _book_online, ADDS),
    "moved": Trigger(_facial_before_move, _move, OUTCOMES),
    "moved by its link": Trigger(_facial_before_move, _move_unproven, OUTCOMES),
    "cancelled": Trigger(_with_facial, _cancel, FREES),
    "declined": Trigger(_requested_facial, _decline, FREES),
    "expired": Trigger(_requested_facial, _expire, FREES),
    "not come": Trigger(_with_facial, _no_show, FREES),
    # Deeper than planned refuses for longer; no depth leads to a mere hold. Clear
    # again: the day had passed, and then it is said that it was not deep.
    "completed": Trigger(
        _needling_before, _complete, (STAYS, REFUSED, CLEARED), CONFLICT
    ),
    # Unclosed it counts as deep, which refuses; it can only be stricter than planned.
    "day passed": Trigger(
        _needling_before,
        _day_passes,
        (STAYS, REFUSED),
        {STAYS: {"close_visit"}, REFUSED: {"close_visit", "conflict"}},
    ),
    "session moved": Trigger(_course, _move_session, OUTCOMES),
    # As for every other visit: no depth leads to a mere hold, and none frees days.
    "session completed": Trigger(_course, _complete, (STAYS, REFUSED), CONFLICT),
    "answered": Trigger(_answered, _answer, OUTCOMES),
    "answered for another": Trigger(_other_answered, _answer_for_the_other, OUTCOMES),
    "check answered": Trigger(_answered, _answer_the_check, OUTCOMES),
    # Silence says nothing of what is unsafe, so it never refuses. Clear again: the
    # answer came after all.
    "check unanswered": Trigger(
        _asked, _nobody_answers, (STAYS, HELD, CLEARED), {STAYS: {"call_patient"}}
    ),
    # R-75 makes no window: what comes of it is a question, not a hold.
    "expired answer": Trigger(_answers_of_long_ago, _let_answers_expire, (STAYS,)),
    # What is entered never makes a day safer.
    "record": Trigger(_watch_with_record, _enter, ADDS, CONFLICT),
    # Taking an entry back, or putting it right, is what does.
    "record corrected": Trigger(_watch_with_record, _correct, (CLEARED,)),
    "record withdrawn": Trigger(_watch_with_record, _withdraw, (CLEARED,)),
    # R-82 holds until a clinician has seen it; it never refuses, nor does it free.
    "symptom": Trigger(
        _symptom_after_a_visit,
        _report,
        (STAYS, HELD),
        {STAYS: {"symptom"}, HELD: {"symptom"}},
    ),
    "symptom cleared": Trigger(_symptom_after_a_visit, _clear_symptom, (CLEARED,)),
    "rulebook": Trigger(_watch_after_toxin, _publish, OUTCOMES),
    # Only what is clear beside all other visits is offered, so nothing is held by it.
    "offer moves a visit": Trigger(_offered, _accept, FREES),
    # And one visit more does not make a day safer.
    "offer taken": Trigger(_offered_to_somebody_without, _accept, (STAYS,)),
}
