"""What must have taken place before a treatment: a consultation, a patch test.

Whether a clinic asks for one, and how long before, is the clinic's own setting; what
follows from it is decided here, from the records, like everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from screening.facts import Provenance, Record
from screening.windows import Authority, Verdict, Window

CONSULTATION, PATCH_TEST = "consultation", "patch_test"
KINDS = (CONSULTATION, PATCH_TEST)
PASSED, FAILED = "passed", "failed"
FAILED_TEST = "patch_test_failed"
TEXTS = (CONSULTATION, PATCH_TEST, FAILED_TEST)
_CAUSE = "requirement"
_RULES = {CONSULTATION: "R-76", PATCH_TEST: "patch-test"}
_RELEASED_BY = {
    CONSULTATION: Authority.RECEPTION,  # reception, where a clinic switches it on
    PATCH_TEST: Authority.CLINICIAN,
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """`kind` must lie at least so many hours before, and not longer ago than so many
    days (the site's calendar)."""

    kind: str
    least_hours: int
    valid_days: int

    @property
    def least_days(self) -> int:
        """So many days hold the hours whatever the times of day: 24 hours after a
        Monday morning may end on Tuesday morning, and so only Wednesday is sure."""
        return self.least_hours // 24 + 1 if self.least_hours else 0


def lacking(
    requirement: Requirement,
    treatment: str,
    records: Iterable[Record],
    texts: Mapping[str, str],
    *,
    today: date,
) -> Iterator[Window]:
    """The days from `today` on without what is required.

    A later result overrides an earlier one, and of two on one day the failed one
    counts.
    """
    told = sorted(
        (record.day, record.value == FAILED, record.ref)
        for record in records
        if record.day is not None and _tells_of(record, requirement, treatment)
    )
    least, valid = timedelta(requirement.least_days), timedelta(requirement.valid_days)
    passed: list[tuple[date, date, str]] = []
    failed: list[tuple[date, date | None, str]] = []
    for number, (day, has_failed, ref) in enumerate(told):
        others = [later for later, bad, _ in told[number + 1 :] if bad != has_failed]
        if has_failed:
            failed.append((day, others[0] + least if others else None, ref))
        else:
            passed.append((day + least, min([day + valid, *others]), ref))
    for first, end, after in _gaps(passed):
        yield from _window(requirement.kind, first, end, after, texts, today)
    for first, end, ref in failed:
        yield from _window(FAILED_TEST, first, end, ref, texts, today)


def kinds_lacking(windows: Iterable[Window]) -> tuple[str, ...]:
    """What is required and missing, by the windows of a clearance."""
    causes = (window.cause.split(":") for window in windows)
    found = {cause[1] for cause in causes if cause[0] == _CAUSE}
    return tuple(kind for kind in KINDS if kind in found)


def _tells_of(record: Record, requirement: Requirement, treatment: str) -> bool:
    if requirement.kind == CONSULTATION:
        return record.kind == "treatment" and record.subject == CONSULTATION
    return record.kind == PATCH_TEST and record.subject == treatment


def _gaps(
    spans: Iterable[tuple[date, date, str]],
) -> Iterator[tuple[date, date | None, str]]:
    """The days in none of the spans, each gap with the span that it comes after."""
    day, after = date.min, ""
    for first, until, ref in sorted(spans):
        if first > day and first < until:
            yield day, first, after
        if until > day and first < until:
            day, after = until, ref
    yield day, None, after


def _window(
    kind: str,
    first: date,
    until: date | None,
    ref: str,
    texts: Mapping[str, str],
    today: date,
) -> Iterator[Window]:
    if until is not None and until <= today:
        return
    has_failed = kind == FAILED_TEST
    yield Window(
        rule=_RULES[PATCH_TEST if has_failed else kind],
        verdict=Verdict.REFUSE if has_failed else Verdict.HOLD,
        from_day=max(first, today),
        until_day=until,
        reason=texts[kind],
        release_by=Authority.NOBODY if has_failed else _RELEASED_BY[kind],
        provenance=Provenance.RECORD.value if has_failed else Provenance.SYSTEM.value,
        refs=(ref,) if has_failed and ref else (),
        # Not the days: these move when a consultation is booked, a release must not.
        cause=f"{_CAUSE}:{kind}:{ref}",
    )
