"""Every kind of value a question can take, for sweeps and random answer sets."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from tests.screening.oracle import ASKED, CLEAR, FOLLOW_UPS, YES
from tests.screening.oracle_days import CODES, birthday

CHOICES = {
    "skin_type": ["I", "II", "III", "IV", "V", "VI", "unsure"],
    "concern": [
        "fine_lines",
        "acne_scars",
        "large_pores",
        "uneven_tone",
        "stretch_marks",
        "sun_damage",
        "loose_skin",
        "dull_skin",
        "active_acne",
        "rosacea",
        "hair_loss",
        "melasma",
        "other",
        "unsure",
    ],
    "active_acne": ["none", "few", "many", "painful_lumps", "unsure"],
    "diabetes": ["no", "controlled", "not_controlled", "unsure"],
    "epilepsy": ["no", "controlled", "light_triggered", "unsure"],
    "metal_allergy": ["no", "steel", "nickel", "unsure"],
    "needling_depth": ["up_to_1_5_mm", "over_1_5_mm", "unknown", "unsure"],
    "home_roller_length": [
        "up_to_0_3_mm",
        "0_5_mm",
        "over_0_5_mm",
        "unknown",
        "unsure",
    ],
    "peel_strength": ["superficial", "medium", "deep", "unknown", "unsure"],
    "laser_kind": ["non_ablative_or_ipl", "ablative", "unknown", "unsure"],
    "planned_treatment_kind": [*CODES, "unsure"],
}
LISTS = {
    "skin_disease_history": ["eczema", "psoriasis", "vitiligo", "lichen_planus"],
    "autoimmune": [
        "scleroderma",
        "collagen_vascular",
        "lupus",
        "rheumatoid_arthritis",
        "other",
    ],
    "numbing_risk": [
        "heart_rhythm_medicine",
        "liver_disease",
        "g6pd",
        "methaemoglobinaemia",
    ],
    "blood_quality": [
        "platelet_problem",
        "cancer_treatment",
        "liver_disease",
        "steroids_last_2_weeks",
    ],
}
PLAIN = {
    *YES,
    "cold_sore_history",
    "otc_blood_thinning",
    "blood_thinner",
    "electronic_implant",
    "numbing_reaction",
    "piercing_in_area",
}
FUTURE = {
    "sun_trip",
    "sun_trip_end",
    "big_day",
    "planned_treatment",
    "next_vaccine",
    "next_dental",
}
# days on which some band of the documents starts or ends
EDGES = (0, 1, 2, 3, 5, 6, 7, 13, 14, 21, 27, 28, 29, 30, 41, 42, 83, 84, 89, 90)
EDGES += (91, 92, 119, 120, 183, 184, 365, 366, 400)
ALL_QUESTIONS = (*ASKED, *FOLLOW_UPS)


def past(today: date) -> list[str]:
    """Dates, months and years that lie behind today or hold it."""
    days = [(today - timedelta(n)).isoformat() for n in EDGES]
    months = {(today - timedelta(n)).isoformat()[:7] for n in (0, 28, 60, 120, 250)}
    return [*days, *sorted(months), str(today.year), str(today.year - 1), "2009"]


def coming(today: date) -> list[str]:
    """Dates, months and years that lie ahead of today or hold it."""
    days = [(today + timedelta(n)).isoformat() for n in EDGES]
    months = {(today + timedelta(n)).isoformat()[:7] for n in (0, 28, 60, 120, 250)}
    return [*days, *sorted(months), str(today.year), str(today.year + 1)]


def births(today: date) -> list[str]:
    """Birth dates that put a birthday of 18 or 22 inside and around the horizon."""
    out = ["1994-06-15", "1960-02-29", "2008-02-29", "2004-02-29", today.isoformat()]
    for age in (18, 22):
        for n in (-1, 0, 1, 30, 400):
            out.append(birthday(today + timedelta(n), -age).isoformat())
    return [born for born in out if born <= today.isoformat()]


def values(question: str, today: date) -> list[object]:
    """All values worth trying; None stands for a missing answer."""
    if question == "date_of_birth":
        return [*births(today), None]
    if question == "other_allergy":
        return ["", "  ", "Plasters give me a rash", "anaphylaxis", None]
    if question in CHOICES:
        return [*CHOICES[question], None]
    if question in LISTS:
        each = [[one] for one in LISTS[question]]
        return [[], *each, LISTS[question], LISTS[question][::2], None]
    if question in PLAIN:
        return ["yes", "no", "unsure", None]
    dated = coming(today) if question in FUTURE else past(today)
    if question == "cancer_treatment":
        dated = past(today) + coming(today)
    return ["never", "now", *dated, "unsure", None]


def random_value(question: str, today: date) -> st.SearchStrategy[object]:
    known = st.sampled_from(values(question, today))
    if question in CHOICES or question in LISTS or question in PLAIN:
        return known
    if question in CLEAR:
        return known
    sign = 1 if question in FUTURE else -1
    near = st.integers(0, 430).map(lambda n: (today + sign * timedelta(n)).isoformat())
    return st.one_of(known, near)
