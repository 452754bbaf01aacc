"""What a patient tells us after booking: a new screening, and the visit is decided
again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from booking import audit, holds, rulebooks, screenings
from booking.actors import Actor
from booking.clock import local_day
from booking.db import db
from booking.errors import WrongState
from booking.models.appointment import UPCOMING, Appointment, Hold
from booking.models.clinic import Site
from booking.models.screening import BY_OWNER, BY_STAFF, Screening
from booking.rescreening import rechecks
from booking.rescreening.decisions import clearance_now, overlaps_own, settle
from booking.rescreening.due import note_visit
from booking.reservations import locked
from screening import Clearance


@dataclass(frozen=True)
class Rescreened:
    """`clearance` is what may be shown: on the answers alone for an unproven
    address."""

    appointment: Appointment
    clearance: Clearance
    first_clear_day: date | None

    @property
    def status(self) -> str:
        return self.appointment.status


def change_answers(
    appointment: Appointment, answers: Mapping[str, Any], *, now: datetime, actor: Actor
) -> Rescreened:
    """Merge new answers over the stored ones and decide the visit again at once.

    Still clear · now held · now refused (held, nobody may release) · held and now clear
    again (confirmed without anybody's help). The old screening stays as it was.
    """
    appointment = locked(appointment.id)
    if appointment.status not in UPCOMING:
        raise WrongState
    site = db.session.get_one(Site, appointment.site_id)
    _store(appointment, site, answers, now=now, actor=actor)
    proven = actor.knows_records
    known = appointment.patient_id if proven else None
    clearance = clearance_now(appointment, site, now=now, patient_id=known)
    hold = holds.open_of(appointment)
    if not proven:
        # Decided on the answers alone; the records are asked after the response.
        appointment.records_checked_at = None
    if proven or hold is None or not _rests_on_records(hold):
        settle(
            appointment,
            site,
            clearance,
            now=now,
            neutral=appointment.proven_at is None,
            overlapping=proven and overlaps_own(appointment),
        )
    if proven:
        # What they said here counts for their other visits too.
        note_visit(appointment, "answers", now=now)
    if not reasons_to_call(appointment, site, now=now):
        rechecks.close_call(appointment, "answered", now=now, by=actor.name)
    audit.record(actor, "answers", appointment, now=now)
    db.session.commit()
    first = clearance.first_clear_day(local_day(now, site.timezone))
    return Rescreened(appointment, clearance, first)


def reasons_to_call(visit: Appointment, site: Site, *, now: datetime) -> list[str]:
    """What the patient has been asked about this visit and has not answered."""
    found = []
    if rechecks.is_unanswered(visit, site, now=now):
        found.append("has_changed")
    day = local_day(visit.starts_at, site.timezone)
    if screenings.expired(visit.screening, site, day):
        found.append("expired")
    return found


def _store(
    appointment: Appointment,
    site: Site,
    answers: Mapping[str, Any],
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """A new screening with these answers over the earlier ones.

    Only the new ones are checked: a trip that was planned then may be over by now. What
    was not given again keeps the day on which it was given.
    """
    checked = screenings.check(
        site, appointment.treatment, appointment.area, answers, now=now
    )
    today = local_day(now, site.timezone)
    appointment.screening = screenings.renew(
        appointment.screening,
        site,
        checked,
        dict.fromkeys(checked, today),
        now=now,
        answered_by=_answered_by(actor),
    )


def _answered_by(actor: Actor) -> str | None:
    if actor.kind == "staff":
        return BY_STAFF
    return BY_OWNER if actor.proven else None


def _rests_on_records(hold: Hold) -> bool:
    """Whether answers alone cannot settle it."""
    return hold.neutral or any(
        window.provenance == "record" for window in holds.windows_of(hold)
    )


def carry_over(
    appointment: Appointment, site: Site, people: Sequence[int], *, now: datetime
) -> bool:
    """Take over what this person has changed since through other visits; whether there
    was anything. Never commits.

    Only what they changed on purpose, after this visit was answered, and only what the
    owner of the address or staff have said; about the skin of another place it says
    nothing here. Twice changes nothing more, as the new screening is the newest then.
    """
    said = _changed_elsewhere(appointment, site, people)
    own = appointment.screening.answers
    given = {name: one for name, (one, _) in said.items() if own.get(name) != one}
    if not given:
        return False
    appointment.screening = screenings.renew(
        appointment.screening,
        site,
        given,
        {name: said[name][1] for name in given},
        now=now,
        # The link shown at booking must not show what its owner told us elsewhere.
        answered_by=BY_OWNER,
    )
    return True


def _changed_elsewhere(
    appointment: Appointment, site: Site, people: Sequence[int]
) -> dict[str, tuple[Any, date]]:
    """Question → the newest answer and its day, of those that this visit has too."""
    sheets = rulebooks.current(site).sheets
    sheet = sheets.get((appointment.treatment, appointment.area))
    if sheet is None:
        return {}
    asked = {question.id: question for question in sheet.questions}
    found: dict[str, tuple[Any, date]] = {}
    for area, row, earlier in _newer(appointment, people):
        days = row.given_on
        for name, said in row.answers.items():
            question = asked.get(name)
            if question is None or earlier.answers.get(name) == said:
                continue
            if not question.area_specific or sheet.concerns(area):
                found.setdefault(name, (said, days[name]))
    return found


def _newer(
    appointment: Appointment, people: Sequence[int]
) -> Iterator[tuple[str, Screening, Screening]]:
    """Area, screening and the one it replaced: of the person's other visits, given
    after this visit's own, the newest first."""
    heads = db.session.execute(
        select(Appointment.area, Appointment.screening_id)
        .join(Screening, Screening.id == Appointment.screening_id)
        .where(
            Appointment.patient_id.in_(people),
            Appointment.id != appointment.id,
            Appointment.screening_id > appointment.screening_id,
            # Most have never changed anything: then none of them is opened.
            Screening.supersedes_id.is_not(None),
        )
    ).all()
    links = []
    for area, number in heads:
        row = db.session.get_one(Screening, number)
        while row.supersedes_id and row.id > appointment.screening_id:
            earlier = db.session.get_one(Screening, row.supersedes_id)
            if row.answered_by in (BY_OWNER, BY_STAFF):
                links.append((area, row, earlier))
            row = earlier
    yield from sorted(links, key=lambda link: -link[1].id)
