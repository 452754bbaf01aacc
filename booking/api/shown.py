"""What goes out: things of the clinic as JSON values, with the keys of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import screening
from booking import holds, screenings
from booking.clock import local_day
from booking.diary.calendar import Slot
from booking.links import OpenedVisit
from booking.models.appointment import Appointment, Hold
from booking.models.clinic import Site
from booking.models.screening import BY_PATIENT
from booking.rescreening.decisions import NEUTRAL_REASON


def day(found: date | None) -> str | None:
    return found.isoformat() if found else None


def moment(instant: datetime, timezone: str) -> str:
    """An instant by the clock of the site, with its offset."""
    return instant.astimezone(ZoneInfo(timezone)).isoformat(timespec="seconds")


def maybe_moment(instant: datetime | None, timezone: str) -> str | None:
    return moment(instant, timezone) if instant else None


def window(one: screening.Window) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "verdict": one.verdict.word,
        "from": day(one.from_day),
        "until": day(one.until_day),
        "reason": one.reason,
        "release_by": str(one.release_by),
        "sources": list(one.sources),
    }


def notice(one: screening.Notice) -> dict[str, str]:
    return {"rule": one.rule, "text": one.text}


def slot(one: Slot, timezone: str) -> dict[str, Any]:
    return {
        "start": moment(one.start, timezone),
        "end": moment(one.end, timezone),
        # 0 stands for a treatment that no practitioner performs.
        "practitioner": one.practitioner or None,
    }


def own(windows: Iterable[screening.Window]) -> list[screening.Window]:
    """Without those of the clinic's records, which only their owner may see (I-9b)."""
    return [one for one in windows if one.provenance != "record"]


def booking(
    visit: Appointment, token: str, hold: Hold | None, *, site: Site, mailed: bool
) -> dict[str, Any]:
    """What a booking or a move answers."""
    clearance = screenings.clearance_of(visit.screening)
    private = not mailed and visit.screening.answered_by != BY_PATIENT
    on_day = clearance.notices_on(local_day(visit.starts_at, site.timezone))
    answer: dict[str, Any] = {
        "id": visit.public_id,
        "token": token,
        "status": str(visit.status),
        "start": moment(visit.starts_at, site.timezone),
        "end": moment(visit.ends_at, site.timezone),
        "practitioner": visit.practitioner_id,
        "notices": [] if private else [notice(one) for one in on_day],
    }
    if hold is not None:
        answer["reasons"] = reasons(hold, mailed=mailed, private=private)
        answer["decide_by"] = moment(hold.decide_by, site.timezone)
    return answer


def visit(opened: OpenedVisit, token: str, *, site: Site) -> dict[str, Any]:
    """A visit as its patient sees it."""
    found = opened.appointment
    hold = holds.open_of(found)
    answer = booking(found, token, hold, site=site, mailed=opened.mailed)
    return (
        {"reasons": [], "decide_by": None}
        | answer
        | {
            "site": site.id,
            "treatment": found.treatment,
            "area": found.area,
        }
    )


def reasons(hold: Hold, *, mailed: bool, private: bool) -> list[str]:
    """Why a visit is held. What the records say goes only to the address on file."""
    if not mailed and (hold.neutral or private):
        return [NEUTRAL_REASON]
    windows = holds.windows_of(hold)
    seen = windows if mailed else own(windows)
    found = [one.reason for one in seen]
    if len(seen) < len(windows):
        found.append(NEUTRAL_REASON)
    return list(dict.fromkeys(found))
