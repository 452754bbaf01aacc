"""Who is right for a time that came free: the search against a slow and obvious answer.

The oracle knows nothing of masks, chunks or early ends. It looks at every person in the
order of waiting, at every start of the day, and asks the gate each time.
"""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import gate
from booking.clock import local_day
from booking.db import db
from booking.diary import calendar
from booking.errors import BookingError
from booking.models import Claim, FreedSlot, Record, Site, WaitlistEntry
from booking.patients import Contact
from booking.reservations import is_first_visit
from booking.waitlist import matching
from screening import Verdict
from tests.booking.waiting import days, wait
from tests.builders import at, book_at_desk, make_clinic
from tests.clock import NOW

DAY = 6
ANSWERS = (
    {},
    {},
    {},
    {"last_toxin": "2027-02-27"},
    {"last_toxin": "2027-02-17"},
    {"pregnant": "unsure"},
)
PEOPLE = [
    Contact(name=f"Person {letter}", email=f"{letter}@example.com".lower())
    for letter in "ABCDEFGH"
]


@st.composite
def wishes(draw):
    first = draw(st.integers(1, 8))
    return {
        "first": first,
        "last": draw(st.integers(first, 9)),
        "weekdays": tuple(draw(st.sets(st.integers(0, 6), max_size=3))),
        "from_time": draw(st.none() | st.sampled_from([time(9), time(11), time(14)])),
        "until_time": draw(st.none() | st.sampled_from([time(10), time(13), time(16)])),
        "practitioners": draw(st.sets(st.sampled_from([0, 1]), max_size=2)),
        "answers": draw(st.integers(0, len(ANSWERS) - 1)),
        "treatment": draw(st.sampled_from(["microneedling", "facial", "waxing"])),
        "filler": draw(st.booleans()),
        "waits_for": draw(st.integers(0, 5)),
    }


@st.composite
def worlds(draw):
    busy = draw(st.lists(st.tuples(st.integers(9, 15), st.integers(0, 1)), max_size=4))
    slot = (draw(st.integers(9, 15)), draw(st.integers(0, 1)))
    return draw(st.lists(wishes(), min_size=1, max_size=6)), busy, slot


@pytest.mark.usefixtures("session")
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_the_right_person_is_found(world, database):
    _begin_anew(database)
    people, busy, slot = world
    site = make_clinic(practitioners=2, rooms=2)
    _fill(site, people, busy)
    freed = _freed(site, slot)

    found = matching.find(freed, site, now=NOW)

    expected = _oracle(freed, site)
    assert _names(found) == expected


def _begin_anew(database):
    db.session.remove()
    db.engine.dispose()
    database.empty()


def _fill(site, people, busy):
    whom = [r.id for r in site.resources if r.kind == "practitioner"]
    for number, (hour, who) in enumerate(busy):
        contact = Contact(name="Zed", email=f"zed{number}@example.com")
        try:
            book_at_desk(
                site,
                at(DAY, hour),
                contact=contact,
                treatment="consultation",
                practitioner=whom[who],
            )
        except BookingError:  # taken by another of these
            db.session.rollback()
    for contact, person in zip(PEOPLE, people, strict=False):
        _join(site, contact, person, whom)


def _join(site, contact, person, whom):
    entry = wait(site, contact, days(1, 30), treatment=person["treatment"], area="face")
    entry.first_day = at(person["first"]).date()
    entry.last_day = at(person["last"]).date()
    entry.weekdays = list(person["weekdays"])
    entry.from_time, entry.until_time = person["from_time"], person["until_time"]
    entry.practitioners = [whom[who] for who in person["practitioners"]]
    entry.joined_at = NOW - timedelta(hours=person["waits_for"])
    entry.screening.answers = entry.screening.answers | {
        name: value
        for name, value in ANSWERS[person["answers"]].items()
        if name in entry.screening.answers
    }
    if person["filler"]:
        db.session.add(
            Record(
                patient_id=entry.patient_id,
                kind="treatment",
                subject="filler",
                day=NOW.date(),
                area="face",
                value={"value": None, "depth_mm": None, "note": None},
                how_known="told us",
                entered_by="Robin",
                entered_at=NOW,
            )
        )
    db.session.commit()


def _freed(site, slot):
    hour, who = slot
    whom = [r.id for r in site.resources if r.kind == "practitioner"]
    rooms = [r.id for r in site.resources if r.kind == "room"]
    first = int(at(DAY, hour).timestamp()) // 300
    claims = [[whom[who], first, first + 12], [rooms[0], first, first + 12]]
    # What is said to be free is free: nobody else has claims there.
    busy = db.session.query(Claim).filter(Claim.resource_id.in_([whom[who], rooms[0]]))
    for claim in busy.filter(Claim.first_cell < first + 12, Claim.until_cell > first):
        claim.live = False
    freed = FreedSlot(
        site_id=site.id,
        starts_at=at(DAY, hour),
        ends_at=at(DAY, hour + 1),
        claims=claims,
        noted_at=NOW,
    )
    db.session.add(freed)
    db.session.commit()
    return freed


def _names(match):
    if match is None:
        return None
    entry = db.session.get(WaitlistEntry, match.people[0].entry_id)
    return entry.patient.name, match.start


def _oracle(freed: FreedSlot, site: Site):
    entries = db.session.query(WaitlistEntry).filter_by(state="waiting").all()
    for entry in sorted(entries, key=lambda one: (one.joined_at, one.id)):
        starts = _possible(entry, site) - _possible(entry, site, without=freed)
        right = {
            s for s, who in starts if _suits(entry, s, who) and _safe(entry, s, site)
        }
        if right:
            lead = _lead(entry, site)
            near = freed.starts_at + lead
            return entry.patient.name, min(right, key=lambda s: (abs(s - near), s))
    return None


def _lead(entry, site):
    found = _diary(entry, site)
    return found.plan.patient_from * timedelta(minutes=5)


def _diary(entry, site):
    first = is_first_visit(entry.patient_id, entry.treatment)
    search = calendar.Search(site, entry.treatment, NOW, first)
    return calendar.load(search, at(DAY).date(), 1)


def _possible(entry, site, without=None):
    """(start, practitioner) of everything free, by trying to put it there."""
    extra = []
    if without is not None:
        visit = db.session.query(Claim.appointment_id).first()
        for resource, first, until in without.claims:
            claim = Claim(
                appointment_id=visit[0] if visit else None,
                resource_id=resource,
                first_cell=first,
                until_cell=until,
                live=True,
            )
            extra.append(claim)
        if visit is None:
            return _without_claims(entry, site, without)
        db.session.add_all(extra)
        db.session.flush()
    found = _diary(entry, site)
    free = {(slot.start, slot.practitioner) for slot in found.slots_in(found.free())}
    for claim in extra:
        db.session.delete(claim)
    db.session.flush()
    return free


def _without_claims(entry, site, without):
    """No visit that could lend its number to a claim: book one far away for that."""
    contact = Contact(name="Zed", email="zed99@example.com")
    book_at_desk(site, at(25), contact=contact, treatment="consultation")
    return _possible(entry, site, without)


def _suits(entry, start, who):
    day, wall = start.date(), start.time()  # March is GMT in London
    return (
        entry.first_day <= day <= entry.last_day
        and (not entry.weekdays or day.weekday() in entry.weekdays)
        and (entry.from_time is None or wall >= entry.from_time)
        and (entry.until_time is None or wall <= entry.until_time)
        and (not entry.practitioners or who in entry.practitioners)
    )


def _safe(entry, start, site):
    clearance = gate.clearance_for(
        site,
        entry.treatment,
        entry.area,
        entry.screening.answers,
        now=NOW,
        patient_id=entry.patient_id,
    )
    return clearance.verdict_on(local_day(start, site.timezone)) is Verdict.CLEAR
