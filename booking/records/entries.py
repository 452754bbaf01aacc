"""What staff may enter as a record, and what is wrong with an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from booking import accounts
from booking.errors import InvalidRequest, Problems
from booking.models.patient import ANSWER, CLEARED, TREATMENT
from screening import AnswerErrors, Rulebook, check_answers, pin_answers

KINDS = {
    TREATMENT: "A treatment done elsewhere",
    ANSWER: "An answer to one of our questions",
    "allergy": "An allergy or a bad reaction",
    CLEARED: "A clinician has cleared something",
}
ALLERGIES = {
    "other_allergy": "Something else (write it down)",
    "metal_allergy": "Metal",
    "numbing_reaction": "A numbing cream or injection",
    "salicylate_or_phenol_allergy": "Aspirin, salicylic acid or phenol",
}
"""The questions about allergies, and how the desk calls each."""
PATIENT_SAID = {
    "patient_phone": "From the patient, by phone",
    "patient_here": "From the patient, in person",
    "patient_writing": "From the patient, in writing",
}
SEEN = "seen"
HOW_KNOWN = {
    **PATIENT_SAID,
    "letter": "From a letter or report",
    "other_clinic": "From another clinic",
    SEEN: "Seen in our clinic",
}
HOW_CLEARED = {
    "in_person": "In person",
    "by_phone": "By phone",
    "in_writing": "In writing",
}
LEAST_DEPTH, MOST_DEPTH = 0.1, 10.0
MOST_NOTE = 2000
MOST_OF = 300
NOT_YET = "This day lies in the future. Enter what has happened; plans are answers."
DEPTH = "Give the depth in millimetres, from 0.1 to 10."
_NEEDLING = frozenset({"microneedling", "rf_microneedling"})


@dataclass(frozen=True)
class Entry:
    """One thing to be put on file.

    `subject` is a treatment or a question. `value` is the answer; with a clearance, of
    what the patient was cleared, and `by` the clinician who did.
    """

    kind: str
    subject: str = ""
    how_known: str = ""
    day: date | None = None
    area: str | None = None
    value: str | Sequence[str] | None = None
    depth_mm: float | None = None
    by: str = ""
    note: str = ""


def checked(entry: Entry, rulebook: Rulebook, *, today: date) -> Entry:
    """The entry in its stored form, or InvalidRequest naming each bad field."""
    problems = Problems()
    if entry.kind not in KINDS:
        raise InvalidRequest.of("kind", "Choose what you want to enter.")
    if entry.kind == "allergy" and entry.subject not in ALLERGIES:
        raise InvalidRequest.of("question", "Choose what the allergy is to.")
    ways = HOW_CLEARED if entry.kind == CLEARED else HOW_KNOWN
    if entry.how_known not in ways:
        problems.add("how_known", "Say how we know this.")
    if len(entry.note) > MOST_NOTE:
        problems.add("note", f"Use at most {MOST_NOTE} characters.")
    if entry.area is not None and entry.area not in rulebook.areas:
        problems.add("area", "Choose one of the areas, or leave it open.")
    if entry.kind == TREATMENT:
        _check_treatment(entry, rulebook, problems, today=today)
    elif entry.kind == CLEARED:
        _check_clearance(entry, problems, today=today)
    else:
        entry = _checked_answer(entry, rulebook, problems, today=today)
    problems.raise_if_any()
    return entry


def _check_treatment(
    entry: Entry, rulebook: Rulebook, problems: Problems, *, today: date
) -> None:
    if entry.subject not in rulebook.treatments:
        problems.add("treatment", "Choose one of the treatments.")
    _check_day(entry.day, problems, today=today)
    depth = entry.depth_mm
    if depth is None:
        return
    if entry.subject not in _NEEDLING:
        problems.add("depth_mm", "Only needling has a depth. Leave it empty.")
    elif not LEAST_DEPTH <= depth <= MOST_DEPTH:
        problems.add("depth_mm", DEPTH)


def _check_clearance(entry: Entry, problems: Problems, *, today: date) -> None:
    if entry.by not in {user.full_name for user in accounts.clinicians()}:
        problems.add("by", "Choose a clinician of this clinic.")
    _check_day(entry.day, problems, today=today)
    of = entry.value if isinstance(entry.value, str) else ""
    if not of.strip():
        problems.add("value", "Write what they cleared.")
    elif len(of) > MOST_OF:
        problems.add("value", f"Use at most {MOST_OF} characters.")


def _check_day(day: date | None, problems: Problems, *, today: date) -> None:
    if day is None:
        problems.add("day", "Give the day.")
    elif day > today:
        problems.add("day", NOT_YET)


def _checked_answer(
    entry: Entry, rulebook: Rulebook, problems: Problems, *, today: date
) -> Entry:
    """As an answer of the patient would be stored: "now" becomes today's date."""
    question = rulebook.questions.get(entry.subject)
    if question is None:
        problems.add("question", "Choose one of the questions.")
        return entry
    value = entry.value
    if value is not None and not isinstance(value, str):
        value = list(value)
    try:
        tidy = check_answers(rulebook, {question.id: value}, today=today)
    except AnswerErrors as refused:
        for error in refused.errors:
            problems.add(error.field, error.message)
        return entry
    pinned = pin_answers(rulebook, tidy, today=today)[question.id]
    if pinned in ("", []):
        problems.add(question.id, "Write or choose something to put on file.")
    area = entry.area if question.area_specific else None
    return replace(entry, kind=ANSWER, value=pinned, area=area, day=None)
