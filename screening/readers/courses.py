"""Reads which treatments are given as a course, and joins them with the intervals."""

from __future__ import annotations

from screening.catalogue import Course
from screening.readers.catalogue import Catalogue
from screening.reading import Document, Entry
from screening.rules.spacing import Spacings
from screening.windows import Verdict

_NEVER = 36_500


def read_courses(
    document: Document, catalogue: Catalogue, spacings: Spacings
) -> dict[str, Course]:
    """The courses by treatment; errors name numbers that contradict each other."""
    courses: dict[str, Course] = {}
    for entry in document.entries("course", "treatment"):
        course = _course(entry, catalogue, spacings)
        if course.treatment in courses:
            raise entry.error("has two courses", "treatment")
        courses[course.treatment] = course
    return courses


def _course(entry: Entry, catalogue: Catalogue, spacings: Spacings) -> Course:
    entry.only(
        "treatment", "default", "least", "most", "sources", "unsourced", "within"
    )
    treatment = catalogue.treatment(entry.text("treatment"), entry)
    fewest, most = entry.number("least"), entry.number("most")
    if not 2 <= fewest <= entry.number("default") <= most:
        raise entry.error("must rise from least to default to most, from 2 on")
    within = entry.child("within")
    if within is None:
        raise entry.error("is missing", "within")
    within.only("days", "sources", "unsourced")
    least_days, greatest_days = _least(treatment, spacings), within.number("days")
    if greatest_days < least_days:
        raise entry.error(
            f"{greatest_days} days are fewer than the {least_days} that must lie "
            "between",
            "within",
        )
    return Course(
        treatment=treatment,
        default=entry.number("default"),
        fewest=fewest,
        most=most,
        least_days=least_days,
        greatest_days=greatest_days,
        sources=catalogue.sourced(entry),
        gap_sources=catalogue.sourced(within),
    )


def _least(treatment: str, spacings: Spacings) -> int:
    """From the day of a planned visit to the first day that is clear after it."""
    spacing = spacings.get((treatment, treatment))
    bands = spacing.planned() if spacing else ()
    ends = [
        _NEVER if band.end is None else band.end
        for band in bands
        if band.verdict is not Verdict.CLEAR
    ]
    return max(ends, default=1)
