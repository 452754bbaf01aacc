"""What must be true of the clinic at every moment, told slowly and plainly.

The judges read the bare rows and ask `screening` alone: they know neither the gate's
own records, nor how a visit is decided again, nor which states a mail fits. Each says
what is wrong in words, and nothing if all is well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select

import screening
from booking import rulebooks
from booking.db import db
from booking.messages import plan, timing
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
    Screening,
    Site,
    SymptomReport,
    Task,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.models.screening import given_on
from screening import Clearance, Verdict, Window

LONDON = ZoneInfo("Europe/London")
BOOKED = ("confirmed", "held")
ON_FILE = (*BOOKED, "arrived", "completed")
TELLS = {
    "confirmed": {"confirmed", "moved", "course"},
    "held": {"held", "reheld", "rescreen_refused"},
    "cancelled": {"cancelled"},
    "declined": {"declined"},
    "expired": {"expired"},
}
"""How a visit stands, and the mails that may say so."""
MAY_LEAVE = {mail: {status} for status, mails in TELLS.items() for mail in mails} | {
    "staff_hold": {"held"},
    "staff_urgent": {"held"},
    "reask": {"confirmed", "held"},
    "checkin_again": {"completed"},
    "prep": {"confirmed"},
    "recheck": {"confirmed"},
    "aftercare": {"completed"},
    "checkin": {"completed"},
}
OFFER = "waitlist_offer"
WAITS = {"waitlist_confirm": "asked", "waitlist_over": "over"}
"""How a place on the list stands when this mail leaves; `waiting` for the others."""

_TABLES = {
    "visits": Appointment,
    "holds": Hold,
    "claims": Claim,
    "patients": Patient,
    "records": Record,
    "releases": Release,
    "moves": Move,
    "messages": Message,
    "offers": WaitlistOffer,
    "due": Rescreening,
    "reports": SymptomReport,
}
_SEEN = {
    name: select(
        *(
            column
            for column in model.__table__.columns
            # Bytes and notes are long, and no judge reads them.
            if column.key not in ("body", "note", "conflicts", "freed", "text")
        )
    ).order_by(model.__table__.c.id)
    for name, model in _TABLES.items()
}


@dataclass
class Clinic:
    """Everything that was written down, read in one statement for each table."""

    site: Site
    now: datetime
    asked: dict[Any, Any]
    rows: dict[str, Sequence[Row[Any]]]
    visits: dict[int, Row[Any]] = field(init=False)
    holds: dict[int, Row[Any]] = field(init=False)
    people: dict[int | None, str] = field(init=False)
    messages: dict[int | None, list[Row[Any]]] = field(init=False)
    unsettled: set[str | None] = field(init=False)
    """Who has booked by a link that proves nothing: their records are asked next."""

    def __post_init__(self) -> None:
        self.visits = {row.id: row for row in self.rows["visits"]}
        opened = (row for row in self.rows["holds"] if row.state == "open")
        self.holds = {row.appointment_id: row for row in opened}
        # Here everybody has an address of their own.
        self.people = {row.id: row.email for row in self.rows["patients"]}
        self.unsettled = {
            self.person(visit)
            for visit in self.visits.values()
            if visit.status in ON_FILE and visit.records_checked_at is None
        }
        self.messages = defaultdict(list)
        for row in self.rows["messages"]:
            self.messages[row.appointment_id].append(row)

    @property
    def today(self) -> date:
        return self.now.astimezone(LONDON).date()

    def person(self, visit: Row[Any]) -> str | None:
        return self.people.get(visit.patient_id)

    def to_come(self) -> list[Row[Any]]:
        """Booked, not over, and compared with the records."""
        return [
            visit
            for visit in self.visits.values()
            if visit.status in BOOKED
            and visit.ends_at > self.now
            and visit.records_checked_at is not None
        ]

    def moves_of(self, visit: Row[Any]) -> list[Row[Any]]:
        return [move for move in self.rows["moves"] if move.appointment_id == visit.id]


def read(site: Site, now: datetime, asked: dict[Any, Any]) -> Clinic:
    """*asked* remembers what `screening` said to the same question before."""
    db.session.rollback()
    db.session.expire_all()
    run = db.session.execute
    return Clinic(site, now, asked, {name: run(of).all() for name, of in _SEEN.items()})


def double_bookings(clinic: Clinic) -> Iterator[str]:
    """I-1: no resource and no person is in two places at once; whoever treats is
    claimed for each visit that stands, and for no other."""
    spans = defaultdict(list)
    for claim in clinic.rows["claims"]:
        if claim.live:
            span = (claim.first_cell, claim.until_cell, claim.appointment_id)
            spans[claim.resource_id, claim.patient_id].append(span)
    for owner, taken in spans.items():
        for earlier, later in pairwise(sorted(taken)):
            if later[0] < earlier[1]:
                yield f"visits {earlier[2]} and {later[2]} share {owner}"
    claimed = {(span[2], owner[0]) for owner, taken in spans.items() for span in taken}
    yield from _misclaimed(clinic, claimed)


def _misclaimed(clinic: Clinic, claimed: set[tuple[int, int]]) -> Iterator[str]:
    with_claims = {visit for visit, _ in claimed}
    for visit in clinic.visits.values():
        if visit.status in ON_FILE:
            if (visit.id, visit.practitioner_id) not in claimed:
                yield f"visit {visit.id} has no claim"
        # What was only kept for somebody may run out before it is tidied.
        elif visit.status != "reserved" and visit.id in with_claims:
            yield f"visit {visit.id} still has a claim"


def windows_left(
    clinic: Clinic, visit: Row[Any], *, on_record: bool = True
) -> list[Window]:
    """The windows over the day of a visit that nobody has released."""
    placement = len(clinic.moves_of(visit))
    let_pass = {
        Window.from_json(stored).key
        for release in clinic.rows["releases"]
        if (release.appointment_id, release.placement) == (visit.id, placement)
        for stored in release.windows
    }
    known = tuple(_known(clinic, visit)) if on_record else ()
    clearance = _clearance(clinic, visit, known)
    day = visit.starts_at.astimezone(LONDON).date()
    return [w for w in clearance.windows_on(day) if w.key not in let_pass]


def _known(clinic: Clinic, visit: Row[Any]) -> Iterator[tuple[Any, ...]]:
    person = clinic.person(visit)
    for other in clinic.visits.values():
        is_other = other.status in ON_FILE and other.id != visit.id
        if is_other and clinic.person(other) == person:
            day = other.starts_at.astimezone(LONDON).date()
            planned = other.status != "completed"
            ref = f"appointment {other.id}"
            yield ref, other.treatment, day, other.area, other.depth_mm, planned
    for row in clinic.rows["records"]:
        stands = row.corrected_by_id is None and row.kind in ("treatment", "symptom")
        if stands and clinic.people[row.patient_id] == person:
            subject = row.subject if row.kind == "treatment" else None
            yield f"record {row.id}", subject, row.day, row.area, None, False


def _clearance(clinic: Clinic, visit: Row[Any], known: tuple[Any, ...]) -> Clearance:
    book = rulebooks.current(clinic.site)
    question = (visit.screening_id, visit.area, clinic.today, book.version, known)
    if question not in clinic.asked:
        answered = db.session.get_one(Screening, visit.screening_id)
        clinic.asked[question] = screening.clearance(
            book,
            visit.treatment,
            visit.area,
            answered.answers,
            today=clinic.today,
            given_on=given_on(answered.answers, answered.day, answered.answer_days),
            records=[_record(*one) for one in known],
        )
    found: Clearance = clinic.asked[question]
    return found


def _record(ref, subject, day, area, depth_mm, planned):  # noqa: PLR0913
    if subject is None:
        return screening.Record.of_symptom(day, ref=ref)
    return screening.Record.of_treatment(
        subject, day, area=area, depth_mm=depth_mm, ref=ref, planned=planned
    )


def is_elsewhere(clinic: Clinic, visit: Row[Any]) -> bool:
    """Whether this person has another visit at the same time."""
    return any(
        other.id != visit.id
        and other.status in (*BOOKED, "arrived")
        and clinic.person(other) == clinic.person(visit)
        and other.starts_at < visit.ends_at
        and visit.starts_at < other.ends_at
        for other in clinic.visits.values()
    )


def unsafe(clinic: Clinic) -> Iterator[str]:
    """I-2: nobody is confirmed in a window without a release that covers it."""
    for visit in clinic.visits.values():
        if visit.status == "confirmed" and visit.ends_at > clinic.now:
            known = clinic.person(visit) not in clinic.unsettled
            for window in windows_left(clinic, visit, on_record=known):
                yield f"visit {visit.id} is confirmed in {window.rule}"


def not_to_be_asked_for(
    clinic: Clinic, visit: Row[Any], *, on_record: bool
) -> Iterator[str]:
    """I-2: what was just booked or moved stands in no window, unless it waits for
    somebody who may release that."""
    for window in windows_left(clinic, visit, on_record=on_record):
        never = window.verdict is Verdict.REFUSE or window.release_by.value == "nobody"
        if never or visit.status != "held":
            yield f"visit {visit.id} is newly {visit.status} in {window.rule}"


def out_of_line(clinic: Clinic) -> Iterator[str]:
    """I-5: confirmed is what is clear, held is what is not, and nothing is due."""
    if clinic.rows["due"]:
        yield f"still due: {clinic.rows['due']}"
    for visit in clinic.to_come():
        if clinic.person(visit) in clinic.unsettled:
            continue
        causes = {window.key for window in windows_left(clinic, visit)}
        if is_elsewhere(clinic, visit):
            causes.add("elsewhere")
        hold = clinic.holds.get(visit.id)
        waits = (
            {_named(Window.from_json(one)) for one in hold.windows} if hold else set()
        )
        if (visit.status == "held") != (hold is not None):
            yield f"visit {visit.id} is {visit.status}, its hold is {hold}"
        if waits != causes or (hold and not causes):
            yield f"visit {visit.id} waits for {waits}, not for {causes}"


def _named(window: Window) -> Any:
    return "elsewhere" if window.rule == "overlap" else window.key


def misplanned(clinic: Clinic) -> Iterator[str]:
    """I-7, of the rows: each mail that is owed is there once, and no other waits."""
    for visit in clinic.visits.values():
        rows = [row for row in clinic.messages[visit.id] if row.state != "void"]
        waiting = Counter(row.step for row in rows if row.state == "planned")
        yield from (
            f"{visit.id} is told {n} times: {s}" for s, n in waiting.items() if n > 1
        )
        if visit.booked_at is not None and visit.status in TELLS:
            told = [row.step for row in rows if _says_how_it_stands(row, visit)]
            if len(told) != 1 or told[0] not in TELLS[visit.status]:
                yield f"visit {visit.id}, {visit.status}, is told by {told}"
        planned = {row.step: row.due_at for row in rows if row.state == "planned"}
        dues = _dues(clinic, visit)
        # What is due soon after a late booking is told with what is late already.
        late = [
            row.due_at for row in rows if row.step in ("prep_late", "aftercare_late")
        ]
        told_by = max([clinic.now, *late])
        owed = {step: due for step, due in dues.items() if due > told_by}
        for step, due in owed.items():
            if planned.get(step) != due:
                yield f"{step} of {visit.id} waits for {planned.get(step)}, not {due}"
        wrong = {step for step in planned if not _may_leave(step, visit, clinic.site)}
        if wrong:
            yield f"visit {visit.id}, {visit.status}, waits to be told {wrong}"
    yield from _misoffered(clinic)


def _says_how_it_stands(row: Row[Any], visit: Row[Any]) -> bool:
    return row.sequence >= visit.sequence and any(
        row.step in one for one in TELLS.values()
    )


def _dues(clinic: Clinic, visit: Row[Any]) -> dict[str, datetime]:
    """When each step of its plan is due, for a visit that is owed any."""
    anchor = {"confirmed": "visit", "completed": "after"}.get(visit.status)
    if anchor is None or (anchor == "visit" and visit.starts_at <= clinic.now):
        return {}
    steps = rulebooks.current(clinic.site).plan(visit.treatment)
    ended_at = min(visit.ends_at, visit.completed_at or visit.ends_at)
    rhythm = timing.Rhythm.of(clinic.site)
    return {
        one[0].id: timing.due_at(one[0], visit.starts_at, ended_at, rhythm)
        for one in plan.together(steps)
        if one[0].anchor == anchor
    }


def _misoffered(clinic: Clinic) -> Iterator[str]:
    mails = Counter(
        row.sequence
        for row in clinic.messages[None]
        if row.step == OFFER and row.state in ("planned", "sent")
    )
    for offer in clinic.rows["offers"]:
        if offer.state == "open" and mails[offer.id] != 1:
            yield f"offer {offer.id} has {mails[offer.id]} mails"


def _may_leave(step: str, visit: Any, site: Site) -> bool:
    """Whether a mail fits how its visit stands."""
    kinds = {one.id: one.kind for one in rulebooks.current(site).plan(visit.treatment)}
    kinds |= {"prep_late": "prep", "aftercare_late": "aftercare"}
    return visit.status in MAY_LEAVE[kinds.get(step, step)]


def standing(clinic: Clinic) -> list[str]:
    """All that deciding again could change, or send."""
    tables = ("visits", "holds", "claims", "messages", "offers", "records")
    found = [f"{name} {row}" for name in tables for row in clinic.rows[name]]
    counts = (select(func.count(model.id)) for model in (AuditEvent, Task))
    return [*found, *(f"count {db.session.scalar(count)}" for count in counts)]


class Post:
    """Takes the mails, and looks at what each is about as it leaves (I-7)."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.left: set[str] = set()
        self.faults: list[str] = []

    def open(self) -> None:
        """Always there."""

    def send(self, letter: Letter) -> None:
        if letter.message_id in self.left:
            self.faults.append(f"{letter.message_id} has left before")
        self.left.add(letter.message_id)
        rows = select(Message).where(Message.message_id == letter.message_id)
        found = db.session.scalars(rows.execution_options(populate_existing=True)).all()
        if len(found) != 1:
            self.faults.append(f"{letter.message_id} belongs to {len(found)} rows")
        self.faults += [fault for row in found for fault in self._misfits(row)]
        db.session.rollback()

    def _misfits(self, row: Message) -> Iterator[str]:
        if row.state != "planned":
            yield f"{row.step} leaves though it is {row.state}"
        if row.entry_id is not None:
            yield from _unwanted(row)
            return
        visit = db.session.get_one(
            Appointment, row.appointment_id, populate_existing=True
        )
        if not _may_leave(row.step, visit, self.site):
            yield f"{row.step} leaves for a visit that is {visit.status}"
        if visit.records_checked_at is None:
            yield f"{row.step} leaves before the records were asked"

    def misjudged(self, clinic: Clinic) -> Iterator[str]:
        """What is wrong with the rows, once everything due has left."""
        yield from self.faults
        for row in clinic.rows["messages"]:
            if (row.state == "sent") != (row.message_id in self.left):
                yield f"{row.step} is {row.state}, but left: {row.message_id}"
            if row.error and " " not in row.error:
                yield f"{row.step} could not be written: {row.error}"


def _unwanted(row: Message) -> Iterator[str]:
    entry = db.session.get_one(WaitlistEntry, row.entry_id, populate_existing=True)
    if entry.state != WAITS.get(row.step, "waiting"):
        yield f"{row.step} leaves for a place on the list that is {entry.state}"
    if row.step == OFFER:
        offer = db.session.get_one(WaitlistOffer, row.sequence, populate_existing=True)
        kept = db.session.get_one(
            Appointment, offer.appointment_id, populate_existing=True
        )
        if (offer.state, kept.status) != ("open", "reserved"):
            yield f"{row.step} leaves, but is {offer.state} and {kept.status}"
