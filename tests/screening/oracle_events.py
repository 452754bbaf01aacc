"""Rules about something that happened on a day, or is planned for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tests.screening.oracle_days import (
    NEEDLES,
    Mark,
    gap_after,
    gap_before,
    happened,
    is_dated,
    planned,
    plus,
    span,
)
from tests.screening.oracle_matrix import (
    bands,
    cell,
    filler,
    laser,
    needling,
    peel,
    planned_treatment,
    toxin,
)

WOUNDS = ("MN", "RF", "PRP", "SP", "MP", "NAL", "ABL")


@dataclass(frozen=True)
class Case:
    """Everything the rules look at, but for the day."""

    treatment: str
    area: str
    today: date
    follow: dict[str, object]
    dark: bool  # skin types IV-VI, or not known


def event(case: Case, question: str, value: str, day: date) -> set[Mark]:
    """The marks of one dated event on one day."""
    if question in PLANS:
        return PLANS[question](case, planned(value, case.today), day)
    gap = (day - happened(value, case.today)).days
    return EVENTS[question](case, gap)


def strong_sun(case: Case, gap: int) -> set[Mark]:
    if case.treatment in ("NAL", "ABL"):
        return bands("R-20", gap, (28, "refuse", "clinician"))
    if case.treatment not in ("MN", "RF", "PRP", "SP", "MP"):
        return set()
    steps = [(7, "refuse", "clinician"), (14, "hold", "reception")]
    if case.dark:
        steps.append((28, "hold", "clinician"))
    return bands("R-19", gap, *steps)


def self_tan(case: Case, gap: int) -> set[Mark]:
    if case.treatment not in WOUNDS:
        return set()
    return bands("R-21", gap, (7, "refuse", "clinician"), (14, "hold", "reception"))


def scar(case: Case, gap: int) -> set[Mark]:
    if case.treatment not in NEEDLES:
        return set()
    return bands("R-24", gap, (184, "refuse", "clinician"), (366, "hold", "clinician"))


def creams(case: Case, gap: int) -> set[Mark]:
    if case.treatment == "HF":
        return bands("R-38", gap, (2, "refuse", "clinician"))
    if case.treatment in ("MN", "RF", "SP", "MP", "NAL", "ABL", "WAX"):
        return bands("R-38", gap, (1, "refuse", "clinician"))
    return set()


def retinoid(case: Case, gap: int) -> set[Mark]:
    if case.treatment != "WAX":
        return set()
    return bands("R-39", gap, (7, "refuse", "clinician"), (42, "hold", "clinician"))


def by_matrix(first: str, case: Case, gap: int) -> set[Mark]:
    """A pair that no rule of its own covers: the matrix cell, R-73."""
    return bands("R-73", gap, (cell(first, case.treatment), "refuse", "clinician"))


def last_needling(case: Case, gap: int) -> set[Mark]:
    if case.treatment not in ("MN", "RF"):
        return by_matrix("MN", case, gap)
    depth = case.follow.get("needling_depth")
    return needling(gap, deep=depth != "up_to_1_5_mm")


def home_roller(case: Case, gap: int) -> set[Mark]:
    if case.treatment not in ("MN", "RF"):
        return set()
    length = case.follow.get("home_roller_length")
    if length == "up_to_0_3_mm":
        return bands("R-54", gap, (7, "refuse", "clinician"))
    if length == "0_5_mm":
        return bands("R-54", gap, (14, "refuse", "clinician"))
    hold = {("R-54", "hold", "clinician")}
    return bands("R-54", gap, (30, "refuse", "clinician")) | hold


def last_toxin(case: Case, gap: int) -> set[Mark]:
    if case.treatment == "BTX":
        return bands("R-66", gap, (90, "refuse", "clinician"))
    if case.treatment in NEEDLES:
        return toxin(gap)
    return by_matrix("BTX", case, gap)


def last_filler(case: Case, gap: int) -> set[Mark]:
    if case.treatment in NEEDLES:
        return filler(case.treatment, gap)
    return by_matrix("FIL", case, gap)


def last_peel(case: Case, gap: int) -> set[Mark]:
    return peel(str(case.follow.get("peel_strength")), case.treatment, gap)


def last_laser(case: Case, gap: int) -> set[Mark]:
    return laser(str(case.follow.get("laser_kind")), case.treatment, gap)


def hair_removal(case: Case, gap: int) -> set[Mark]:
    if case.treatment not in NEEDLES:
        return by_matrix("WAX", case, gap)
    return bands("R-59", gap, (3, "refuse", "clinician"), (7, "hold", "reception"))


def facial(case: Case, gap: int) -> set[Mark]:
    if case.treatment not in NEEDLES:
        return by_matrix("HF", case, gap)
    return bands("R-60", gap, (7, "refuse", "clinician"), (14, "hold", "reception"))


def surgery(case: Case, gap: int) -> set[Mark]:
    if case.treatment not in WOUNDS:
        return set()
    return bands("R-61", gap, (366, "refuse", "clinician"))


def tattoo(case: Case, gap: int) -> set[Mark]:
    if case.treatment not in ("MN", "RF", "NAL", "ABL", "SP", "MP"):
        return set()
    return bands("R-62", gap, (92, "refuse", "clinician"))


def vaccine(case: Case, gap: int) -> set[Mark]:
    if case.treatment != "FIL":
        return set()
    return bands("R-63", gap, (21, "refuse", "clinician"))


def dental(case: Case, gap: int) -> set[Mark]:
    if case.treatment != "FIL":
        return set()
    return bands("R-65", gap, (14, "refuse", "clinician"))


def next_vaccine(case: Case, plan: tuple[date, date], day: date) -> set[Mark]:
    return _both_sides(case, plan, day, "R-63", before=14, after=21)


def next_dental(case: Case, plan: tuple[date, date], day: date) -> set[Mark]:
    return _both_sides(case, plan, day, "R-65", before=14, after=14)


def _both_sides(case, plan, day, rule, *, before, after) -> set[Mark]:
    if case.treatment != "FIL":
        return set()
    marks: set[Mark] = set()
    until, since = gap_before(day, plan), gap_after(day, plan)
    if until is not None:
        marks |= bands(rule, until, (before, "refuse", "clinician"))
    if since is not None:
        marks |= bands(rule, since, (after, "refuse", "clinician"))
    return marks


def big_day(case: Case, plan: tuple[date, date], day: date) -> set[Mark]:
    until = gap_before(day, plan)
    if case.treatment not in ("MN", "RF") or until is None:
        return set()
    return bands("R-71", until, (7, "hold", "clinician"))


def sun_trip(case: Case, plan: tuple[date, date], day: date) -> set[Mark]:
    if case.treatment not in WOUNDS:
        return set()
    first, last = plan
    home = plus(last, 28)
    end = case.follow.get("sun_trip_end")
    if end == "now":
        home = case.today
    elif is_dated(end):
        home = span(str(end))[1]
    last = min(last, home)
    found: set[Mark] = set()
    if day < last:
        found |= _before_trip(case, max((first - day).days, 1))
    if day >= first:
        found |= strong_sun(case, (day - home).days)
    return found


def _before_trip(case: Case, away: int) -> set[Mark]:
    if case.dark:
        return bands("R-70", away, (28, "hold", "clinician"))
    return bands("R-70", away, (7, "hold", "clinician"), (14, "hold", "reception"))


def other_clinic(case: Case, plan: tuple[date, date], day: date) -> set[Mark]:
    kind = case.follow.get("planned_treatment_kind")
    return planned_treatment(case.treatment, kind, plan, day)


EVENTS = {
    "strong_sun": strong_sun,
    "self_tan": self_tan,
    "scar_since": scar,
    "strong_creams": creams,
    "prescription_retinoid": retinoid,
    "last_needling": last_needling,
    "home_roller": home_roller,
    "last_toxin": last_toxin,
    "last_filler": last_filler,
    "last_peel": last_peel,
    "last_laser": last_laser,
    "last_hair_removal": hair_removal,
    "last_facial": facial,
    "surgery_in_area": surgery,
    "new_tattoo_nearby": tattoo,
    "last_vaccine": vaccine,
    "last_dental": dental,
}
PLANS = {
    "next_vaccine": next_vaccine,
    "next_dental": next_dental,
    "big_day": big_day,
    "sun_trip": sun_trip,
    "planned_treatment": other_clinic,
}
