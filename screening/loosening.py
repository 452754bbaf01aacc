"""Which rules another rulebook makes less strict: by their effects, not by the edits.

Every effect of a rulebook is a strength over counted days: what the rule does, and who
may release it. A change loosens where some day is weaker than before in either. Where
two rulebooks cannot be compared, that counts as looser: a signature too many is the
safe mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from screening.questions import Question
from screening.rulebook import Rulebook
from screening.rules.events import Planned, Since
from screening.rules.model import Band, Cases, Clause
from screening.rules.spacing import Spacing, Spacings
from screening.rules.states import Age, Meaning, Passing, State, Tick, Words
from screening.sheets import Sheet
from screening.windows import Verdict

ADVICE = 1
_LEVELS = {Verdict.CLEAR: ADVICE, Verdict.HOLD: 2, Verdict.REFUSE: 3}
_DOUBT = "?"

Strength = tuple[int, int]
Stretch = tuple[int, int | None, Strength]


@dataclass(frozen=True, slots=True)
class Effect:
    """What is compared: one rule, about something, in one situation."""

    treatment: str
    area: str
    rule: str
    about: str
    form: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Looser:
    """A rule that some day treats more mildly than before.

    `about` is the question or pair of treatments, `day` the first weaker day counted
    as the rule counts; strengths are (level, authority's rank), level 0 nothing, 1
    advice, 2 hold, 3 refuse.
    """

    rule: str
    about: str
    day: int
    before: Strength
    after: Strength


def loosens(before: Rulebook, after: Rulebook) -> tuple[Looser, ...]:
    """Every rule that becomes less strict, once for each thing that it is about."""
    depths = _depths(before, after)
    old, new = _effects(before, depths), _effects(after, depths)
    found: dict[tuple[str, str], Looser] = {}
    for effect, stretches in old.items():
        other = new.get(effect, [])
        weak = None if stretches == other else _weaker(stretches, other)
        if weak is not None:
            looser = Looser(effect.rule, effect.about, *weak)
            found.setdefault((effect.rule, effect.about), looser)
    for name, question in before.questions.items():
        _compare_questions(question, after.questions.get(name), found)
    _compare_areas(before, after, found)
    return tuple(found.values())


def _weaker(
    before: Sequence[Stretch], after: Sequence[Stretch]
) -> tuple[int, Strength, Strength] | None:
    """The first day on which `after` is weaker, with both strengths."""
    edges = {0}
    for start, end, _ in (*before, *after):
        edges |= {start} if end is None else {start, end}
    for day in sorted(edges):
        old, new = _on(before, day), _on(after, day)
        if new[0] < old[0] or new[1] < old[1]:
            return day, old, new
    return None


def _on(stretches: Sequence[Stretch], day: int) -> Strength:
    over = [s for a, b, s in stretches if a <= day and (b is None or day < b)]
    return (
        max((level for level, _ in over), default=0),
        max((rank for _, rank in over), default=-1),
    )


@lru_cache(maxsize=8)
def _effects(
    rulebook: Rulebook, depths: tuple[float, ...]
) -> dict[Effect, list[Stretch]]:
    made: dict[Effect, list[Stretch]] = {}
    for (treatment, area), sheet in rulebook.sheets.items():
        for rule, about, form, bands in _of_sheet(rulebook, sheet):
            effect = Effect(treatment, area, rule, about, form)
            made.setdefault(effect, []).extend(bands)
    for rule, about, form, bands in _spacings(_spacings_of(rulebook), depths):
        effect = Effect("", "", rule, about, form)
        made.setdefault(effect, []).extend(bands)
    return made


def _spacings_of(rulebook: Rulebook) -> Spacings:
    """What one treatment means for another: the same on every sheet."""
    known = (sheet.neighbours for sheet in rulebook.sheets.values())
    return next((around.spacings for around in known if around is not None), {})


Found = tuple[str, str, tuple[object, ...], list[Stretch]]


def _of_sheet(rulebook: Rulebook, sheet: Sheet) -> Iterator[Found]:
    for question, clauses in sheet.clauses.items():
        for clause in clauses:
            for form, bands in _of_clause(clause, rulebook.questions):
                for band in bands:
                    yield band[0], question, form, [band[1]]
    yield from _standing(rulebook, sheet)
    yield from _asked(sheet)
    if sheet.neighbours is not None:
        yield _always("", ("neighbours",), (ADVICE, -1))


Named = tuple[str, Stretch]
Forms = Iterator[tuple[tuple[object, ...], list[Named]]]


def _of_clause(clause: Clause, questions: Mapping[str, Question]) -> Forms:
    if isinstance(clause, Since):
        yield from _of_cases("since", clause.cases, questions)
    elif isinstance(clause, Planned):
        yield from _of_cases("planned", clause.cases, questions)
        yield from _lengths(clause)
    elif isinstance(clause, State):
        if clause.now is not None:
            yield ("now",), _meant(clause.now)
        yield ("ended",), _named(clause.ended)
    else:
        yield from _of_answers(clause)


def _of_answers(clause: Clause) -> Forms:
    if isinstance(clause, Tick):
        for answer in clause.answers:
            yield ("tick", answer), _meant(clause.meaning)
    elif isinstance(clause, Words):
        for word in clause.mentions or ("",):
            yield ("words", word), _named(clause.bands())
    elif isinstance(clause, Age):
        yield ("age",), _named(clause.bands())
    else:
        raise TypeError(f"nobody knows how strict {type(clause).__name__} is")


def _of_cases(name: str, cases: Cases, questions: Mapping[str, Question]) -> Forms:
    """By every answer to the other question, doubt among them."""
    answers: Iterable[str] = () if cases.by is None else questions[cases.by].values
    for answer in (*answers, _DOUBT):
        picked = cases.picked(frozenset({answer}))
        after = [band for case in picked for band in case.bands]
        before = [band for case in picked for band in case.before]
        yield (name, cases.by, answer, "after"), _named(after)
        yield (name, cases.by, answer, "before"), _named(before)


def _lengths(clause: Planned) -> Forms:
    """How long it counts if its end is not known, and whether the past counts."""
    rules = {band.rule for band in clause.bands()}
    form = ("length", clause.end, clause.only_ahead)
    yield form, [(rule, (0, clause.end_days + 1, (ADVICE, -1))) for rule in rules]


def _meant(meaning: Meaning) -> list[Named]:
    named = _named([meaning.band])
    if isinstance(meaning, Passing):
        still = meaning.still
        named.append((still.rule, (meaning.band.end or 0, None, _strength(still))))
    return named


def _named(bands: Iterable[Band]) -> list[Named]:
    return [(b.rule, (b.start, b.end, _strength(b))) for b in bands]


def _strength(band: Band) -> Strength:
    rank = band.release_by.rank if band.verdict is not Verdict.CLEAR else -1
    return _LEVELS[band.verdict], rank


def _always(rule: str, form: tuple[object, ...], strength: Strength) -> Found:
    return rule, "", form, [(0, None, strength)]


def _standing(rulebook: Rulebook, sheet: Sheet) -> Iterator[Found]:
    """What no question wakes: silence, symptoms, advice and holds for everybody."""
    for name in ("missing", "unsure"):
        band: Band = getattr(sheet.silence, name)
        yield _always(band.rule, (name,), _strength(band))
    if sheet.symptom is not None:
        yield _always(sheet.symptom.rule, ("symptom",), _strength(sheet.symptom))
    said = [(a.notice.rule, a.unless_record, (ADVICE, -1)) for a in sheet.advice]
    said += [(s.band.rule, s.unless_record, _strength(s.band)) for s in sheet.standing]
    for rule, unless, strength in said:
        # For each treatment that might be on record, and for none.
        for done in ("", *rulebook.treatments):
            if done not in unless:
                yield _always(rule, ("always", done), strength)


def _asked(sheet: Sheet) -> Iterator[Found]:
    """Silence holds only where a question is asked and can do more than advise."""
    heard = {question.id for question in (*sheet.questions, *sheet.heard)}
    for question in sheet.questions:
        level = ADVICE if question.id in sheet.advisory else _LEVELS[Verdict.HOLD]
        for rule in question.rules[:1]:
            yield rule, question.id, ("asked",), [(0, None, (level, -1))]
        # Another question may answer this one, as long as somebody reads it.
        for name in heard & set(question.implied_by):
            for rule in question.rules:
                yield rule, question.id, ("implied", name), [(0, None, (ADVICE, -1))]


def _spacings(spacings: Spacings, depths: tuple[float, ...]) -> Iterator[Found]:
    for (first, then), spacing in spacings.items():
        for form, bands in _spaced(spacing, depths):
            for rule, stretch in _named(bands):
                yield rule, f"{first} {then}", ("spacing", form), [stretch]


def _spaced(
    spacing: Spacing, depths: tuple[float, ...]
) -> Iterator[tuple[object, tuple[Band, ...]]]:
    yield "planned", spacing.planned()
    for depth in (None, *depths):
        yield depth, spacing.recorded(depth)


def _depths(*rulebooks: Rulebook) -> tuple[float, ...]:
    """Depths on either side of every measure of either rulebook."""
    limits = {
        spacing.measure.millimetres
        for rulebook in rulebooks
        for spacing in _spacings_of(rulebook).values()
        if spacing.measure is not None
    }
    return (0.0, *sorted(limits), *sorted(limit + 0.01 for limit in limits))


def _compare_questions(
    question: Question, other: Question | None, found: dict[tuple[str, str], Looser]
) -> None:
    """An answer that counts for longer, or is read in another way."""
    if other is None:
        return
    days = question.valid_days, other.valid_days
    if days[1] > days[0] or _reading(question) != _reading(other):
        for rule in question.rules:
            looser = Looser(rule, question.id, days[0], (ADVICE, -1), (0, -1))
            found.setdefault((rule, question.id), looser)


def _reading(question: Question) -> tuple[object, ...]:
    return (
        question.kind,
        question.tense,
        question.values,
        question.asked_if,
        question.area_specific,
        question.clear_answer,
        question.unsure_counts_as,
        question.missing_counts_as,
        question.implied_by,
    )


def _compare_areas(
    before: Rulebook, after: Rulebook, found: dict[tuple[str, str], Looser]
) -> None:
    """An area that something elsewhere no longer reaches."""
    for key, sheet in before.sheets.items():
        other = after.sheets.get(key)
        if other is not None and not sheet.overlapping <= other.overlapping:
            looser = Looser("", sheet.area, 0, (ADVICE, -1), (0, -1))
            found.setdefault(("", sheet.area), looser)
