"""Which starts are free, and who and what takes part. Pure arithmetic on masks.

No database, no clock: whoever asks brings the masks. A slot is named by its shown
start, when the patient's own part begins; buffers may lie before and after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import combinations
from operator import and_, or_
from typing import Literal

from booking.diary.cells import (
    CELL,
    CELLS_PER_DAY,
    Horizon,
    cell_of,
    day_mask,
    free_runs,
    grid_mask,
    instant_of,
    local_span,
    mask_of_spans,
    next_cell,
    open_mask,
    span_mask,
    starts_of,
    window_mask,
)

__all__ = [
    "CELL",
    "Horizon",
    "Need",
    "Phase",
    "Plan",
    "Resource",
    "assign",
    "cell_of",
    "claims_of",
    "day_mask",
    "free_runs",
    "grid_mask",
    "instant_of",
    "local_span",
    "mask_of_spans",
    "next_cell",
    "open_mask",
    "patient_span",
    "search",
    "span_mask",
    "starts_for",
    "starts_of",
    "window_mask",
]

NOBODY = 0

Kind = Literal["practitioner", "room", "device"]
Span = tuple[int, int]


@dataclass(frozen=True)
class Need:
    """Something a phase cannot do without; one *key* is one resource throughout."""

    key: str
    kind: Kind
    capability: str


@dataclass(frozen=True)
class Phase:
    """A part of a visit; a buffer is a phase without the patient."""

    name: str
    cells: int
    needs: tuple[Need, ...]
    patient: bool = True


@dataclass(frozen=True)
class Plan:
    """Phases one after another; ValueError if they contradict each other."""

    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        if any(phase.cells < 1 for phase in self.phases):
            raise ValueError("every phase needs at least one cell")
        if not any(phase.patient for phase in self.phases):
            raise ValueError("a plan needs a phase with the patient")
        for phase in self.phases:
            kinds = [need.kind for need in phase.needs]
            if len(kinds) > len(set(kinds)):
                raise ValueError(f"{phase.name} needs two of a kind at once")
        for one, other in combinations(self._all_needs, 2):
            if one.key == other.key and one != other:
                raise ValueError(f"{one.key} means two different needs")

    @cached_property
    def total_cells(self) -> int:
        return sum(phase.cells for phase in self.phases)

    @cached_property
    def patient_from(self) -> int:
        """Cells of buffer before the patient's part."""
        return next(
            offset
            for offset, phase in zip(self._offsets, self.phases, strict=True)
            if phase.patient
        )

    @cached_property
    def patient_until(self) -> int:
        return max(
            offset + phase.cells
            for offset, phase in zip(self._offsets, self.phases, strict=True)
            if phase.patient
        )

    @cached_property
    def needs(self) -> Mapping[str, Need]:
        """By key, in the order in which the phases first ask for them."""
        return {need.key: need for need in self._all_needs}

    @cached_property
    def practitioner_key(self) -> str | None:
        """The key of the practitioner whom the patient chooses: the first needed."""
        return next(
            (key for key, need in self.needs.items() if need.kind == "practitioner"),
            None,
        )

    def spans_by_key(self) -> Mapping[str, list[Span]]:
        """For each key its (offset, cells), counted from the start with buffers."""
        return self._spans_by_key

    @cached_property
    def _spans_by_key(self) -> Mapping[str, list[Span]]:
        spans: dict[str, list[Span]] = {key: [] for key in self.needs}
        for offset, phase in zip(self._offsets, self.phases, strict=True):
            for need in phase.needs:
                _append_span(spans[need.key], offset, phase.cells)
        return spans

    @cached_property
    def _offsets(self) -> tuple[int, ...]:
        lengths = [phase.cells for phase in self.phases]
        return tuple(sum(lengths[:number]) for number in range(len(lengths)))

    @cached_property
    def _all_needs(self) -> tuple[Need, ...]:
        return tuple(need for phase in self.phases for need in phase.needs)


def _append_span(spans: list[Span], offset: int, cells: int) -> None:
    if spans and sum(spans[-1]) == offset:
        first, length = spans.pop()
        spans.append((first, length + cells))
    else:
        spans.append((offset, cells))


@dataclass(frozen=True)
class Resource:
    """*free* is its opening hours without its claims and absences, over a horizon."""

    id: int
    kind: Kind
    capabilities: frozenset[str]
    free: int


def starts_for(plan: Plan, key: str, free_mask: int) -> int:
    """Shown starts for which a resource is free whenever the plan uses *key*."""
    return reduce(
        and_,
        (
            _shifted(free_runs(free_mask, cells), plan.patient_from - offset)
            for offset, cells in plan.spans_by_key()[key]
        ),
    )


def _shifted(mask: int, cells: int) -> int:
    return mask << cells if cells >= 0 else mask >> -cells


def search(plan: Plan, resources: Sequence[Resource], allowed: int) -> dict[int, int]:
    """Shown starts among *allowed*, for each practitioner who can do this at all.

    A plan without a practitioner has one entry, under 0.
    """
    # Keys of one kind never overlap in time, so each finds its resource by itself.
    for key in plan.needs:
        if key != plan.practitioner_key and allowed:
            allowed &= reduce(
                or_,
                (
                    starts_for(plan, key, resource.free)
                    for resource in _candidates(plan, key, resources)
                ),
                0,
            )
    if plan.practitioner_key is None:
        return {NOBODY: allowed}
    return {
        resource.id: allowed & starts_for(plan, plan.practitioner_key, resource.free)
        for resource in _candidates(plan, plan.practitioner_key, resources)
    }


def _candidates(plan: Plan, key: str, resources: Iterable[Resource]) -> list[Resource]:
    need = plan.needs[key]
    return [
        resource
        for resource in resources
        if resource.kind == need.kind and need.capability in resource.capabilities
    ]


def assign(
    plan: Plan,
    resources: Sequence[Resource],
    start_bit: int,
    practitioner: int | None,
) -> dict[str, int] | None:
    """A resource for every key at this shown start, or None if one cannot be had.

    Of several, the one with most time left that day, then the lowest id. With a
    *practitioner*, that one or none; 0 stands for a plan that needs no practitioner.
    """
    if plan.practitioner_key is None and practitioner not in (None, NOBODY):
        return None
    if start_bit < 0:
        return None
    chosen = {}
    for key in plan.needs:
        pinned = practitioner if key == plan.practitioner_key else None
        free = [
            resource
            for resource in _candidates(plan, key, resources)
            if pinned in (None, resource.id)
            and starts_for(plan, key, resource.free) >> start_bit & 1
        ]
        if not free:
            return None
        best = min(free, key=lambda one: (-_time_left(one, start_bit), one.id))
        chosen[key] = best.id
    return chosen


def _time_left(resource: Resource, bit: int) -> int:
    # Twelve hours either side hold the whole working day of a clinic that is open
    # for twelve hours or less, and none of its neighbours' hours.
    first = max(bit - CELLS_PER_DAY // 2, 0)
    until = bit + CELLS_PER_DAY // 2
    return (resource.free >> first & span_mask(0, until - first)).bit_count()


def claims_of(
    plan: Plan, start_cell: int, assignment: Mapping[str, int]
) -> list[tuple[int, int, int]]:
    """(resource id, first cell, until cell) of a visit, in the order of locking."""
    begin = start_cell - plan.patient_from
    return sorted(
        (assignment[key], begin + offset, begin + offset + cells)
        for key, spans in plan.spans_by_key().items()
        for offset, cells in spans
    )


def patient_span(plan: Plan, start_cell: int) -> Span:
    """The cells that the patient's own claim covers: shown start to shown end."""
    return start_cell, start_cell + plan.patient_until - plan.patient_from
