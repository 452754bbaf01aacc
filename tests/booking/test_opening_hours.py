"""Opening hours in the manager's hands: what they open, what they close, and what is
wrong with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments, tasks, waitlist
from booking.diary import calendar
from booking.diary.calendar import Search
from booking.errors import (
    HoursChanged,
    InvalidRequest,
    NotAllowed,
    NotFound,
    VisitsOutside,
)
from booking.models import (
    Absence,
    Appointment,
    AuditEvent,
    Claim,
    FreedSlot,
    OpeningHours,
    Task,
)
from booking.opening import absences, closures, review, single_days, weeks
from booking.opening.changing import CLINIC, Agreed, owner_of
from tests.booking.waiting import days, names, offers, wait
from tests.builders import (
    ADA,
    BOB,
    CLINICIAN,
    MANAGER,
    RECEPTION,
    at,
    book_at_desk,
    make_clinic,
    screen,
)
from tests.clock import NOW

DAY = 6  # a Tuesday
BY = {"actor": MANAGER, "now": NOW}
NO = Agreed()


@pytest.fixture
def site(session):
    """One practitioner and one room, open from nine to five on every day."""
    return make_clinic(practitioners=1, rooms=1)


@pytest.fixture
def cleo(site):
    return next(str(r.id) for r in site.resources if r.kind == "practitioner")


def day(number):
    return at(number).date().isoformat()


def week(hours="09:00-17:00", **others):
    """The same hours on every day, but for some."""
    return {n: others.get(f"day{n}", hours) for n in range(7)}


def set_week(site, who, wanted, *, agreed=NO, seen=None, by=MANAGER, now=NOW):
    if seen is None:
        seen = weeks.stamp(site, owner_of(site, who))
    return weeks.change(site, who, wanted, seen=seen, agreed=agreed, actor=by, now=now)


def set_all(site, cleo, wanted, **options):
    """Clinic and practitioner alike: a room follows the clinic."""
    for who in (CLINIC, cleo):
        set_week(site, who, wanted, **options)


def away(site, who, first=DAY, last=DAY, times=("", ""), reason="", agreed=NO, **by):
    typed = absences.Typed(who, day(first), times[0], day(last), times[1], reason)
    return absences.add(site, typed, agreed=agreed, **(BY | by))


def close(site, first=DAY, last="", name="Stocktaking", agreed=NO, **by):
    last = day(last) if last else ""
    return closures.add(site, day(first), last, name, agreed=agreed, **(BY | by))


def other_day(site, who, hours, number=DAY, agreed=NO):
    return single_days.add(site, who, day(number), hours, agreed=agreed, **BY)


def starts(site, number=DAY):
    """When a needling could begin on a day, on the clock."""
    found = calendar.load(Search(site, "microneedling", NOW), at(number).date(), 1)
    return [f"{slot.start:%H:%M}" for slot in found.slots_in(found.free())]


def problems_of(action):
    with pytest.raises(InvalidRequest) as refused:
        action()
    return {problem.field: problem.message for problem in refused.value.problems}


def outside_tasks(site):
    return [task for task in tasks.waiting(site) if task.kind == "outside_hours"]


def events(session, action):
    rows = select(AuditEvent).where(AuditEvent.action == action)
    return session.scalars(rows.order_by(AuditEvent.id)).all()


# What hours open


def test_a_week_with_a_break_leaves_starts_before_and_after_it(site, cleo):
    set_week(site, cleo, week("9-12, 13:00–15:00"))

    found = starts(site)

    assert found[0] == "09:00"
    assert found[-1] < "15:00"
    assert "12:00" not in found
    assert weeks.typed(weeks.week_of(site, owner_of(site, cleo)))[0] == (
        "09:00-12:00, 13:00-15:00"
    )


def test_a_room_follows_the_clinic(site, cleo):
    set_week(site, cleo, week("09:00-20:00"))
    before = starts(site)

    set_week(site, CLINIC, week("09:00-20:00"))

    assert before[-1] < "17:00" < starts(site)[-1]


def test_other_hours_on_one_day_are_for_that_day_alone(site, cleo):
    usual = starts(site, DAY + 1)

    other_day(site, [CLINIC, cleo], "11:00-20:00")

    assert starts(site)[0] >= "11:00"
    assert starts(site)[-1] > "17:00"
    assert starts(site, DAY + 1) == usual
    single_days.take_away(site, cleo, at(DAY).date(), agreed=NO, **BY)
    single_days.take_away(site, CLINIC, at(DAY).date(), agreed=NO, **BY)
    assert starts(site) == usual


def test_a_public_holiday_can_be_worked(session):
    site = make_clinic(practitioners=1, rooms=1, holiday_country="GB")
    cleo = next(str(r.id) for r in site.resources if r.kind == "practitioner")
    good_friday = 23

    assert starts(site, good_friday) == []
    assert "day" in problems_of(
        lambda: other_day(site, [cleo], "09:00-17:00", good_friday)
    )
    session.rollback()
    other_day(site, [CLINIC], "10:00-14:00", good_friday)

    assert starts(site, good_friday)[0] == "10:00"


# What they open goes to the waitlist


def _longer_week(site, cleo):
    set_all(site, cleo, week("09:00-20:00"))


def _longer_day(site, cleo):
    other_day(site, [CLINIC, cleo], "09:00-20:00")


def _absence_over(site, cleo):
    [(absence, _)] = absences.ahead(site, now=NOW)
    absences.end(site, absence.id, agreed=NO, **BY)


def _closure_over(site, cleo):
    [closed] = closures.ahead(site, now=NOW)
    closures.reopen(site, closed, agreed=NO, **BY)


def _usual_day_again(site, cleo):
    single_days.take_away(site, cleo, at(DAY).date(), agreed=NO, **BY)


OPENED = [
    pytest.param(None, _longer_week, "17:00", id="longer week"),
    pytest.param(None, _longer_day, "17:00", id="longer day"),
    pytest.param(away, _absence_over, "09:00", id="absence over"),
    pytest.param(lambda s, _: close(s), _closure_over, "09:00", id="closure over"),
    pytest.param(
        lambda s, cleo: other_day(s, [cleo], "09:00-09:30"),
        _usual_day_again,
        "09:00",
        id="usual day again",
    ),
]


@pytest.mark.parametrize(("before", "opens", "from_time"), OPENED)
def test_who_waits_is_offered_the_time_that_opens(
    site, cleo, session, before, opens, from_time
):
    if before:
        before(site, cleo)
    waitlist.deal_with_freed(now=NOW)
    hour = int(from_time[:2])
    wish = days(DAY, DAY, from_time=at(DAY, hour).time())
    wait(site, BOB, wish)
    refused = wait(site, wish=wish)
    refused.screening_id = screen(site, last_toxin="2027-02-27").screening.id
    session.commit()
    waitlist.deal_with_freed(now=NOW)
    assert offers() == []

    opens(site, cleo)
    waitlist.deal_with_freed(now=NOW)

    assert names() == ["Bob Quill"]
    assert offers()[0].appointment.starts_at >= at(DAY, hour)


def test_what_was_open_all_along_is_not_noted(site, cleo, session):
    set_week(site, cleo, week("09:00-17:00", day1="09:00-19:00"))

    slots = session.scalars(select(FreedSlot)).all()

    claims = [claim for slot in slots for claim in slot.claims]
    assert {who for who, _, _ in claims} == {int(cleo)}
    assert {until - first for _, first, until in claims} == {24}


def test_shorter_hours_note_nothing(site, cleo, session):
    set_week(site, cleo, week("10:00-16:00"))

    assert session.scalars(select(FreedSlot)).all() == []


# What they close


def _shorter_week(site, cleo, agreed):
    return set_week(site, cleo, week(day1="11:00-17:00"), agreed=agreed)


def _shorter_clinic(site, cleo, agreed):
    return set_week(site, CLINIC, week(day1="11:00-17:00"), agreed=agreed)


def _shorter_day(site, cleo, agreed):
    return other_day(site, [cleo], "11:00-17:00", agreed=agreed)


def _absence(site, cleo, agreed):
    return away(site, cleo, times=("09:00", "11:00"), agreed=agreed)


def _room_away(site, cleo, agreed):
    room = next(str(r.id) for r in site.resources if r.kind == "room")
    return away(site, room, agreed=agreed)


def _closure(site, cleo, agreed):
    return close(site, DAY - 1, DAY + 1, agreed=agreed)


CLOSED = [
    _shorter_week,
    _shorter_clinic,
    _shorter_day,
    _absence,
    _room_away,
    _closure,
]


@pytest.mark.parametrize("closes", CLOSED)
def test_visits_in_what_is_closed_are_told_first_and_become_tasks(
    site, cleo, session, closes
):
    visit = book_at_desk(site, at(DAY)).appointment
    session.commit()
    claims = [(c.id, c.live) for c in session.scalars(select(Claim))]

    with pytest.raises(VisitsOutside) as asked:
        closes(site, cleo, NO)

    session.rollback()
    [seen] = asked.value.extra["visits"]
    assert (seen.visit_id, seen.starts_at) == (visit.id, at(DAY))
    assert (seen.patient, seen.practitioner) == ("Ada Fair", "Cleo")
    assert outside_tasks(site) == []
    assert "09:00" in starts(site, DAY + 2)
    agreed = Agreed(asked.value.extra["stamp"], " 1 ")
    assert closes(site, cleo, agreed) == 1
    session.expire_all()
    [task] = outside_tasks(site)
    assert (task.appointment_id, task.owner) == (visit.id, "reception")
    assert (visit.status, visit.starts_at) == ("confirmed", at(DAY))
    assert [(c.id, c.live) for c in session.scalars(select(Claim))] == claims
    assert NOW < task.due_at <= at(DAY) - timedelta(days=2)


def test_nothing_is_closed_by_a_yes_to_other_visits(site, cleo, session):
    book_at_desk(site, at(DAY))
    with pytest.raises(VisitsOutside) as asked:
        close(site)
    session.rollback()
    book_at_desk(site, at(DAY, 14), contact=BOB)
    old = Agreed(asked.value.extra["stamp"], "1")

    with pytest.raises(VisitsOutside) as again:
        close(site, agreed=old)

    session.rollback()
    assert len(again.value.extra["visits"]) == 2
    assert closures.ahead(site, now=NOW) == []


@pytest.mark.parametrize("number", ["", "2", "one"])
def test_how_many_visits_it_are_has_to_be_typed(site, session, number):
    book_at_desk(site, at(DAY))
    with pytest.raises(VisitsOutside) as asked:
        close(site)
    session.rollback()

    with pytest.raises(VisitsOutside) as again:
        close(site, agreed=Agreed(asked.value.extra["stamp"], number))

    session.rollback()
    assert again.value.extra["wrong"]
    assert session.scalars(select(Task)).all() == []


def close_over_a_visit(site, session):
    visit = book_at_desk(site, at(DAY)).appointment
    with pytest.raises(VisitsOutside) as asked:
        close(site)
    session.rollback()
    close(site, agreed=Agreed(asked.value.extra["stamp"], "1"))
    session.expire_all()
    return visit


def test_a_visit_that_moves_or_ends_needs_no_task_any_more(site, session):
    visit = close_over_a_visit(site, session)

    appointments.move(visit, at(DAY + 1), None, now=NOW, actor=RECEPTION)

    session.expire_all()
    assert outside_tasks(site) == []


def test_a_visit_whose_time_opens_again_needs_no_task_any_more(site, session):
    close_over_a_visit(site, session)

    _closure_over(site, None)

    session.expire_all()
    assert outside_tasks(site) == []
    assert session.scalars(select(Task.outcome)).all() == ["open_again"]


def test_keeping_it_ends_the_task_and_it_is_not_asked_again(site, session):
    visit = close_over_a_visit(site, session)
    [task] = outside_tasks(site)

    tasks.finish(task.id, "kept", now=NOW, actor=RECEPTION)

    assert review.look(now=NOW) == 0
    session.expire_all()
    assert outside_tasks(site) == []
    assert visit.status == "confirmed"


def test_a_visit_soon_is_urgent(site, session):
    visit = book_at_desk(site, at(1, 14)).appointment
    with pytest.raises(VisitsOutside) as asked:
        close(site, 1)
    session.rollback()

    close(site, 1, agreed=Agreed(asked.value.extra["stamp"], "1"))

    [task] = outside_tasks(site)
    assert (task.urgent, task.due_at) == (True, NOW)
    review.look(now=visit.ends_at)
    session.expire_all()
    assert outside_tasks(site) == []


def test_who_was_just_booking_when_it_closed_is_found_by_the_worker(site, session):
    """The patient finishes a minute after the manager closed the day."""
    screened = screen(site).screening
    kept = appointments.reserve(screened, at(DAY), None, now=NOW)
    assert close(site) == 0
    booked = appointments.book(
        screened, at(DAY), None, ADA, now=NOW, source="online", reservation=kept
    )

    assert review.look(now=NOW) == 1
    assert review.look(now=NOW) == 0

    session.expire_all()
    assert [t.appointment_id for t in outside_tasks(site)] == [booked.appointment.id]


def test_a_past_or_cancelled_visit_is_not_in_the_way(site):
    visit = book_at_desk(site, at(DAY)).appointment
    appointments.cancel(visit, now=NOW, actor=RECEPTION)

    assert close(site) == 0


# Who, when, why


def test_every_change_leaves_an_event(site, cleo, session):
    set_week(site, cleo, week("10:00-16:00"))
    other_day(site, [cleo], "11:00-15:00")
    away(site, cleo, DAY + 1, DAY + 2, reason="Course in Leeds")
    close(site, DAY + 3)
    _usual_day_again(site, cleo)
    _absence_over(site, cleo)
    _closure_over(site, cleo)

    [changed] = events(session, "hours.week")
    assert (changed.actor, changed.subject_kind) == ("Max", "resource")
    assert changed.detail["before"]["0"] == "09:00-17:00"
    assert changed.detail["after"]["0"] == "10:00-16:00"
    [gone] = events(session, "absence")
    assert gone.detail["reason"] == "Course in Leeds"
    for action in (
        "hours.day",
        "hours.day_over",
        "absence.end",
        "closure",
        "closure.end",
    ):
        assert len(events(session, action)) == 1, action


@pytest.mark.parametrize("actor", [RECEPTION, CLINICIAN])
@pytest.mark.parametrize(
    "change",
    [
        lambda site, by: set_week(site, CLINIC, week(), by=by),
        lambda site, by: away(site, "1", actor=by),
        lambda site, by: close(site, actor=by),
    ],
)
def test_only_a_manager_changes_hours(site, session, actor, change):
    with pytest.raises(NotAllowed):
        change(site, actor)

    session.rollback()
    assert session.scalars(select(Absence)).all() == []


def test_who_saves_second_is_told_and_overwrites_nothing(site, cleo, session):
    seen = weeks.stamp(site, owner_of(site, cleo))
    set_week(site, cleo, week("10:00-16:00"), seen=seen)

    with pytest.raises(HoursChanged):
        set_week(site, cleo, week("08:00-12:00"), seen=seen)

    session.rollback()
    assert {row.opens.hour for row in weeks_rows(session, cleo)} == {10}


def weeks_rows(session, cleo):
    rows = select(OpeningHours).where(OpeningHours.resource_id == int(cleo))
    return session.scalars(rows).all()


def test_what_is_taken_away_twice_is_not_found(site, cleo, session):
    other_day(site, [cleo], "11:00-15:00")
    away(site, cleo, DAY + 1, DAY + 1)
    close(site, DAY + 2)
    [(absence, _)] = absences.ahead(site, now=NOW)
    number, [closed] = absence.id, closures.ahead(site, now=NOW)
    _usual_day_again(site, cleo)
    _absence_over(site, cleo)
    _closure_over(site, cleo)

    for again in (
        lambda: _usual_day_again(site, cleo),
        lambda: absences.end(site, number, agreed=NO, **BY),
        lambda: closures.reopen(site, closed, agreed=NO, **BY),
    ):
        with pytest.raises(NotFound):
            again()
        session.rollback()


def test_an_absence_under_way_ends_now_and_stays_on_record(site, cleo, session):
    away(site, cleo, 0, 3)
    later = at(1, 12)
    [(absence, _)] = absences.ahead(site, now=later)

    absences.end(site, absence.id, agreed=NO, actor=MANAGER, now=later)

    session.expire_all()
    assert absence.first_cell < absence.until_cell
    assert absences.ahead(site, now=later) == []
    assert starts(site, 0) == []
    assert starts(site, 2) != []
    assert session.scalars(select(Appointment)).all() == []


# What is wrong with what was typed


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ("12:00-09:00", "ends before it begins"),
        ("09:00-09:00", "ends before it begins"),
        ("09:00-24:00", "no span of hours"),
        ("09:00-13:00, 12:00-18:00", "overlap at 12:00"),
        ("09:02-13:00", "09:02 is not a multiple of 5 minutes"),
        ("nine to five", "no span of hours"),
        ("09:00", "no span of hours"),
        ("25:00-26:00", "no span of hours"),
        ("09:00-12:00,", "no span of hours"),
        ("9" * 5000, "no span of hours"),
    ],
)
def test_a_mistake_in_the_hours_names_its_day(site, cleo, session, hours, words):
    found = problems_of(lambda: set_week(site, cleo, week(day2=hours)))

    assert found.keys() == {"day-2"}
    assert words in found["day-2"]
    session.rollback()
    found = problems_of(lambda: other_day(site, [cleo], hours))
    assert words in found["hours"]


def test_an_empty_week_is_refused(site, cleo):
    assert (
        "at least one day"
        in problems_of(lambda: set_week(site, cleo, week("")))["day-0"]
    )


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (lambda s, c: away(s, "99"), "who", "Choose who"),
        (lambda s, c: away(s, "x"), "who", "Choose who"),
        (lambda s, c: away(s, c, -1, 2), "first_day", "over"),
        (lambda s, c: away(s, c, 4, 3), "last_day", "before it begins"),
        (lambda s, c: away(s, c, 0, 0, ("08:00", "09:00")), "last_time", "over"),
        (lambda s, c: away(s, c, 3, 3, ("12:00", "11:00")), "last_time", "before"),
        (lambda s, c: away(s, c, 3, 3, ("12:01", "")), "first_time", "multiple"),
        (lambda s, c: away(s, c, 3, 3, ("noon", "")), "first_time", "like 09:30"),
        (lambda s, c: away(s, c, 3, 999), "last_day", "two years"),
        (lambda s, c: away(s, c, reason="x" * 300), "reason", "at most"),
        (lambda s, c: close(s, -1), "first_day", "over"),
        (lambda s, c: close(s, 5, 4), "last_day", "before it begins"),
        (lambda s, c: close(s, name="  "), "name", "why"),
        (lambda s, c: other_day(s, ["99"], "09:00-12:00"), "who", "Choose"),
        (lambda s, c: other_day(s, [], "09:00-12:00"), "who", "Choose"),
        (lambda s, c: other_day(s, [c], "09:00-12:00", -1), "day", "over"),
        (lambda s, c: other_day(s, [c], ""), "hours", "Give the hours"),
    ],
)
def test_a_mistake_names_its_field(site, cleo, session, change, field, words):
    found = problems_of(lambda: change(site, cleo))

    assert words in found[field]
    session.rollback()
    assert session.scalars(select(AuditEvent)).all() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda s, c: away(s, c), "first_day"),
        (lambda s, c: close(s, DAY + 1), "first_day"),
        (lambda s, c: other_day(s, [c], "10:00-12:00", DAY + 2), "day"),
    ],
)
def test_a_form_sent_twice_counts_once(site, cleo, change, field):
    change(site, cleo)

    assert "already" in problems_of(lambda: change(site, cleo))[field]


def test_no_other_hours_on_a_closed_day(site, cleo):
    close(site)

    found = problems_of(lambda: other_day(site, [CLINIC, cleo], "10:00-12:00"))

    assert "closed on this day" in found["day"]
