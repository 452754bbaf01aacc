"""A small clinic whose manager changes its hours, for the tests."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import tasks
from booking.db import db
from booking.diary import calendar
from booking.diary.calendar import Search
from booking.errors import InvalidRequest, VisitsOutside
from booking.models import AuditEvent
from booking.opening import absences, closures, public_holidays, single_days, weeks
from booking.opening.changing import CLINIC, Agreed, owner_of
from tests.builders import MANAGER, at, book_at_desk
from tests.clock import NOW

DAY = 6  # a Tuesday
BY = {"actor": MANAGER, "now": NOW}
NO = Agreed()


def practitioner_of(site):
    """How a form names the first of them."""
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


def events(action):
    rows = select(AuditEvent).where(AuditEvent.action == action)
    return db.session.scalars(rows.order_by(AuditEvent.id)).all()


def end_absence(site, cleo):
    [(absence, _)] = absences.ahead(site, now=NOW)
    absences.end(site, absence.id, agreed=NO, **BY)


def reopen(site, cleo):
    [closed] = closures.ahead(site, now=NOW)
    closures.reopen(site, closed, agreed=NO, **BY)


def usual_day(site, cleo):
    single_days.take_away(site, cleo, at(DAY).date(), agreed=NO, **BY)


def keep_holidays(site, country, region="", agreed=NO):
    seen = public_holidays.stamp(site)
    return public_holidays.change(site, country, region, seen=seen, agreed=agreed, **BY)


def close_over_a_visit(site):
    """The clinic closes on a day with a visit, and its manager has agreed."""
    visit = book_at_desk(site, at(DAY)).appointment
    with pytest.raises(VisitsOutside) as asked:
        close(site)
    db.session.rollback()
    close(site, agreed=Agreed(asked.value.extra["stamp"], "1"))
    db.session.expire_all()
    return visit
