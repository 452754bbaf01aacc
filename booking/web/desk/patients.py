"""Finding a patient and reading their file."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from booking import rulebooks
from booking.board import entry_of
from booking.errors import BookingError
from booking.patients import files
from booking.records import conflicts, filing
from booking.records.settlements import COUNTS, is_own_visit
from booking.symptoms import reports
from booking.web import access, edge
from booking.web.desk import record_words, releases
from booking.web.desk.blueprint import (
    bp,
    day_of,
    page,
    problems_of,
    text_of,
)
from booking.web.desk.telling import DONE


@bp.get("/patients")
def find_patient() -> ResponseReturnValue:
    text = text_of(request.args, "q")[:200]
    typed = request.args.get("born", "").strip()
    born = day_of(typed, "born") if typed else None
    found = files.search(text, born)
    return page(
        "desk/patients.html",
        found=found,
        asked=bool(text or born),
        text=text,
        born=typed,
        most=files.MOST_FOUND,
    )


@bp.get("/patients/<int:patient_id>")
def patient(patient_id: int) -> ResponseReturnValue:
    return show_file(patient_id)


def show_file(patient_id: int, refusal: BookingError | None = None) -> str:
    """The file, with what was refused on it above."""
    file = files.open_file(patient_id, actor=access.actor(), now=edge.now())
    site = edge.site()
    rulebook = rulebooks.current(site)

    def shown(visits: tuple) -> list:
        return [entry_of(visit, site, rulebook, now=edge.now()) for visit in visits]

    return page(
        "desk/patient.html",
        file=file,
        upcoming=shown(file.upcoming),
        past=shown(file.past),
        done_words=DONE,
        rows=record_words.rows(filing.of_patient(patient_id)),
        disputes=conflicts.of_patient(patient_id, site, now=edge.now()),
        reports=reports.open_reports([visit.id for visit in file.past]),
        counts_words=COUNTS,
        own_visit=is_own_visit,
        attests="clinician" not in access.actor().authorities,
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form,
        **releases.choices(),
    )
