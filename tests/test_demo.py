"""The demo clinic: what a newcomer finds in it, whenever they come."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import flask_migrate
import pytest
from sqlalchemy import select

import screening
from booking import demo, gate, rulebooks, settings, tasks, waitlist
from booking.db import db
from booking.demo.people import MOST, Person
from booking.diary import calendar, hours
from booking.models import (
    Appointment,
    Hold,
    Message,
    Patient,
    RecheckAnswer,
    Release,
    Resource,
    Site,
    SymptomReport,
    Treatment,
    User,
    WaitlistEntry,
)
from booking.rescreening import rechecks

# A plain Wednesday noon, and the Thursday evening before Easter and the clock change.
MOMENTS = (
    datetime(2027, 3, 3, 12, 10, tzinfo=UTC),
    datetime(2027, 3, 25, 21, 40, tzinfo=UTC),
)
PASSWORD = "open sesame please"


@pytest.fixture(scope="module", params=MOMENTS, ids=["wednesday", "easter"])
def moment(request) -> datetime:
    return request.param


@pytest.fixture(scope="module")
def seeded(moment, tmp_path_factory):
    """An application with the demo of a moment; on SQLite, because it takes seconds."""
    data = tmp_path_factory.mktemp("demo")
    environment = {"CLEARSLOT_DATA": str(data), "CLEARSLOT_DEMO_PASSWORD": PASSWORD}
    settings.make_keys(data, environment)
    app = import_module("app").create_app(
        settings.read(environment) | {"TESTING": True, "CLOCK": lambda: moment}
    )
    with app.app_context():
        flask_migrate.upgrade()
        assert demo.is_empty()
        demo.seed(data, environment, now=moment)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def site(seeded):
    with seeded.app_context():
        yield db.session.scalars(select(Site)).one()


def test_the_place_is_in_london_with_people_rooms_and_a_laser(site):
    kinds = Counter(db.session.scalars(select(Resource.kind)))
    people = db.session.scalars(
        select(Resource).where(Resource.kind == "practitioner")
    ).all()

    assert site.timezone == "Europe/London"
    assert kinds == {"practitioner": 4, "room": 3, "device": 1}
    skills = {frozenset(c.name for c in person.capabilities) for person in people}
    assert len(skills) == 4
    table = hours.timetable(site, date(2027, 3, 1), 7)
    weeks = {
        tuple(table.times(p.id, date(2027, 3, day)) for day in range(1, 8))
        for p in people
    }
    assert len(weeks) == 4


def test_every_treatment_of_the_rulebook_is_performed_on_the_face(site):
    rulebook = rulebooks.current(site)
    performed = db.session.scalars(select(Treatment)).all()

    assert {row.id for row in performed} == set(rulebook.treatments)
    assert len(performed) == 12
    assert all("face" in rulebook.treatments[row.id].areas for row in performed)
    assert all(row.phases and row.active for row in performed)


def test_notice_and_horizon_are_as_promised(site):
    assert site.least_notice_minutes == 120
    assert site.horizon_days >= 92


@pytest.mark.parametrize(("email", "name", "roles"), demo.STAFF)
def test_staff_sign_in_with_the_given_password(site, email, name, roles):
    user = db.session.scalars(select(User).where(User.email == email)).one()

    assert user.verify_and_update_password(PASSWORD)
    assert sorted(role.name for role in user.roles) == sorted(roles)


def test_the_weeks_around_today_are_booked(site, moment):
    visits = db.session.scalars(select(Appointment)).all()
    past = [v for v in visits if v.ends_at < moment]
    ahead = [v for v in visits if v.starts_at > moment]

    assert len(visits) > 100
    assert {v.status for v in past} >= {"completed", "no_show"}
    assert "held" not in {v.status for v in past}
    assert {v.status for v in ahead} >= {"confirmed", "held"}
    assert min(v.starts_at for v in visits) < moment - timedelta(days=10)
    assert max(v.starts_at for v in visits) > moment + timedelta(days=10)
    assert all(v.records_checked_at for v in visits)


def test_today_is_as_far_as_the_hour(site, moment):
    midnight = moment.replace(hour=0, minute=0)
    today = [
        visit
        for visit in db.session.scalars(select(Appointment))
        if midnight <= visit.starts_at < midnight + timedelta(days=1)
        and visit.status != "cancelled"
    ]

    assert len(today) >= 6
    for visit in today:
        if visit.ends_at < moment:
            assert visit.status in ("completed", "no_show")
        elif visit.starts_at <= moment:
            assert visit.status == "arrived"
        else:
            assert visit.status in ("confirmed", "arrived")


def test_holds_of_both_classes_wait_with_time_left(site, moment):
    waiting = db.session.scalars(select(Hold).where(Hold.state == "open")).all()

    requested = [hold for hold in waiting if hold.requested]
    owners = Counter(hold.owner for hold in requested)
    assert owners == {"reception": 4, "clinician": 4}
    assert all(hold.decide_by > moment for hold in waiting)
    assert all(hold.appointment.status == "held" for hold in waiting)
    assert all(hold.windows for hold in waiting)
    # One patient has told of a change since; of another a letter tells of one.
    later = [hold for hold in waiting if not hold.requested]
    assert len(later) >= 2
    assert any(hold.conflicts for hold in later)
    assert db.session.scalars(select(Release)).first() is not None


def test_aftercare_is_under_way_and_nothing_old_waits(site, moment):
    messages = db.session.scalars(select(Message)).all()
    about_visits = [m for m in messages if m.appointment is not None]
    completed = {m for m in about_visits if m.appointment.status == "completed"}

    assert any(m.state == "planned" and m.due_at > moment for m in completed)
    assert any(m.state == "sent" for m in completed)
    waiting = [m for m in messages if m.state == "planned"]
    assert min(m.due_at for m in waiting) >= moment - timedelta(hours=2)


def test_after_their_visits_most_are_fine_one_has_signs_and_one_is_silent(site):
    reports = Counter(db.session.scalars(select(SymptomReport.answer)))
    waiting = Counter(task.kind for task in tasks.waiting(site))

    assert reports["call"] == 1
    assert reports["fine"] > 5
    assert waiting == {"symptom": 1, "checkin_silent": 1, "conflict": 1}


def test_of_those_asked_whether_anything_has_changed_one_is_to_be_called(site, moment):
    coming = select(Appointment).where(
        Appointment.status == "confirmed", Appointment.starts_at > moment
    )
    visits = db.session.scalars(coming).all()
    soon = [v for v in visits if v.starts_at <= moment + rechecks.LAST_CALL]
    waiting = [v for v in visits if rechecks.is_unanswered(v, site, now=moment)]
    answers = db.session.scalars(select(RecheckAnswer)).all()

    assert len(set(soon) & set(waiting)) == min(1, len(soon))
    # One more may still answer.
    assert len(waiting) <= 2
    assert {answer.changed for answer in answers} == {False}
    assert all(answer.at < moment for answer in answers)


def test_two_people_wait_and_could_be_offered_something(site, moment):
    waiting = db.session.scalars(select(WaitlistEntry)).all()

    assert [entry.state for entry in waiting] == ["waiting", "waiting"]
    assert [entry.appointment_id is None for entry in waiting] == [True, False]
    for entry in waiting:
        why = waitlist.standing_of(entry, site, now=moment).why
        assert why == "Nothing that fits has come free yet."


def test_nothing_in_it_would_be_refused_by_the_gate(site, moment):
    """Every visit to come is clear, released or held, seen with all records (I-2)."""
    coming = select(Appointment).where(
        Appointment.starts_at > moment, Appointment.status == "confirmed"
    )
    for visit in db.session.scalars(coming):
        clearance = gate.clearance_for(
            site,
            visit.treatment,
            visit.area,
            visit.screening.answers,
            now=moment,
            patient_id=visit.patient_id,
            ignoring=visit.id,
        )
        released = gate.released_windows(visit.id)
        decision = gate.decide(clearance, visit.starts_at.date(), released)

        assert decision.windows == ()


def test_a_new_patient_finds_microneedling_on_every_open_weekday(site, moment):
    answers = Person(MOST - 1).clear_answers(site, "microneedling", "face")
    today = moment.date()
    clearance = screening.clearance(
        rulebooks.current(site), "microneedling", "face", answers, today=today
    )
    closed = hours.timetable(site, today, 93).closed

    # Today is nearly over when the demo is made in the evening.
    found = calendar.days(
        site,
        "microneedling",
        clearance,
        first_day=today + timedelta(days=1),
        days=91,
        now=moment,
    )

    full = [
        day.day
        for day in found
        if day.day.weekday() < 5 and day.day not in closed and not day.slots
    ]
    assert full == []
    assert {day.verdict for day in found} == {"clear"}


def test_nobody_in_it_is_real(site):
    patients = db.session.scalars(select(Patient)).all()

    assert all(p.email.endswith("@example.com") for p in patients)
    # Ofcom keeps 020 7946 0000 to 0999 for fiction.
    assert all(re.fullmatch(r"\+442079460\d{3}", p.phone) for p in patients)
    assert len({p.email for p in patients}) == len(patients)


def test_no_two_of_its_people_share_a_name():
    assert len({Person(number).name for number in range(MOST)}) == MOST


def test_an_interrupted_seeding_leaves_nothing(
    app, session, now, tmp_path, monkeypatch
):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("booking.demo.seeding.add_visits", interrupt)

    with pytest.raises(KeyboardInterrupt):
        demo.seed(tmp_path, {}, now=now)

    assert not settings.is_demo(tmp_path)
    for table in db.metadata.sorted_tables:
        assert session.execute(select(table)).first() is None, table.name
