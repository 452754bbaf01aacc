"""Reads bands of days and the cases that choose between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screening.questions import Question
from screening.readers.catalogue import Catalogue
from screening.reading import Entry
from screening.rules.model import Band, Case, Cases, Rule
from screening.windows import Authority, Verdict

VERDICTS = ("refuse", "hold", "inform")
AUTHORITIES = tuple(authority.value for authority in Authority)
DOUBTS = ("unknown", "unsure")
_BAND = ("from", "until", "verdict", "release_by", "reason", "sources", "unsourced")


@dataclass(frozen=True, slots=True)
class Context:
    """What a clause is read in: its rule and all that it may refer to."""

    rule: Rule
    catalogue: Catalogue
    questions: Mapping[str, Question]
    passing_days: int
    still: str

    def question(self, entry: Entry, key: str = "question") -> Question:
        """The question that the entry names."""
        name = entry.text(key)
        if name not in self.questions:
            raise entry.error(f"there is no question {name!r}", key)
        return self.questions[name]

    def reason(self, entry: Entry, above: Entry | None = None) -> str:
        """The reason given nearest: by the entry, by the one above, by the rule."""
        for place in (entry, above):
            if place is not None and place.has("reason"):
                return place.text("reason")
        return self.rule.reason

    def sources(self, entry: Entry) -> tuple[str, ...]:
        """The sources beside the number, then those of the rule."""
        beside = self.catalogue.sourced(entry)
        return tuple(dict.fromkeys((*beside, *self.rule.sources)))


def read_band(
    context: Context, entry: Entry, above: Entry, *, start: int, end: int | None
) -> Band:
    """The verdict, authority, reason and sources of an entry, over these days."""
    word = entry.one_of("verdict", VERDICTS)
    advice = word == "inform"
    if advice == entry.has("release_by"):
        said = "advice is not released" if advice else "must say who may release it"
        raise entry.error(said, "release_by")
    return Band(
        context.rule.id,
        start,
        end,
        Verdict.CLEAR if advice else Verdict.of(word),
        Authority(entry.one_of("release_by", AUTHORITIES, "reception")),
        context.reason(entry, above),
        context.sources(entry),
    )


def read_bands(
    context: Context, above: Entry, key: str, *, starts: tuple[int, ...] = (0,)
) -> tuple[Band, ...]:
    """The bands under `key`: without a gap, without an overlap, in order."""
    bands: list[Band] = []
    for entry in above.children(key):
        entry.only(*_BAND)
        start, end = entry.days("from"), entry.maybe_days("until")
        if not bands and start not in starts:
            raise entry.error(f"must begin on day {starts[0]}", "from")
        if bands and bands[-1].end is None:
            raise entry.error("comes after a band without end", "from")
        if bands and bands[-1].end != start:
            gap = "a gap" if start > (bands[-1].end or 0) else "an overlap"
            raise entry.error(f"leaves {gap} to the band before", "from")
        if end is not None and end <= start:
            raise entry.error("must be later than from", "until")
        bands.append(read_band(context, entry, above, start=start, end=end))
    return tuple(bands)


def read_cases(context: Context, entry: Entry, keys: tuple[str, str]) -> Cases:
    """The bands of a clause, by the answer to another question if it says `by`.

    `keys` are the names of the bands after and before the event.
    """
    if not entry.has("by"):
        case = _case(context, entry, keys, frozenset(), otherwise=True)
        return Cases(None, (case,))
    by = context.question(entry, "by")
    cases = []
    for child in entry.children("case"):
        child.only("answers", "otherwise", *keys)
        inherited = _Above(entry, child).entry()
        answers = frozenset(child.texts("answers"))
        otherwise = child.flag("otherwise")
        cases.append(_case(context, inherited, keys, answers, otherwise=otherwise))
    check_cases(entry, by, cases)
    return Cases(by.id, tuple(cases))


@dataclass(frozen=True, slots=True)
class _Above:
    """A case takes the reason of its clause."""

    clause: Entry
    case: Entry

    def entry(self) -> Entry:
        """The case with the clause's reason."""
        if not self.clause.has("reason"):
            return self.case
        table = {"reason": self.clause.text("reason"), **self.case.table}
        return Entry(
            self.case.file, self.case.rule, self.case.line, table, self.case.lines
        )


def _case(
    context: Context,
    entry: Entry,
    keys: tuple[str, str],
    answers: frozenset[str],
    *,
    otherwise: bool,
) -> Case:
    after, before = keys
    bands = read_bands(context, entry, after) if after else ()
    ahead = read_bands(context, entry, before, starts=(0, 1)) if before else ()
    if not bands and not ahead:
        raise entry.error("has no days")
    return Case(answers, otherwise, bands, ahead)


def check_cases(entry: Entry, by: Question, cases: list[Case]) -> None:
    """Every answer has one case, and doubt falls to one that is the strictest."""
    answers = [answer for case in cases for answer in case.answers]
    if len(set(answers)) < len(answers):
        raise entry.error("an answer stands in two cases", "case")
    expected = set(by.values) - set(DOUBTS)
    if set(answers) != expected:
        odd = ", ".join(sorted(set(answers) ^ expected))
        raise entry.error(f"the cases do not fit the answers of {by.id}: {odd}", "case")
    doubt = [case for case in cases if case.otherwise]
    if len(doubt) != 1:
        raise entry.error("exactly one case must be marked otherwise = true", "case")
    for case in cases:
        pairs = (case.bands, doubt[0].bands), (case.before, doubt[0].before)
        for mild, strict in pairs:
            if not _as_strict(strict, mild):
                raise entry.error("the otherwise case is not the strictest", "case")


def _as_strict(strict: tuple[Band, ...], mild: tuple[Band, ...]) -> bool:
    """Whether `strict` is at least as strict as `mild` on every day."""
    edges = {band.start for band in (*strict, *mild)}
    edges |= {band.end for band in (*strict, *mild) if band.end is not None}
    return all(_verdict(strict, day) >= _verdict(mild, day) for day in edges)


def _verdict(bands: tuple[Band, ...], day: int) -> tuple[Verdict, int]:
    for band in bands:
        if band.start <= day and (band.end is None or day < band.end):
            rank = band.release_by.rank if band.verdict else 0
            return band.verdict, rank
    return Verdict.CLEAR, 0
