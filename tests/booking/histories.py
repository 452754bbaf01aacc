"""A small clinic to which anything may happen, in any order, judged after every step.

To add a kind of step, write a method under `@step`: what it leaves behind is judged by
tests/booking/history_judges.py, which knows nothing of it. One that returns a visit has
just put it somewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import wraps

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from booking import (
    accounts,
    appointments,
    holds,
    maintenance,
    reservations,
    rulebooks,
    screenings,
    waitlist,
)
from booking.actors import PATIENT, PROVEN_PATIENT, staff_actor
from booking.db import db
from booking.errors import BookingError
from booking.messages import backlog, outbox
from booking.models import Appointment, Hold, WaitlistOffer
from booking.overrides import ReleaseNote
from booking.patients import Contact
from booking.records import filing
from booking.records.entries import Entry
from booking.rescreening import expired_answers, recheck_answers, runs, unclosed
from booking.rescreening.due import note
from booking.rulebooks import drafts, versions
from booking.symptoms import checkins, reports
from screening import questionnaire
from tests.booking import history_judges as judges
from tests.builders import CLINICIAN, RECEPTION, clear_answers, make_clinic
from tests.clock import NOW

PEOPLE = {
    "Ada": (Contact(name="Ada Fair", email="ada@example.com"), "1990-05-17"),
    "Bob": (Contact(name="Bob Quill", email="bob@example.com"), "1984-11-02"),
    "Eve": (Contact(name="Eve Stone", email="eve@example.com"), "1979-01-30"),
}
ACTORS = {
    "a stranger": PATIENT,
    "the patient": PROVEN_PATIENT,
    "reception": RECEPTION,
    "a clinician": CLINICIAN,
}
MAX = staff_actor("Max", 3, ["manager"])
NOTE = ReleaseNote("other", "A long enough reason for it.")
# Each conflicts with some of the others on the days around it; the last has one device.
TREATMENTS = ("microneedling", "botulinum_toxin", "filler", "laser")
SAFE: dict[str, object] = {}
SAID = (
    SAFE,
    SAFE,
    {"cold_sore_history": "yes"},
    {"pregnant": "now"},
    {"skin_infection": "unsure"},
    {"last_toxin": 14},
    {"last_filler": 9},
    {"sunburn": 1},
)
"""Answers that are not the clear ones; a number is so many days ago."""
STRICTER = {"kind": "cell", "first": "MN", "then": "FIL", "days": 60}
MOST_PUBLISHED = 2
DECIDED_AGAIN_EACH = 10
"""How many steps lie between two checks that deciding again changes nothing."""

people = st.sampled_from(tuple(PEOPLE))
treatments = st.sampled_from(TREATMENTS)
said = st.sampled_from(SAID)
days = st.sampled_from((0, 1, 2, 4, 7, 12, 15, 22, 30, 44))
hours = st.sampled_from((9, 10, 11, 14))
any_of = st.integers(0, 30)
anybody = st.sampled_from(tuple(ACTORS))
staff = st.sampled_from(("reception", "a clinician"))


def step(needs: str | None = None, **drawn) -> Callable:
    """Something that may happen, where there is any of what it *needs*.

    It is done, or it is refused; anything else is a fault.
    """
    if needs:
        drawn["which"] = any_of

    def decorate(act):
        @wraps(act)
        def happen(self, **given):
            self.happen(act, self.meant(needs, given))

        found = rule(**drawn)(happen)
        if needs:
            found = precondition(lambda self: getattr(self, needs)())(found)
        found.is_step = True
        return found

    return decorate


class History(RuleBasedStateMachine):
    """`done` counts what really happened, over all histories of a run."""

    def __init__(self, empty: Callable[[], None], done: Counter[str]) -> None:
        super().__init__()
        db.session.remove()
        db.engine.dispose()
        empty()
        self.now, self.done = NOW, done
        self.steps = self.published = 0
        self.site = make_clinic(rooms=2)
        for name in ("robin", "cleo", "max"):
            accounts.create_staff(
                f"{name}@clinic.example", name, ["clinician"], "words", now=NOW
            )
        self.post = judges.Post(self.site)
        self.asked = {}
        self.clinic = judges.read(self.site, self.now, self.asked)

    def meant(self, needs, given):
        """What was drawn, as the step takes it."""
        if needs:
            rows = getattr(self, needs)()
            given["one"] = rows[given.pop("which") % len(rows)]
        for name, known in (("who", PEOPLE), ("actor", ACTORS)):
            if name in given:
                given[name] = known[given[name]]
        return given

    def happen(self, act, given):
        self.now += timedelta(seconds=1)
        self.steps += 1
        self.done["steps"] += 1
        try:
            visit = act(self, **given)
        except BookingError:
            db.session.rollback()
            self.done[f"refused: {act.__name__}"] += 1
        else:
            self.done[f"done: {act.__name__}"] += 1
            self.settle_in(visit)

    # What there is to choose from.

    def to_come(self):
        return self.clinic.to_come()

    def held(self):
        return list(self.clinic.holds.values())

    def completed(self):
        return [v for v in self.clinic.visits.values() if v.status == "completed"]

    def reported(self):
        known = {report.appointment_id for report in self.clinic.rows["reports"]}
        return [visit for visit in self.completed() if visit.id in known]

    def offers(self):
        return [row for row in self.clinic.rows["offers"] if row.state == "open"]

    def patients(self):
        return [row for row in self.clinic.rows["patients"] if row.established]

    def records(self):
        rows = self.clinic.rows["records"]
        return [r for r in rows if r.kind == "treatment" and not r.corrected_by_id]

    @initialize(booked=st.lists(st.tuples(people, treatments, days, hours), max_size=4))
    def some_are_booked(self, booked):
        for who, what, day, hour in booked:
            self.book_at_desk(
                who=who, what=what, day=day, hour=hour, told=SAFE, actor="reception"
            )

    def publishers(self):
        """Comparing two rulebooks takes longer than anything else."""
        return [MAX] if self.published < MOST_PUBLISHED else []

    # What the patients do.

    @step(
        who=people, what=treatments, day=days, hour=hours, told=said, keep=st.booleans()
    )
    def book(self, who, what, day, hour, told, keep):
        screened, start = self.screened(who, what, told), self.at(day, hour)
        kept = None
        if keep:
            kept = reservations.reserve(screened, start, None, now=self.now)
        how = {"now": self.now, "source": "online", "reservation": kept}
        return appointments.book(screened, start, None, who[0], **how).appointment

    @step("to_come", day=days, hour=hours, actor=anybody)
    def move(self, one, day, hour, actor):
        visit = db.session.get_one(Appointment, one.id)
        how = {"now": self.now, "actor": actor, "release": release_of(actor)}
        return appointments.move(visit, self.at(day, hour), None, **how).appointment

    @step("to_come", actor=anybody)
    def cancel(self, one, actor):
        visit = db.session.get_one(Appointment, one.id)
        appointments.cancel(visit, now=self.now, actor=actor)

    @step("to_come", told=said, actor=anybody)
    def answer(self, one, told, actor):
        """What is not said otherwise is all right again."""
        visit = db.session.get_one(Appointment, one.id)
        given = self.answers(one.treatment, told)
        given.pop("date_of_birth", None)
        appointments.change_answers(visit, given, now=self.now, actor=actor)

    @step(
        "to_come",
        changed=st.booleans(),
        actor=st.sampled_from(("the patient", "reception")),
    )
    def answer_whether_anything_changed(self, one, changed, actor):
        visit = db.session.get_one(Appointment, one.id)
        way = "desk" if actor is RECEPTION else "mail"
        how = {"changed": changed, "way": way, "now": self.now, "actor": actor}
        recheck_answers.answer(visit, **how)

    @step("completed", call=st.booleans(), actor=anybody)
    def symptom(self, one, call, actor):
        visit, told = (
            db.session.get_one(Appointment, one.id),
            reports.Said(wants_call=call),
        )
        reports.report(visit, told, step="report", now=self.now, actor=actor)

    @step(who=people, what=treatments, first=days, told=said, asks=st.booleans())
    def wait(self, who, what, first, told, asks):
        screened, wish = self.screened(who, what, told), self.wish(first, first + 20)
        if asks:
            entry = waitlist.ask(screened, who[0], wish, now=self.now)
            waitlist.confirm(entry, now=self.now, actor=PROVEN_PATIENT)
        else:
            how = {"now": self.now, "actor": RECEPTION}
            waitlist.join_at_desk(screened, who[0], wish, **how)

    @step("to_come", actor=anybody)
    def wait_for_an_earlier_time(self, one, actor):
        visit = db.session.get_one(Appointment, one.id)
        wish = self.wish(0, (one.starts_at.date() - self.now.date()).days)
        waitlist.join_with_visit(visit, wish, now=self.now, actor=actor)

    @step("offers")
    def accept(self, one):
        offer = db.session.get_one(WaitlistOffer, one.id)
        return waitlist.accept(offer, now=self.now)

    @step("offers")
    def decline_an_offer(self, one):
        offer = db.session.get_one(WaitlistOffer, one.id)
        waitlist.decline(offer, now=self.now, actor=PROVEN_PATIENT)

    # What the clinic does.

    @step(who=people, what=treatments, day=days, hour=hours, told=said, actor=staff)
    def book_at_desk(self, who, what, day, hour, told, actor):
        screened, start = self.screened(who, what, told), self.at(day, hour)
        how = {"now": self.now, "actor": actor, "release": release_of(actor)}
        return appointments.book_at_desk(
            screened, start, None, who[0], **how
        ).appointment

    @step("held", actor=staff)
    def release(self, one, actor):
        hold = db.session.get_one(Hold, one.id)
        holds.release(hold, now=self.now, actor=actor, reason="other", note=NOTE.note)

    @step("held", actor=staff)
    def decline(self, one, actor):
        hold = db.session.get_one(Hold, one.id)
        holds.decline(hold, now=self.now, actor=actor, reason="unsafe")

    @step("patients", what=treatments, ago=st.sampled_from((0, 3, 10, 20)))
    def record(self, one, what, ago):
        day = self.now.date() - timedelta(days=ago)
        entry = Entry("treatment", what, "letter", day=day, area="face")
        filing.enter(self.site, one.id, entry, now=self.now, actor=RECEPTION)

    @step("records")
    def withdraw(self, one):
        how = {"why": NOTE.note, "now": self.now, "actor": CLINICIAN}
        filing.withdraw(self.site, one.id, **how)

    @step("reported")
    def clear_a_symptom(self, one):
        visit = db.session.get_one(Appointment, one.id)
        how = {"reason": "seen_and_well", "note": "", "actor": CLINICIAN}
        reports.clear(visit, now=self.now, **how)

    @step("publishers")
    def publish(self, one):
        """Stricter, and the next time as before."""
        self.published += 1
        how = {"actor": one, "now": self.now}
        draft = drafts.start(self.site, title="As we see it", **how)
        if draft.edits:
            draft = drafts.take_back(draft.id, 0, seen=drafts.stamp(draft), **how)
            signs = how | {"actor": CLINICIAN}
            draft = versions.sign(draft.id, seen=drafts.stamp(draft), **signs)
        else:
            draft = drafts.put_edit(draft.id, STRICTER, seen=drafts.stamp(draft), **how)
        how |= {"seen": drafts.stamp(draft), "effective_on": self.now.date()}
        versions.publish(draft.id, **how)

    @step("to_come", comes=st.sampled_from((True, True, True, False)))
    def the_day_comes(self, one, comes):
        """Of the next visit, whichever was chosen."""
        one = min(self.to_come(), key=lambda visit: (visit.starts_at, visit.id))
        self.now = max(self.now, one.starts_at)
        self.work()
        visit = db.session.get_one(Appointment, one.id)
        if not comes:
            appointments.no_show(visit, now=self.now, actor=RECEPTION)
            return
        appointments.arrive(visit, now=self.now, actor=RECEPTION)
        self.now = max(self.now, visit.ends_at)
        notes = {"lot": "LOT-1"} if visit.treatment == "microneedling" else {}
        appointments.complete(visit, now=self.now, actor=CLINICIAN, **notes)

    # What comes by itself.

    @step(by=st.sampled_from((0, 1, 8, 24, 60)))
    def time_passes(self, by):
        self.now += timedelta(hours=by)
        self.work()

    def work(self):
        """As booking/jobs.py does, one after the other."""
        backlog.check_records(now=self.now)
        versions.put_due_in_force(now=self.now)
        recheck_answers.chase(now=self.now)
        unclosed.chase(now=self.now)
        expired_answers.ask_due(now=self.now)
        maintenance.sweep(now=self.now)
        checkins.chase(now=self.now)
        runs.run_due(now=self.now)
        waitlist.deal_with_freed(now=self.now)
        outbox.dispatch(self.post, clock=lambda: self.now)

    # What must be true all the time.

    def settle_in(self, visit):
        """What was just booked or moved is judged before anything else is decided; the
        records of every third that has not proven itself are left to the worker."""
        if visit is None:
            return
        placed = judges.read(self.site, self.now, self.asked)
        row = placed.visits[visit.id]
        on_record = row.records_checked_at is not None
        expect_none(judges.not_to_be_asked_for(placed, row, on_record=on_record))
        if row.id % 3:
            appointments.check_records(row.id, now=self.now)

    @invariant()
    def all_is_well(self):
        runs.run_due(now=self.now)
        self.clinic = judges.read(self.site, self.now, self.asked)
        expect_none(judges.double_bookings(self.clinic))
        expect_none(judges.unsafe(self.clinic))
        expect_none(judges.out_of_line(self.clinic))
        expect_none(judges.misplanned(self.clinic))
        expect_none(self.post.misjudged(self.clinic))
        if self.steps % DECIDED_AGAIN_EACH == 0 and not self.clinic.unsettled:
            self.decide_again()

    def decide_again(self):
        once = judges.standing(self.clinic)
        note(self.site, None, "again", now=self.now)
        db.session.commit()
        runs.run_due(now=self.now)
        again = judges.standing(judges.read(self.site, self.now, self.asked))
        expect_none(set(again) ^ set(once))

    def teardown(self):
        db.session.rollback()
        self.done["mails"] += len(self.post.left)

    # How a step is told.

    def at(self, day, hour) -> datetime:
        date = self.now.date() + timedelta(days=day)
        return datetime.combine(date, time(hour), UTC)

    def wish(self, first, last):
        first, last = (self.now.date() + timedelta(days=n) for n in (first, last))
        return waitlist.Wish(first, last)

    def answers(self, what, told):
        book = rulebooks.current(self.site)
        asked = {question.id for question in questionnaire(book, what, "face")}
        given = {
            name: str(self.now.date() - timedelta(days=value))
            if isinstance(value, int)
            else value
            for name, value in told.items()
            if name in asked
        }
        return clear_answers(self.site, what, "face", **given)

    def screened(self, who, what, told):
        answers = self.answers(what, told) | {"date_of_birth": who[1]}
        how = {"site": self.site, "treatment": what, "area": "face", "now": self.now}
        return screenings.screen(answers=answers, **how).screening


def expect_none(faults):
    found = list(faults)
    assert not found, found


def release_of(actor):
    return NOTE if actor is CLINICIAN else None
