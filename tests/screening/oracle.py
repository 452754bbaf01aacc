"""A slow, independent reading of the clinical documents: the verdict of one day.

Every number is written out here on purpose. Nothing is shared with the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tests.screening.oracle_days import CODES, Mark, is_dated, overlap
from tests.screening.oracle_events import EVENTS, PLANS, WOUNDS, Case, event
from tests.screening.oracle_matrix import around
from tests.screening.oracle_rules import (
    ALL,
    NEEDLES,
    NO_WAX,
    PASSING,
    PEELS_AND_LIGHT,
    SPECIAL,
    YES,
    light_sensitising,
    passing_condition,
    yes,
)

RANK = {"clear": 0, "hold": 1, "refuse": 2}
STRICTNESS = {"reception": 0, "clinician": 1, "answer": 2, "nobody": 3}
VACCINATED = ("FIL", "MN", "RF", "BTX", "PRP", "NAL", "ABL", "SP", "MP")

# question -> the treatments whose rules use it (follow-ups stand below)
ASKED = {
    **{question: row[0] for question, row in YES.items()},
    **{question: row[0] for question, row in PASSING.items()},
    "date_of_birth": NO_WAX,
    "pregnant": NO_WAX,
    "breastfeeding": NO_WAX,
    "skin_type": (*PEELS_AND_LIGHT, "PRP"),
    "concern": ("MN", "RF"),
    "cold_sore_history": (*WOUNDS, "FIL"),
    "active_acne": (*NEEDLES, "SP", "MP", "HF"),
    "skin_disease_history": WOUNDS,
    "strong_sun": WOUNDS,
    "self_tan": WOUNDS,
    "scar_since": NEEDLES,
    "skin_cancer": (*WOUNDS, "FIL"),
    "cancer_treatment": WOUNDS,
    "blood_thinner": (*NEEDLES, "FIL", "BTX", "ABL"),
    "otc_blood_thinning": (*NEEDLES, "FIL", "BTX"),
    "isotretinoin": ALL,
    "strong_creams": (*PEELS_AND_LIGHT, "WAX", "HF"),
    "prescription_retinoid": ("WAX",),
    "light_sensitising_antibiotic": ("NAL", "ABL", "SP", "MP", "MN"),
    "st_johns_wort": ("NAL", "ABL", "SP", "MP", "MN"),
    "unwell": (*NEEDLES, "FIL"),
    "autoimmune": (*NEEDLES, "NAL", "ABL", "FIL"),
    "diabetes": (*NEEDLES, "MP", "ABL"),
    "electronic_implant": ("RF", "NAL", "ABL", "MN"),
    "epilepsy": ("NAL", "RF"),
    "metal_allergy": NEEDLES,
    "numbing_reaction": (*NEEDLES, "FIL", "ABL"),
    "numbing_risk": (*NEEDLES, "ABL"),
    "other_allergy": ALL,
    "last_needling": ("MN", "RF"),
    "home_roller": ("MN", "RF"),
    "last_toxin": (*NEEDLES, "BTX"),
    "last_filler": NEEDLES,
    "last_peel": ALL,
    "last_laser": ALL,
    "last_hair_removal": NEEDLES,
    "last_facial": NEEDLES,
    "surgery_in_area": WOUNDS,
    "new_tattoo_nearby": PEELS_AND_LIGHT,
    "last_vaccine": VACCINATED,
    "next_vaccine": VACCINATED,
    "last_dental": ("FIL",),
    "next_dental": ("FIL",),
    "blood_quality": ("PRP",),
    "piercing_in_area": ALL,
    "sun_trip": WOUNDS,
    "big_day": (*WOUNDS, "BTX", "FIL"),
    "planned_treatment": ALL,
}
FOLLOW_UPS = {
    "needling_depth": "last_needling",
    "home_roller_length": "home_roller",
    "peel_strength": "last_peel",
    "laser_kind": "last_laser",
    "sun_trip_end": "sun_trip",
    "planned_treatment_kind": "planned_treatment",
}
FACE_ONLY = ("cold_sore", "cold_sore_history")
# what was done before: sent for every treatment, since the matrix may use it
HISTORY = ("last_needling", "last_toxin", "last_filler", "last_hair_removal")
HISTORY += ("last_facial",)
LIGHT = ("light_sensitising_antibiotic", "st_johns_wort")
AREA_SPECIFIC = frozenset(
    (
        "skin_infection",
        "lumps",
        "open_skin",
        "active_acne",
        "rosacea_flare",
        "rash",
        "sunburn",
        "strong_sun",
        "self_tan",
        "keloid_in_area",
        "scar_since",
        "changing_mark",
        "actinic_keratosis",
        "radiotherapy_in_area",
        "strong_creams",
        "prescription_retinoid",
        "metal_in_area",
        "last_needling",
        "home_roller",
        "last_toxin",
        "last_filler",
        "last_peel",
        "last_laser",
        "last_hair_removal",
        "last_facial",
        "surgery_in_area",
        "tattoo_in_area",
        "new_tattoo_nearby",
        "piercing_in_area",
    )
)
CLEAR = {
    "date_of_birth": "1994-06-15",
    "skin_type": "II",
    "concern": "fine_lines",
    "active_acne": "none",
    "diabetes": "no",
    "epilepsy": "no",
    "metal_allergy": "no",
    "other_allergy": "",
    "skin_disease_history": [],
    "autoimmune": [],
    "numbing_risk": [],
    "blood_quality": [],
}


@dataclass(frozen=True)
class Known:
    """What the clinic has on record: a treatment, an answer or a symptom."""

    kind: str
    name: str
    value: object = None  # the day of a treatment, or the answer
    area: str | None = None
    depth_mm: float | None = None


def informs_only(question: str, code: str) -> bool:
    """Questions whose missing or unsure answer gives a notice, not a hold."""
    if question in ("otc_blood_thinning", "piercing_in_area"):
        return True
    if question in ("last_vaccine", "next_vaccine"):
        return code != "FIL"
    return question == "big_day" and code not in ("MN", "RF")


def asked(question: str, code: str, area: str) -> bool:
    if question in FOLLOW_UPS:
        question = FOLLOW_UPS[question]
    if question in FACE_ONLY and area != "face":
        return False
    return code in ASKED[question]


def marks(
    treatment: str,
    area: str,
    answers: Mapping[str, object],
    records: Sequence[Known],
    today: date,
    day: date,
) -> frozenset[Mark]:
    """Every (rule, verdict, release_by) that covers the day."""
    if treatment == "consultation":
        return frozenset()
    code = CODES[treatment]
    found: set[Mark] = set()
    known = [record for record in records if record.kind == "answer"]
    tones = [answers.get("skin_type")]
    tones += [r.value for r in known if r.name == "skin_type"]
    dark = is_dark(tones)
    case = Case(code, area, today, dict(answers), dark)
    for question in ASKED:
        if question not in answers:
            found |= _missing(case, question)
    for question, value in answers.items():
        found |= _answer(case, question, value, day)
    for record in known:
        alone = Case(code, area, today, {}, dark)
        if _counts(record, area):
            found |= _answer(alone, record.name, record.value, day)
        else:
            found |= _implied(alone, record.name, record.value, day)
    for record in records:
        found |= _recorded(case, record, day)
    return frozenset(found)


def marks_of_few(
    case: Case, changed: Mapping[str, object], day: date
) -> frozenset[Mark]:
    """The same, when every other answer is clear; None is a missing answer."""
    found: set[Mark] = set()
    for question, value in changed.items():
        if value is not None:
            found |= _answer(case, question, value, day)
        elif question in ASKED:
            found |= _missing(case, question)
    return frozenset(found)


def is_dark(tones: Iterable[object]) -> bool:
    """Skin types IV to VI; one that nobody knows counts as dark."""
    return not all(tone in ("I", "II", "III") for tone in tones)


def verdict(found: frozenset[Mark]) -> str:
    return max((mark[1] for mark in found), key=RANK.__getitem__, default="clear")


def authority(found: frozenset[Mark]) -> str | None:
    return max((mark[2] for mark in found), key=STRICTNESS.__getitem__, default=None)


def _counts(record: Known, area: str) -> bool:
    return record.name not in AREA_SPECIFIC or overlap(record.area, area)


def _missing(case: Case, question: str) -> set[Mark]:
    code = case.treatment
    if not asked(question, code, case.area) or informs_only(question, code):
        return set()
    return {UNSAFE.get(question, AWAITED), AWAITED}


AWAITED = ("R-74", "hold", "answer")
UNSAFE = {
    "pregnant": ("R-04", "refuse", "nobody"),
    "changing_mark": ("R-27", "refuse", "nobody"),
    "diabetes": ("R-44", "refuse", "clinician"),
}


def _answer(case: Case, question: str, value: object, day: date) -> set[Mark]:
    if value == "unsure":
        return _unsure(case, question)
    if question in FOLLOW_UPS or value in ("never", "no"):
        return set()
    return _fact(case, question, value, day) | _implied(case, question, value, day)


def _unsure(case: Case, question: str) -> set[Mark]:
    code = case.treatment
    used = asked(question, code, case.area) or question in HISTORY
    if not used or informs_only(question, code):
        return set()
    return {UNSAFE.get(question, ("R-74", "hold", "clinician"))}


def _fact(case: Case, question: str, value: object, day: date) -> set[Mark]:
    if question in SPECIAL:
        return SPECIAL[question](case, value, day)
    if question in YES:
        return yes(case, question, day)
    if question in PASSING:
        return passing_condition(case, question, str(value), day)
    if question in LIGHT:
        return light_sensitising(case, question, str(value), day)
    if question in EVENTS or question in PLANS:
        return event(case, question, str(value), day)
    return set()


def _implied(case: Case, question: str, value: object, day: date) -> set[Mark]:
    if question not in ("rosacea_flare", "cold_sore"):
        return set()
    if value != "now" and not is_dated(value):
        return set()
    if question == "rosacea_flare":
        return yes(case, "rosacea", day)
    if question == "cold_sore":
        return SPECIAL["cold_sore_history"](case, "yes", day)
    return set()


def _recorded(case: Case, record: Known, day: date) -> set[Mark]:
    if record.kind == "symptom":
        return {("R-82", "hold", "clinician")}
    if record.kind != "treatment" or record.name == "consultation":
        return set()
    if not overlap(record.area, case.area):
        return set()
    # a visit still to come is planned at the tested depth; a past one is not known
    unknown = 0.0 if record.value > case.today else 9.9
    deep = (unknown if record.depth_mm is None else record.depth_mm) > 1.5
    plan = (record.value, record.value)
    return around(case.treatment, CODES[record.name], plan, day, deep=deep)


def clear_answers(treatment: str, area: str) -> dict[str, object]:
    """The answers that raise nothing, for every question the treatment asks."""
    code = CODES[treatment]
    yes_no = {"cold_sore_history", "otc_blood_thinning", "blood_thinner"}
    yes_no |= {"electronic_implant", "numbing_reaction", "piercing_in_area"} | set(YES)
    return {
        question: CLEAR.get(question, "no" if question in yes_no else "never")
        for question in ASKED
        if asked(question, code, area) or question in HISTORY
    }
