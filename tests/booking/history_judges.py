"""What must be true of the clinic at every moment, told slowly and plainly.

The judges read the bare rows and ask `screening` alone: they know neither the gate's
own records, nor how a visit is decided again, nor which states a mail fits.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

import screening
from booking import rulebooks
from booking.db import db
from booking.messages.mail import Letter
from booking.models import (
    Appointment,
    AuditEvent,
    Claim,
    Hold,
    Message,
    Move,
    Patient,
    Record,
    Release,
    Rescreening,
    Site,
    SymptomReport,
    WaitlistEntry,
    WaitlistOffer,
)
from screening import Verdict, Window

LONDON = ZoneInfo("Europe/London")
ON_FILE = ("confirmed", "held", "arrived", "completed")
MAY_LEAVE = {
    "confirmed": {"confirmed"},
    "moved": {"confirmed"},
    "course": {"confirmed"},
    "held": {"held"},
    "reheld": {"held"},
    "rescreen_refused": {"held"},
    "staff_hold": {"held"},
    "staff_urgent": {"held"},
    "declined": {"declined"},
    "expired": {"expired"},
    "cancelled": {"cancelled"},
    "reask": {"confirmed", "held"},
    "prep": {"confirmed"},
    "recheck": {"confirmed"},
    "after": {"completed"},
    "aftercare_late": {"completed"},
    "checkin": {"completed"},
    "waitlist_confirm": {"asked"},
    "waitlist_joined": {"waiting"},
    "waitlist_offer": {"waiting"},
    "waitlist_over": {"over"},
}
"""The states of a visit, or of a place on the list, that a mail may speak of."""


@dataclass
class Clinic:
    """Everything that was written down, read in a handful of statements."""

    site: Site
    now: datetime
    visits: list[Appointment]
    holds: dict[int, Hold]
    people: dict[int, str]
    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    releases: dict[int, list[Release]] = field(
        default_factory=lambda: defaultdict(list)
    )
    moves: dict[int, int] = field(default_factory=dict)
    offers: list[WaitlistOffer] = field(default_factory=list)
    reported: set[int] = field(default_factory=set)

    def person(self, visit: Appointment) -> str | None:
        """Here everybody has an address of their own."""
        return self.people.get(visit.patient_id or 0)

    def to_come(self) -> list[Appointment]:
        """Booked, not over, and compared with the records."""
        return [
            visit
            for visit in self.visits
            if visit.status in ("confirmed", "held")
            and visit.ends_at > self.now
            and visit.records_checked_at is not None
        ]


def read(site: Site, now: datetime) -> Clinic:
    db.session.rollback()
    db.session.expire_all()
    whole = select(Appointment).options(joinedload(Appointment.screening))
    clinic = Clinic(
        site,
        now,
        list(db.session.scalars(whole.order_by(Appointment.id))),
        {
            hold.appointment_id: hold
            for hold in db.session.scalars(select(Hold).where(Hold.state == "open"))
        },
        {one.id: one.email for one in db.session.scalars(select(Patient))},
    )
    for record in db.session.scalars(select(Record).order_by(Record.id)):
        clinic.records[clinic.people[record.patient_id]].append(record)
    for release in db.session.scalars(select(Release)):
        clinic.releases[release.appointment_id].append(release)
    for visit_id in db.session.scalars(select(Move.appointment_id)):
        clinic.moves[visit_id] = clinic.moves.get(visit_id, 0) + 1
    clinic.offers = list(
        db.session.scalars(
            select(WaitlistOffer)
            .where(WaitlistOffer.state == "open")
            .order_by(WaitlistOffer.id)
        )
    )
    clinic.reported = set(db.session.scalars(select(SymptomReport.appointment_id)))
    return clinic


def double_bookings() -> list[str]:
    """I-1: no resource and no person is in two places at once."""
    columns = (Claim.first_cell, Claim.until_cell, Claim.appointment_id)
    rows = select(Claim.resource_id, Claim.patient_id, *columns).where(Claim.live)
    spans = defaultdict(list)
    for resource, patient, *span in db.session.execute(rows):
        spans[resource, patient].append(tuple(span))
    return [
        f"visits {earlier[2]} and {later[2]} share {owner}"
        for owner, taken in spans.items()
        for earlier, later in pairwise(sorted(taken))
        if later[0] < earlier[1]
    ]


def unclaimed(clinic: Clinic) -> list[str]:
    """I-1, from the other side: whoever treats is claimed for each visit that stands,
    and for no other."""
    rows = select(Claim.appointment_id, Claim.resource_id).where(Claim.live)
    taken = {tuple(row) for row in db.session.execute(rows)}
    stand = {
        (visit.id, visit.practitioner_id)
        for visit in clinic.visits
        if visit.status in ON_FILE
    }
    # What was only kept for somebody may run out, and be taken before it is tidied.
    kept = {v.id for v in clinic.visits if v.status in (*ON_FILE, "reserved")}
    return [f"visit {number} has no claim" for number, _ in stand - taken] + [
        f"visit {number} still has a claim" for number, _ in taken if number not in kept
    ]


def windows_left(
    clinic: Clinic, visit: Appointment, *, on_record: bool = True
) -> list[Window]:
    """The windows over the day of a visit that nobody has released."""
    rulebook = rulebooks.current(clinic.site)
    clearance = screening.clearance(
        rulebook,
        visit.treatment,
        visit.area,
        visit.screening.answers,
        today=clinic.now.astimezone(LONDON).date(),
        given_on=visit.screening.given_on,
        records=_known(clinic, visit) if on_record else (),
    )
    day = visit.starts_at.astimezone(LONDON).date()
    placement = clinic.moves.get(visit.id, 0)
    let_pass = {
        Window.from_json(stored).key
        for release in clinic.releases[visit.id]
        if release.placement == placement
        for stored in release.windows
    }
    return [w for w in clearance.windows_on(day) if w.key not in let_pass]


def _known(clinic: Clinic, visit: Appointment) -> list[screening.Record]:
    person = clinic.person(visit)
    found = [
        screening.Record.of_treatment(
            other.treatment,
            other.starts_at.astimezone(LONDON).date(),
            area=other.area,
            depth_mm=other.depth_mm,
            ref=f"appointment {other.id}",
            planned=other.status != "completed",
        )
        for other in clinic.visits
        if other.status in ON_FILE
        and other.id != visit.id
        and clinic.person(other) == person
    ]
    for row in clinic.records[person] if person else ():
        if row.corrected_by_id is None and row.kind == "treatment":
            found.append(
                screening.Record.of_treatment(
                    row.subject, row.day, area=row.area, ref=f"record {row.id}"
                )
            )
        elif row.corrected_by_id is None and row.kind == "symptom":
            found.append(screening.Record.of_symptom(row.day, ref=f"record {row.id}"))
    return found


def is_elsewhere(clinic: Clinic, visit: Appointment) -> bool:
    """Whether this person has another visit at the same time."""
    return any(
        visit in pair
        for pair in combinations(clinic.visits, 2)
        if all(v.status in ("confirmed", "held", "arrived") for v in pair)
        and clinic.person(pair[0]) == clinic.person(pair[1])
        and pair[0].starts_at < pair[1].ends_at
        and pair[1].starts_at < pair[0].ends_at
    )


def unsafe(clinic: Clinic) -> list[str]:
    """I-2: nobody is confirmed in a window without a release that covers it."""
    faults = []
    for visit in clinic.visits:
        if visit.status != "confirmed" or visit.ends_at <= clinic.now:
            continue
        # What a stranger booked is compared with the records a moment later.
        checked = visit.records_checked_at is not None
        left = windows_left(clinic, visit, on_record=checked)
        faults += [f"visit {visit.id} is confirmed in {w.rule}" for w in left]
    return faults


def not_to_be_asked_for(
    clinic: Clinic, visit: Appointment, *, on_record: bool
) -> list[str]:
    """I-2: what was just booked or moved waits for nothing that nobody may release."""
    left = windows_left(clinic, visit, on_record=on_record)
    if visit.status == "held":
        left = [
            w
            for w in left
            if w.verdict is Verdict.REFUSE or w.release_by.value == "nobody"
        ]
    return [f"visit {visit.id} is newly {visit.status} in {w.rule}" for w in left]


def out_of_line(clinic: Clinic) -> list[str]:
    """I-5: confirmed is what is clear, held is what is not, and nothing is due."""
    faults = [f"{_count(Rescreening)} still due"] if _count(Rescreening) else []
    for visit in clinic.to_come():
        causes = {w.key for w in windows_left(clinic, visit)}
        if is_elsewhere(clinic, visit):
            causes.add("elsewhere")
        hold = clinic.holds.get(visit.id)
        if (visit.status == "held") != (hold is not None):
            faults.append(f"visit {visit.id} is {visit.status}, its hold is {hold}")
        if hold is not None and not causes:
            faults.append(f"visit {visit.id} is held for nothing")
        if visit.status == "confirmed" and causes:
            faults.append(f"visit {visit.id} is confirmed in spite of {causes}")
        if hold is not None and causes:
            waits = {_named(Window.from_json(stored)) for stored in hold.windows}
            if waits != causes:
                faults.append(f"visit {visit.id} waits for {waits}, not {causes}")
    return faults


def _named(window: Window) -> str:
    return "elsewhere" if window.rule == "overlap" else window.key


def standing() -> list[object]:
    """All that deciding again could change, or send."""
    return [
        sorted(map(tuple, db.session.execute(select(*columns))))
        for columns in (
            (Appointment.id, Appointment.status, Appointment.sequence),
            (Appointment.id, Appointment.screening_id),
            (Hold.id, Hold.state, Hold.owner),
            (Message.id, Message.state, Message.due_at),
        )
    ] + [_count(AuditEvent)]


def _count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


class Post:
    """Takes the mails, and looks at what each is about in the moment it leaves (I-7)."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.faults: list[str] = []

    def open(self) -> None:
        """Always there."""

    def send(self, letter: Letter) -> None:
        if any(letter.message_id == other.message_id for other in self.letters):
            self.faults.append(f"{letter.message_id} has left before")
        self.letters.append(letter)
        rows = select(Message).where(Message.message_id == letter.message_id)
        found = db.session.scalars(rows.execution_options(populate_existing=True)).all()
        if len(found) != 1:
            self.faults.append(f"{letter.message_id} belongs to {len(found)} rows")
        self.faults += [fault for row in found for fault in misfits(row)]
        db.session.rollback()

    def misjudged(self) -> list[str]:
        """What is wrong with the rows, once everything due has left."""
        sent = db.session.scalars(
            select(Message.message_id).where(Message.state == "sent")
        ).all()
        taken = [letter.message_id for letter in self.letters]
        broken = db.session.scalars(
            select(Message.error).where(
                Message.error.is_not(None), ~Message.error.contains(" ")
            )
        ).all()
        faults = list(self.faults)
        if sorted(sent) != sorted(taken):
            faults.append(f"{len(taken)} letters left for {len(sent)} rows sent")
        return faults + [f"could not be written: {error}" for error in broken]


def misfits(row: Message) -> list[str]:
    """Why this mail should not leave as things are."""
    if row.state != "planned":
        return [f"{row.step} leaves though it is {row.state}"]
    if row.entry_id is not None:
        return _unwanted(row)
    visit = db.session.get_one(Appointment, row.appointment_id, populate_existing=True)
    kind = row.step if row.step in MAY_LEAVE else row.step.split("-")[0].split("_")[0]
    faults = []
    if visit.status not in MAY_LEAVE[kind]:
        faults.append(f"{row.step} leaves for a visit that is {visit.status}")
    if visit.records_checked_at is None:
        faults.append(f"{row.step} leaves before the records were asked")
    moved_at = db.session.scalar(
        select(func.max(Move.moved_at)).where(Move.appointment_id == visit.id)
    )
    if kind in ("prep", "recheck") and moved_at and row.created_at < moved_at:
        faults.append(f"{row.step} leaves for the day before the move")
    return faults


def _unwanted(row: Message) -> list[str]:
    entry = db.session.get_one(WaitlistEntry, row.entry_id, populate_existing=True)
    if entry.state not in MAY_LEAVE[row.step]:
        return [f"{row.step} leaves for a place on the list that is {entry.state}"]
    if row.step == "waitlist_offer":
        offer = db.session.get_one(WaitlistOffer, row.sequence, populate_existing=True)
        kept = db.session.get_one(
            Appointment, offer.appointment_id, populate_existing=True
        )
        if offer.state != "open" or kept.status != "reserved":
            return [f"{row.step} leaves, but is {offer.state} and {kept.status}"]
    return []


