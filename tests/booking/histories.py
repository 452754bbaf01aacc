"""A small clinic to which anything may happen, in any order, judged after every step.

To add a kind of step, write a rule that calls `_step` once; what it leaves behind is
judged by tests/booking/history_judges.py, which knows nothing of it.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from booking import (
    accounts,
    appointments,
    checkins,
    courses,
    expired_answers,
    holds,
    maintenance,
    recheck_answers,
    records,
    rescreening,
    rescreening_runs,
    reservations,
    rulebook_drafts,
    rulebook_versions,
    rulebooks,
    screenings,
    shifting,
    symptoms,
    waitlist,
)
from booking.actors import PATIENT, PROVEN_PATIENT, staff_actor
from booking.course_places import Place
from booking.db import db
from booking.errors import BookingError
from booking.messages import backlog, outbox
from booking.models import AuditEvent
from booking.overrides import ReleaseNote
from booking.patients import Contact
from booking.record_entries import Entry
from booking.shifting import Target
from booking.symptoms import Said
from screening import questionnaire
from tests.booking import history_judges as judges
from tests.builders import CLINICIAN, RECEPTION, clear_answers, make_clinic
from tests.clock import NOW

PEOPLE = (
    (Contact(name="Ada Fair", email="ada@example.com"), "1990-05-17"),
    (Contact(name="Bob Quill", email="bob@example.com"), "1984-11-02"),
    (Contact(name="Eve Stone", email="eve@example.com"), "1979-01-30"),
)
MAX = staff_actor("Max", 3, ["manager"])
NOTE = ReleaseNote("other", "A long enough reason for it.")
# Each conflicts with some of the others on the days around it.
TREATMENTS = ("microneedling", "botulinum_toxin", "filler", "superficial_peel")
SAFE: dict[str, object] = {}
SAID = (
    SAFE,
    SAFE,
    {"cold_sore_history": "yes"},
    {"pregnant": "now"},
    {"skin_infection": "unsure"},
    {"last_toxin": 14},
    {"last_filler": 9},
    {"last_peel": 3},
    {"sunburn": 1},
)
"""Answers that are not the clear ones; a number is so many days ago."""
_TOXIN = {"kind": "bands", "rule": "R-55", "clause": 0, "case": None, "part": "bands"}
_ROWS = ((0, 21, "refuse", "clinician"), (21, 40, "hold", "reception"))
STRICTER = (
    _TOXIN
    | {
        "bands": [
            dict(zip(("from", "until", "verdict", "release_by"), row, strict=True))
            for row in _ROWS
        ]
    },
    {"kind": "cell", "first": "MN", "then": "FIL", "days": 60},
)

people = st.sampled_from(PEOPLE)
treatments = st.sampled_from(TREATMENTS)
said = st.sampled_from(SAID)
days = st.sampled_from((0, 1, 2, 4, 7, 12, 15, 22, 30, 44))
hours = st.sampled_from((9, 10, 11, 13, 14))
any_of = st.integers(0, 30)
patients = st.sampled_from((PATIENT, PROVEN_PATIENT))
anybody = st.sampled_from((PATIENT, PROVEN_PATIENT, RECEPTION, CLINICIAN))
staff = st.sampled_from((RECEPTION, CLINICIAN))


class History(RuleBasedStateMachine):
    """`done` counts what really happened, over all histories of a run."""

    def __init__(self, database, done: Counter[str]) -> None:
        super().__init__()
        db.session.remove()
        db.engine.dispose()
        database.empty()
        self.now, self.done, self.post = NOW, done, judges.Post()
        self.site = make_clinic(practitioners=2, rooms=3)
        for name in ("robin", "Dr Cleo", "max"):
            address = f"{name.split()[-1].lower()}@clinic.example"
            accounts.create_staff(address, name, ["clinician"], "words", now=NOW)
        self.steps = 0
        self.clinic = judges.read(self.site, self.now)

    # What the patients do.

    @rule(who=people, what=treatments, day=days, hour=hours, said=said, wait=any_of)
    def book_online(self, who, what, day, hour, said, wait):
        self._step("book online", self._book, who, what, day, hour, said, wait)

    def _book(self, who, what, day, hour, said, wait):
        contact, _ = who
        visit = appointments.book(
            self._screened(who, what, said),
            self._at(day, hour),
            None,
            contact,
            now=self.now,
            source="online",
        ).appointment
        self._judge_new(visit, on_record=False)
        if wait % 4:
            appointments.check_records(visit.id, now=self.now)

    @rule(who=people, what=treatments, day=days, hour=hours, keep=st.booleans())
    def reserve(self, who, what, day, hour, keep):
        self._step("reserve", self._reserve, who, what, day, hour, keep)

    def _reserve(self, who, what, day, hour, keep):
        screened, start = self._screened(who, what, SAFE), self._at(day, hour)
        kept = reservations.reserve(screened, start, None, now=self.now)
        if keep:
            visit = appointments.book(
                screened,
                start,
                None,
                who[0],
                now=self.now,
                source="online",
                reservation=kept,
            ).appointment
            self._judge_new(visit, on_record=False)

    @precondition(lambda self: self.clinic.to_come())
    @rule(which=any_of, day=days, hour=hours, actor=anybody)
    def move(self, which, day, hour, actor):
        self._step("move", self._move, which, day, hour, actor)

    def _move(self, which, day, hour, actor):
        visit = self._pick(self.clinic.to_come(), which)
        release = NOTE if actor is CLINICIAN else None
        appointments.move(
            visit,
            self._at(day, hour),
            None,
            now=self.now,
            actor=actor,
            release=release,
        )
        self._judge_new(visit, on_record=actor.knows_records)
        appointments.check_records(visit.id, now=self.now)

    @precondition(lambda self: self.clinic.to_come())
    @rule(which=any_of, actor=anybody)
    def cancel(self, which, actor):
        visit = self._pick(self.clinic.to_come(), which)
        self._step("cancel", appointments.cancel, visit, now=self.now, actor=actor)

    @precondition(lambda self: self.clinic.to_come())
    @rule(which=any_of, said=said, actor=anybody, back=st.booleans())
    def change_answers(self, which, said, actor, back):
        self._step("answer", self._change_answers, which, said, actor, back)

    def _change_answers(self, which, said, actor, back):
        visit = self._pick(self.clinic.to_come(), which)
        given = self._answers(visit.treatment, SAFE if back else said)
        if not back:
            given = {name: given[name] for name in said if name in given}
        given.pop("date_of_birth", None)
        if given:
            appointments.change_answers(visit, given, now=self.now, actor=actor)
            appointments.check_records(visit.id, now=self.now)

    @precondition(lambda self: self.clinic.to_come())
    @rule(which=any_of, way=st.sampled_from(("mail", "desk")), changed=st.booleans())
    def answer_whether_anything_changed(self, which, way, changed):
        visit = self._pick(self.clinic.to_come(), which)
        actor = PROVEN_PATIENT if way == "mail" else RECEPTION
        told = {"changed": changed, "way": way, "now": self.now, "actor": actor}
        self._step("recheck", recheck_answers.answer, visit, **told)

    @precondition(lambda self: self._completed())
    @rule(which=any_of, actor=st.sampled_from((PROVEN_PATIENT, RECEPTION)))
    def report_a_symptom(self, which, actor):
        visit, call = self._pick(self._completed(), which), Said(wants_call=True)
        told = {"step": "report", "now": self.now, "actor": actor}
        self._step("symptom", symptoms.report, visit, call, **told)

    @rule(who=people, what=treatments, first=days, said=said, asks=st.booleans())
    def join_the_waitlist(self, who, what, first, said, asks):
        self._step("join", self._join, who, what, first, said, asks)

    def _join(self, who, what, first, said, asks):
        wish = self._wish(first, first + 20)
        screened = self._screened(who, what, said)
        if asks:
            entry = waitlist.ask(screened, who[0], wish, now=self.now)
            waitlist.confirm(entry, now=self.now, actor=PROVEN_PATIENT)
        else:
            waitlist.join_at_desk(
                screened, who[0], wish, now=self.now, actor=RECEPTION
            )

    @precondition(lambda self: self.clinic.to_come())
    @rule(which=any_of)
    def wish_for_an_earlier_time(self, which):
        visit = self._pick(self.clinic.to_come(), which)
        last = (visit.starts_at.date() - self.now.date()).days
        self._step(
            "join for an earlier time",
            waitlist.join_with_visit,
            visit,
            self._wish(0, last),
            now=self.now,
            actor=PROVEN_PATIENT,
        )

    @precondition(lambda self: self._offers())
    @rule(which=any_of, yes=st.integers(0, 3))
    def answer_an_offer(self, which, yes):
        offer = self._pick(self._offers(), which)
        if yes:
            self._step("accept", self._accept, offer)
        else:
            told = {"now": self.now, "actor": PROVEN_PATIENT}
            self._step("decline an offer", waitlist.decline, offer, **told)

    def _accept(self, offer):
        visit = waitlist.accept(offer, now=self.now)
        self._judge_new(visit, on_record=True)

    # What the clinic does.

    @rule(who=people, what=treatments, day=days, hour=hours, said=said, actor=staff)
    def book_at_desk(self, who, what, day, hour, said, actor):
        self._step("book at desk", self._desk, who, what, day, hour, said, actor)

    def _desk(self, who, what, day, hour, said, actor):
        visit = appointments.book_at_desk(
            self._screened(who, what, said),
            self._at(day, hour),
            None,
            who[0],
            now=self.now,
            actor=actor,
            release=NOTE if actor is CLINICIAN else None,
        ).appointment
        self._judge_new(visit, on_record=True)

    @rule(who=people, day=days, hour=hours)
    def book_a_course(self, who, day, hour):
        self._step("book a course", self._course, who, day, hour)

    def _course(self, who, day, hour):
        places = [Place(self._at(day + 35 * n, hour), None) for n in range(3)]
        booked = courses.book_at_desk(
            self._screened(who, "microneedling", SAFE),
            places,
            who[0],
            now=self.now,
            actor=RECEPTION,
        )
        for visit in booked.visits:
            self._judge_new(visit, on_record=True)
        # And at once a week later, which its owner would like better.
        first, *rest = booked.visits
        later = timedelta(days=7)
        targets = [Target(v.id, Place(v.starts_at + later, None)) for v in rest]
        shifting.move_together(
            first,
            Place(first.starts_at + later, None),
            targets,
            now=self.now,
            actor=PROVEN_PATIENT,
        )

    @precondition(lambda self: self.clinic.holds)
    @rule(which=any_of, actor=staff, decline=st.integers(0, 3))
    def decide_a_hold(self, which, actor, decline):
        hold = self._pick(sorted(self.clinic.holds.values(), key=_number), which)
        told = {"now": self.now, "actor": actor, "reason": "other", "note": NOTE.note}
        if decline:
            self._step("release", holds.release, hold, **told)
        else:
            self._step("decline", holds.decline, hold, **told)

    @precondition(lambda self: any(self.clinic.people))
    @rule(which=any_of, what=treatments, ago=st.sampled_from((0, 3, 10, 20)))
    def enter_a_record(self, which, what, ago):
        self._step("record", self._record, which, what, ago)

    def _record(self, which, what, ago):
        number = self._pick(sorted(self.clinic.people), which)
        day = self.now.date() - timedelta(days=ago)
        entry = Entry("treatment", what, "letter", day=day, area="face")
        records.enter(self.site, number, entry, now=self.now, actor=RECEPTION)

    @precondition(lambda self: self._records())
    @rule(which=any_of)
    def withdraw_a_record(self, which):
        record = self._pick(self._records(), which)
        why = {"why": NOTE.note, "now": self.now, "actor": CLINICIAN}
        self._step("withdraw", records.withdraw, self.site, record.id, **why)

    @precondition(lambda self: self._reported())
    @rule(which=any_of)
    def clear_a_symptom(self, which):
        visit = self._pick(self._reported(), which)
        why = {"reason": "seen_and_well", "note": "", "actor": CLINICIAN}
        self._step("clear a symptom", symptoms.clear, visit, now=self.now, **why)

    @rule(stricter=st.booleans())
    def publish_a_rulebook(self, stricter):
        self._step("tighten" if stricter else "loosen", self._publish, stricter)

    def _publish(self, stricter):
        draft = rulebook_drafts.start(
            self.site, title="As we see it", actor=MAX, now=self.now
        )
        change = {"actor": MAX, "now": self.now}
        for edit in STRICTER if stricter else ():
            draft = rulebook_drafts.put_edit(draft.id, edit, **_seen(draft), **change)
        for _ in () if stricter else tuple(draft.edits):
            draft = rulebook_drafts.take_back(draft.id, 0, **_seen(draft), **change)
        if draft.loosens:
            draft = rulebook_versions.sign(
                draft.id, **_seen(draft), actor=CLINICIAN, now=self.now
            )
        today = self.now.date()
        rulebook_versions.publish(
            draft.id, effective_on=today, **_seen(draft), **change
        )

    @precondition(lambda self: self.clinic.to_come())
    @rule(come=st.integers(0, 3))
    def the_next_visit(self, come):
        self._step("no-show" if not come else "complete", self._come, come)

    def _come(self, come):
        visit = min(self.clinic.to_come(), key=lambda one: (one.starts_at, one.id))
        self.now = max(self.now, visit.starts_at)
        self._work()
        if not come:
            appointments.no_show(visit, now=self.now, actor=RECEPTION)
            return
        appointments.arrive(visit, now=self.now, actor=RECEPTION)
        self.now = max(self.now, visit.ends_at)
        notes = {"lot": "LOT-1"} if visit.treatment == "microneedling" else {}
        appointments.complete(visit, now=self.now, actor=CLINICIAN, **notes)

    # What comes by itself.

    @rule(hours=st.sampled_from((1, 3, 8, 24, 60)))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)
        self._step("work", self._work)

    @rule()
    def the_worker_works(self):
        self.now += timedelta(minutes=1)
        self._step("work", self._work)

    def _work(self):
        """As booking/jobs.py does, one after the other."""
        backlog.check_records(now=self.now)
        rulebook_versions.put_due_in_force(now=self.now)
        rescreening_runs.run_due(now=self.now)
        recheck_answers.chase(now=self.now)
        expired_answers.ask_due(now=self.now)
        maintenance.sweep(now=self.now)
        checkins.chase(now=self.now)
        rescreening_runs.run_due(now=self.now)
        waitlist.deal_with_freed(now=self.now)
        outbox.dispatch(self.post, clock=lambda: self.now)

    # What must be true all the time.

    @invariant()
    def all_is_well(self):
        rescreening_runs.run_due(now=self.now)
        self.clinic = judges.read(self.site, self.now)
        assert judges.double_bookings() == []
        assert judges.unclaimed(self.clinic) == []
        assert judges.unsafe(self.clinic) == []
        assert judges.out_of_line(self.clinic) == []
        assert self.post.misjudged() == []

    @invariant()
    def deciding_again_changes_nothing(self):
        if self.steps % 5:
            return
        once = judges.standing()
        rescreening.note(self.site, None, "again", now=self.now)
        db.session.commit()
        rescreening_runs.run_due(now=self.now)
        assert judges.standing() == once

    def teardown(self):
        db.session.rollback()
        self.done["steps"] += self.steps
        self.done.update(db.session.scalars(select(AuditEvent.action)))
        self.done["mails"] += len(self.post.letters)

    # How a step is done.

    def _step(self, kind, act, *arguments, **named):
        """Do it, or be refused: then nothing has changed. Anything else is a fault."""
        self.steps += 1
        try:
            act(*arguments, **named)
        except BookingError:
            db.session.rollback()
            self.done[f"refused: {kind}"] += 1
        else:
            self.done[f"done: {kind}"] += 1

    def _judge_new(self, visit, *, on_record):
        clinic = judges.read(self.site, self.now)
        [fresh] = [one for one in clinic.visits if one.id == visit.id]
        faults = judges.not_to_be_asked_for(clinic, fresh, on_record=on_record)
        assert faults == []

    def _pick(self, rows, which):
        return rows[which % len(rows)]

    def _at(self, day, hour) -> datetime:
        date = self.now.date() + timedelta(days=day)
        return datetime.combine(date, time(hour), UTC)

    def _wish(self, first, last):
        today = self.now.date()
        return waitlist.Wish(
            today + timedelta(days=first), today + timedelta(days=last)
        )

    def _answers(self, what, said):
        book = rulebooks.current(self.site)
        asked = {question.id for question in questionnaire(book, what, "face")}
        given = {
            name: str(self.now.date() - timedelta(days=value))
            if isinstance(value, int)
            else value
            for name, value in said.items()
            if name in asked
        }
        return clear_answers(self.site, what, "face", **given)

    def _screened(self, who, what, said):
        answers = self._answers(what, said) | {"date_of_birth": who[1]}
        screened = screenings.screen(
            site=self.site, treatment=what, area="face", answers=answers, now=self.now
        )
        return screened.screening

    def _completed(self):
        return [v for v in self.clinic.visits if v.status == "completed"]

    def _records(self):
        return [
            row
            for rows in self.clinic.records.values()
            for row in rows
            if row.kind == "treatment" and row.corrected_by_id is None
        ]

    def _reported(self):
        return [v for v in self._completed() if v.id in self.clinic.reported]

    def _offers(self):
        return self.clinic.offers


def _number(row):
    return row.id


def _seen(draft):
    return {"seen": rulebook_drafts.stamp(draft)}
