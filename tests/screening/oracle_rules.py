"""Rules about what a patient has, is or takes: permanent, lasting and passing."""

from __future__ import annotations

from datetime import date

from tests.screening.oracle_days import (
    NEEDLES,
    Mark,
    birthday,
    happened,
    is_dated,
    planned,
    plus,
    span,
)
from tests.screening.oracle_events import WOUNDS, Case

ALL = ("MN", "RF", "BTX", "FIL", "SP", "MP", "NAL", "ABL", "HF", "WAX", "PRP")
NO_WAX = tuple(code for code in ALL if code != "WAX")
NO_BTX = tuple(code for code in ALL if code != "BTX")
PEELS_AND_LIGHT = ("MN", "RF", "SP", "MP", "NAL", "ABL")

# R-..: a plain yes -> (treatments, rule, verdict, who)
YES = {
    "lumps": (NEEDLES, "R-10", "hold", "clinician"),
    "rosacea": ((*WOUNDS, "HF"), "R-14", "hold", "clinician"),
    "reactive_skin": (WOUNDS, "R-17", "hold", "clinician"),
    "keloid_in_area": (WOUNDS, "R-22", "refuse", "nobody"),
    "keloid_tendency": (WOUNDS, "R-23", "hold", "clinician"),
    "melasma": (PEELS_AND_LIGHT, "R-26", "hold", "clinician"),
    "changing_mark": (ALL, "R-27", "refuse", "nobody"),
    "radiotherapy_in_area": (WOUNDS, "R-32", "hold", "clinician"),
    "bleeding_disorder": ((*NEEDLES, "FIL"), "R-33", "refuse", "nobody"),
    "weak_immunity": (
        (*NEEDLES, "SP", "MP", "ABL", "FIL"),
        "R-42",
        "hold",
        "clinician",
    ),
    "heart_condition": (NEEDLES, "R-45", "hold", "clinician"),
    "metal_in_area": (("RF", "NAL"), "R-47", "refuse", "clinician"),
    "salicylate_or_phenol_allergy": (("SP",), "R-85", "refuse", "clinician"),
    "tattoo_in_area": (PEELS_AND_LIGHT, "R-62", "refuse", "clinician"),
    "muscle_or_nerve_disease": (("BTX",), "R-67", "refuse", "clinician"),
    "add_on_serum": (("MN", "RF"), "R-79", "hold", "clinician"),
}

# passing conditions: (treatments, rule, days after the end, who)
PASSING = {
    "skin_infection": (ALL, "R-07", 14, "nobody"),
    "cold_sore": (ALL, "R-08", 14, "nobody"),
    "open_skin": ((*NEEDLES, "SP", "MP", "ABL", "WAX"), "R-11", 14, "nobody"),
    "rosacea_flare": ((*WOUNDS, "HF"), "R-13", 28, "clinician"),
    "rash": ((*WOUNDS, "WAX"), "R-15", 0, "clinician"),
    "sunburn": (NO_BTX, "R-18", 14, "nobody"),
    "actinic_keratosis": ((*NEEDLES, "NAL", "ABL"), "R-30", 0, "clinician"),
}


def yes(case: Case, question: str, day: date) -> set[Mark]:
    treatments, rule, verdict, who = YES[question]
    return {(rule, verdict, who)} if case.treatment in treatments else set()


def passing(
    case: Case,
    value: str,
    day: date,
    mark: Mark,
    tail: int,
) -> set[Mark]:
    """Now: blocked for the longer of tail and 14 days, then an answer is awaited."""
    if value == "now":
        if day < plus(case.today, max(tail, 14)):
            return {mark}
        return {(mark[0], "hold", "answer")}
    return {mark} if day < plus(happened(value, case.today), tail) else set()


def passing_condition(case: Case, question: str, value: str, day: date) -> set[Mark]:
    treatments, rule, tail, who = PASSING[question]
    if case.treatment not in treatments:
        return set()
    if question == "cold_sore" and case.area != "face":
        return set()
    return passing(case, value, day, (rule, "refuse", who), tail)


def age(case: Case, value: str, day: date) -> set[Mark]:
    born = date.fromisoformat(value)
    code = case.treatment
    if code == "WAX":
        return set()
    if day < birthday(born, 18):
        rule = "R-01" if code in ("BTX", "FIL") else "R-02"
        return {(rule, "refuse", "nobody")}
    if code in ("MN", "RF") and day < birthday(born, 22):
        return {("R-03", "hold", "clinician")}
    return set()


def after_baby(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment not in PEELS_AND_LIGHT:
        return set()
    if day < plus(happened(value, case.today), 92):
        return {("R-06", "hold", "clinician")}
    return set()


def pregnant(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment == "WAX":
        return set()
    if is_dated(value):
        return after_baby(case, value, day)
    return {("R-04", "refuse", "nobody")}


def breastfeeding(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment == "WAX":
        return set()
    if is_dated(value):
        return after_baby(case, value, day)
    return {("R-05", "refuse", "nobody")}


def skin_type(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment == "RF" and value == "VI":
        return {("R-25", "hold", "clinician")}
    if case.treatment == "NAL" and value == "IV":
        return {("R-25", "hold", "clinician")}
    if case.treatment == "NAL" and value in ("V", "VI"):
        return {("R-25", "refuse", "clinician")}
    return set()


def concern(case: Case, value: str, day: date) -> set[Mark]:
    unsuited = ("active_acne", "rosacea", "hair_loss", "melasma")
    if case.treatment in ("MN", "RF") and value in unsuited:
        return {("R-81", "hold", "clinician")}
    return set()


def cold_sore_history(case: Case, value: str, day: date) -> set[Mark]:
    if case.area == "face" and case.treatment in (*WOUNDS, "FIL"):
        return {("R-09", "hold", "clinician")}
    return set()


def active_acne(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment not in (*NEEDLES, "SP", "MP", "HF") or value == "none":
        return set()
    return passing(case, "now", day, ("R-12", "refuse", "clinician"), 0)


def skin_disease(case: Case, value: list[str], day: date) -> set[Mark]:
    if case.treatment in WOUNDS and value:
        return {("R-16", "hold", "clinician")}
    return set()


def skin_cancer(case: Case, value: str, day: date) -> set[Mark]:
    if value == "now" and case.treatment in (*WOUNDS, "FIL"):
        return {("R-28", "refuse", "nobody")}
    if is_dated(value) and case.treatment in WOUNDS:
        return {("R-29", "hold", "clinician")}
    return set()


def cancer_treatment(case: Case, value: str, day: date) -> set[Mark]:
    """Ended, or planned; a month or year that holds today may be either (safer)."""
    if case.treatment not in WOUNDS:
        return set()
    refused = {("R-31", "refuse", "clinician")}
    if value == "now":
        return refused
    if span(value)[1] > case.today:
        return refused if day >= plus(planned(value, case.today)[0], -28) else set()
    return refused if day < plus(happened(value, case.today), 184) else set()


def blood_thinner(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment == "PRP":
        return {("R-34", "refuse", "clinician")}
    if case.treatment in ("MN", "RF", "FIL", "BTX", "ABL"):
        return {("R-34", "hold", "clinician")}
    return set()


def isotretinoin(case: Case, value: str, day: date) -> set[Mark]:
    code = case.treatment
    if value == "now":
        if code in ("BTX", "FIL"):
            return {("R-36", "hold", "answer")}
        return passing(case, value, day, ("R-36", "refuse", "nobody"), 184)
    if code in ("BTX", "FIL"):
        return set()
    who = "nobody" if code in ("MP", "ABL") else "clinician"
    if day < plus(happened(value, case.today), 184):
        return {("R-37", "refuse", who)}
    return set()


def light_sensitising(case: Case, question: str, value: str, day: date) -> set[Mark]:
    """R-40: a medicine taken now is a present condition (safer)."""
    tail = 92 if question == "st_johns_wort" else 14
    if case.treatment == "MN":
        return passing(case, value, day, ("R-40", "hold", "clinician"), tail)
    if case.treatment in ("NAL", "ABL", "SP", "MP"):
        return passing(case, value, day, ("R-40", "refuse", "clinician"), tail)
    return set()


def unwell(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment not in (*NEEDLES, "FIL"):
        return set()
    gap = (day - happened(value, case.today)).days
    if gap < (14 if value == "now" else 7):
        return {("R-41", "hold", "clinician")}
    if value == "now":
        return {("R-41", "hold", "answer")}
    return {("R-41", "hold", "reception")} if gap < 14 else set()


def autoimmune(case: Case, value: list[str], day: date) -> set[Mark]:
    if case.treatment not in (*NEEDLES, "NAL", "ABL", "FIL"):
        return set()
    severe = {"scleroderma", "collagen_vascular"}
    return {
        ("R-43", "refuse" if one in severe else "hold", "clinician") for one in value
    }


def diabetes(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment not in (*NEEDLES, "MP", "ABL") or value == "no":
        return set()
    return {("R-44", "hold" if value == "controlled" else "refuse", "clinician")}


def implant(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment == "MN":
        return {("R-46", "hold", "clinician")}
    if case.treatment in ("RF", "NAL", "ABL"):
        return {("R-46", "refuse", "nobody")}
    return set()


def epilepsy(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment not in ("NAL", "RF") or value == "no":
        return set()
    return {("R-48", "hold" if value == "controlled" else "refuse", "clinician")}


def metal_allergy(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment not in NEEDLES or value == "no":
        return set()
    return {("R-49", "refuse", "nobody" if value == "steel" else "clinician")}


def numbing_reaction(case: Case, value: str, day: date) -> set[Mark]:
    if case.treatment == "FIL":
        return {("R-50", "hold", "clinician")}
    if case.treatment in (*NEEDLES, "ABL"):
        return {("R-50", "refuse", "clinician")}
    return set()


def numbing_risk(case: Case, value: list[str], day: date) -> set[Mark]:
    if case.treatment in (*NEEDLES, "ABL") and value:
        return {("R-51", "hold", "clinician")}
    return set()


def other_allergy(case: Case, value: str, day: date) -> set[Mark]:
    found = {("R-52", "hold", "clinician")} if value.strip() else set()
    if case.treatment == "FIL" and "anaphylaxis" in value:
        found.add(("R-52", "refuse", "clinician"))
    return found


def blood_quality(case: Case, value: list[str], day: date) -> set[Mark]:
    if case.treatment != "PRP":
        return set()
    steroids = "steroids_last_2_weeks"
    lasting = any(one != steroids for one in value)
    if lasting or (steroids in value and day < plus(case.today, 14)):
        return {("R-68", "refuse", "clinician")}
    return set()


SPECIAL = {
    "date_of_birth": age,
    "pregnant": pregnant,
    "breastfeeding": breastfeeding,
    "skin_type": skin_type,
    "concern": concern,
    "cold_sore_history": cold_sore_history,
    "active_acne": active_acne,
    "skin_disease_history": skin_disease,
    "skin_cancer": skin_cancer,
    "cancer_treatment": cancer_treatment,
    "blood_thinner": blood_thinner,
    "isotretinoin": isotretinoin,
    "unwell": unwell,
    "autoimmune": autoimmune,
    "diabetes": diabetes,
    "electronic_implant": implant,
    "epilepsy": epilepsy,
    "metal_allergy": metal_allergy,
    "numbing_reaction": numbing_reaction,
    "numbing_risk": numbing_risk,
    "other_allergy": other_allergy,
    "blood_quality": blood_quality,
}
