"""Reads the rules and makes of them, for each treatment, the clauses that judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from screening.questions import Question
from screening.readers.bands import Context, read_band
from screening.readers.catalogue import Catalogue
from screening.readers.clauses import CLAUSES
from screening.reading import Document, Entry, RulebookError
from screening.requirements import TEXTS
from screening.rules.model import Band, Clause, Rule
from screening.rules.spacing import Measure
from screening.sheets import Advice, Elsewhere, Silence, Standing
from screening.windows import Notice

PROFILES = ("SkinPen", "Exceed", "Dermapen4", "RF")
SETTERS = ("answers", "staff", "system")
_STANDING = ("always", "symptom", "unanswered")
_TABLED = ("spacing", "neighbour")
_RULE = (
    "id", "title", "treatments", "areas", "summary", "reason", "sources", "set_by",
    "clause", "off",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """A clause and the treatments that it judges; `entry` is where it stands."""

    rule: Rule
    treatments: tuple[str, ...]
    clause: Clause
    entry: Entry
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Tabled:
    """A clause that needs the table of intervals before it can judge."""

    context: Context
    kind: str
    treatments: tuple[str, ...]
    entry: Entry


@dataclass(slots=True)
class RuleSet:
    """Everything that rules.toml says."""

    rules: dict[str, Rule] = field(default_factory=dict)
    clauses: list[Placed] = field(default_factory=list)
    tabled: list[Tabled] = field(default_factory=list)
    advice: list[tuple[Rule, tuple[str, ...], Advice]] = field(default_factory=list)
    measures: dict[str, Measure] = field(default_factory=dict)
    silence: Silence | None = None
    symptom: Band | None = None
    elsewhere: Elsewhere = Elsewhere("", "")
    neighbour: str = ""
    requirement_texts: dict[str, str] = field(default_factory=dict)
    standing: list[tuple[Rule, tuple[str, ...], Standing]] = field(default_factory=list)
    spare: RuleSet | None = None

    def needed_silence(self) -> Silence:
        """What silence means; a rulebook must say it."""
        if self.silence is None:
            raise RulebookError("rules.toml", "", 1, "no rule says what silence means")
        return self.silence


def read_rules(
    document: Document,
    catalogue: Catalogue,
    questions: Mapping[str, Question],
    *,
    profile: str,
) -> RuleSet:
    """The rules as they are with this device profile."""
    defaults = document.section("defaults")
    defaults.only(
        "passing_days", "unsourced", "still", "elsewhere", "elsewhere_treatment",
        "neighbour", "requirements",
    )  # fmt: skip
    catalogue.sourced(defaults)
    found = RuleSet(
        elsewhere=Elsewhere(
            defaults.text("elsewhere"), defaults.text("elsewhere_treatment")
        ),
        neighbour=defaults.text("neighbour"),
        requirement_texts=_requirement_texts(defaults),
    )
    spare = RuleSet()
    for entry in document.entries("rule"):
        rule = _rule(entry, catalogue)
        if rule.id in found.rules:
            raise entry.error("is there twice")
        found.rules[rule.id] = rule
        context = Context(
            rule,
            catalogue,
            questions,
            defaults.number("passing_days"),
            defaults.text("still"),
        )
        for clause in entry.children("clause"):
            # What this profile leaves out is read all the same: a mistake is a mistake.
            kept = found if _holds(clause, profile) and not rule.off else spare
            _place(kept, context, clause)
    found.spare = spare
    return found


def _requirement_texts(defaults: Entry) -> dict[str, str]:
    """What is said while something required has not taken place."""
    entry = defaults.child("requirements")
    if entry is None:
        raise defaults.error("is missing", "requirements")
    entry.only(*TEXTS)
    return {name: entry.text(name) for name in TEXTS}


def _rule(entry: Entry, catalogue: Catalogue) -> Rule:
    entry.only(*_RULE)
    if not entry.texts("sources"):
        raise entry.error("names no source", "sources")
    areas = entry.texts("areas") if entry.has("areas") else None
    for area in areas or ():
        if area not in catalogue.areas:
            raise entry.error(f"there is no area {area!r}", "areas")
    set_by = entry.one_of("set_by", SETTERS, "answers")
    if (set_by == "answers") != entry.has("clause"):
        raise entry.error("has clauses if, and only if, answers set it", "clause")
    off = entry.flag("off")
    if off and (set_by != "answers" or _is_unanswered(entry)):
        raise entry.error("cannot be switched off", "off")
    texts = [entry.text(key) for key in ("title", "summary", "reason")]
    if not all(text.strip() for text in texts):
        raise entry.error("needs a title, a summary and a reason")
    return Rule(
        entry.text("id"),
        texts[0],
        catalogue.listed(entry),
        texts[1],
        catalogue.sourced(entry),
        texts[2],
        areas,
        set_by,
        off,
    )


def _is_unanswered(entry: Entry) -> bool:
    # Without it, silence and doubt would clear.
    clauses = entry.children("clause")
    return any(clause.table.get("kind") == "unanswered" for clause in clauses)


def _holds(clause: Entry, profile: str) -> bool:
    """Whether the clause holds with this device profile."""
    only = clause.texts("profiles", PROFILES)
    never = clause.texts("except_profiles", ())
    for name in (*only, *never):
        if name not in PROFILES:
            raise clause.error(f"there is no profile {name!r}")
    return profile in only and profile not in never


def _place(found: RuleSet, context: Context, entry: Entry) -> None:
    kind = entry.one_of("kind", (*CLAUSES, *_STANDING, *_TABLED))
    treatments = _treatments(context, entry)
    if kind in _TABLED:
        found.tabled.append(Tabled(context, kind, treatments, entry))
    elif kind in _STANDING:
        _stand(found, context, kind, treatments, entry)
    else:
        clause = CLAUSES[kind](context, entry)
        found.clauses.append(Placed(context.rule, treatments, clause, entry))
        measure = entry.child("measure")
        if measure is not None:
            found.measures[clause.question] = _measure(context, measure)


def _treatments(context: Context, entry: Entry) -> tuple[str, ...]:
    if not entry.has("treatments"):
        return context.rule.treatments
    listed = context.catalogue.listed(entry)
    strangers = set(listed) - set(context.rule.treatments)
    if strangers:
        raise entry.error(f"the rule is not for {', '.join(sorted(strangers))}")
    return listed


def _stand(
    found: RuleSet,
    context: Context,
    kind: str,
    treatments: tuple[str, ...],
    entry: Entry,
) -> None:
    """Clauses that no answer wakes."""
    if kind == "always":
        _always(found, context, treatments, entry)
    elif kind == "symptom":
        entry.only("kind", "verdict", "release_by", "sources", "reason", "unsourced")
        found.symptom = read_band(context, entry, entry, start=0, end=None)
    else:
        found.silence = _silence(context, entry)


def _always(
    found: RuleSet, context: Context, treatments: tuple[str, ...], entry: Entry
) -> None:
    """What is said to everybody; a clinic may make it hold everybody instead."""
    entry.only(
        "kind", "treatments", "profiles", "reason", "unless_record", "sources",
        "unsourced", "verdict", "release_by",
    )  # fmt: skip
    context.catalogue.sourced(entry)
    codes = entry.texts("unless_record", ())
    done = frozenset(context.catalogue.treatment(code, entry) for code in codes)
    rule = context.rule
    if entry.text("verdict", "inform") == "inform":
        advice = Advice(Notice(rule.id, context.reason(entry)), done)
        found.advice.append((rule, treatments, advice))
    else:
        band = read_band(context, entry, entry, start=0, end=None)
        found.standing.append((rule, treatments, Standing(band, done)))


def _silence(context: Context, entry: Entry) -> Silence:
    entry.only("kind", "missing", "unsure", "notice", "sources")
    bands = []
    for key in ("missing", "unsure"):
        child = entry.child(key)
        if child is None:
            raise entry.error("is missing", key)
        table = {"sources": entry.texts("sources"), **child.table}
        whole = Entry(child.file, child.rule, child.line, table, child.lines)
        whole.only("verdict", "release_by", "reason", "sources", "unsourced")
        if child.table.get("verdict") == "inform":
            raise child.error("silence and doubt are never clear", "verdict")
        bands.append(read_band(context, whole, entry, start=0, end=None))
    return Silence(bands[0], bands[1], entry.text("notice"))


def _measure(context: Context, entry: Entry) -> Measure:
    entry.only("millimetres", "up_to", "over", "planned", "sources")
    context.catalogue.sourced(entry)
    return Measure(
        entry.decimal("millimetres"),
        entry.text("up_to"),
        entry.text("over"),
        entry.text("planned"),
    )
