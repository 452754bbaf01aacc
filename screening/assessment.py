"""From answers and records to a clearance: facts in, windows out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from screening.clearance import Clearance
from screening.conflicts import contradicted, denied
from screening.facts import UNSURE, Fact, Provenance, Record
from screening.questions import Question
from screening.requirements import Requirement, lacking
from screening.rulebook import Rulebook
from screening.rules.model import Findings, Grounds, Sight
from screening.sheets import Sheet
from screening.statements import Statements, state
from screening.windows import Conflict, Notice, Window, in_order


def clearance(  # noqa: PLR0913 - one question, every part of it named
    rulebook: Rulebook,
    treatment: str,
    area: str,
    answers: Mapping[str, object],
    *,
    today: date,
    records: Sequence[Record] = (),
    requirements: Sequence[Requirement] = (),
    given_on: Mapping[str, date] | None = None,
) -> Clearance:
    """Judge every day from `today` on for one patient, treatment and area.

    `answers` should have passed `check_answers`; what cannot be understood here counts
    as unsure and never as clear. `requirements` are what the clinic asks for first;
    `given_on` tells which answers were given before `today`. ValueError if the
    treatment is not offered there.
    """
    sheet = rulebook.sheet(treatment, area)
    if sheet.neighbours is None:
        return Clearance(rulebook.version, treatment, area, today)
    stated = state(
        rulebook, sheet, answers, records, today=today, given_on=given_on or {}
    )
    case = _Case(rulebook, sheet, answers, stated, Findings(today))
    case.judge(records)
    for required in requirements:
        case.require(required, records)
    return Clearance(
        rulebook_version=rulebook.version,
        treatment=treatment,
        area=area,
        today=today,
        windows=in_order(case.found.windows),
        notices=_notices(case.found.notices),
        unanswered=tuple(stated.missing),
        conflicts=tuple(sorted(set(case.conflicts), key=_conflict_order)),
    )


@dataclass(slots=True)
class _Case:
    """One screening under way."""

    rulebook: Rulebook
    sheet: Sheet
    answers: Mapping[str, object]
    stated: Statements
    found: Findings
    conflicts: list[Conflict] = field(default_factory=list)

    def judge(self, records: Sequence[Record]) -> None:
        """Silence, then the facts, then treatments and symptoms on record."""
        for name in self.stated.missing:
            self._judge_silence(name)
        facts = self.stated.facts
        sight = Sight(self.found.today, facts, self.rulebook.questions)
        place, questions = self.sheet.place, self.rulebook.questions
        for name in sorted(facts.keys() & place.keys(), key=place.__getitem__):
            for fact in facts[name]:
                self._judge_fact(questions[name], fact, sight)
        for fact in self.stated.strange:
            self._judge_doubt(fact)
        for record in records:
            if record.kind == "treatment":
                self._judge_treatment(record)
            elif record.kind == "symptom":
                self._judge_symptom(record)
        self._advise(records)

    def require(self, required: Requirement, records: Sequence[Record]) -> None:
        """Hold the days before which something must have taken place that has not."""
        self.found.windows += lacking(
            required,
            self.sheet.treatment,
            records,
            self.rulebook.requirement_texts,
            today=self.found.today,
        )

    def _judge_silence(self, question: str) -> None:
        """Held until it is answered, unless the question only ever gives advice."""
        silence = self.sheet.silence
        if question in self.sheet.advisory:
            self._advise_on(question, silence.missing.rule)
            return
        grounds = Grounds((question,), Provenance.SYSTEM.value, (), "missing")
        self.found.add(silence.missing, self.found.today, None, of=grounds)

    def _judge_doubt(self, fact: Fact) -> None:
        """Held for a clinician, unless the question only ever gives advice."""
        silence = self.sheet.silence
        if fact.question in self.sheet.advisory:
            self._advise_on(fact.question, silence.unsure.rule)
            return
        who = fact.provenance.value
        grounds = Grounds((fact.question,), who, _refs(fact.ref), UNSURE)
        self.found.add(silence.unsure, self.found.today, None, of=grounds)

    def _advise_on(self, question: str, rule: str) -> None:
        """All the advice that an answer could have brought, for any day."""
        self.found.notices.append(Notice(rule, self.sheet.silence.notice))
        for clause in self.sheet.clauses.get(question, ()):
            for band in clause.bands():
                self.found.notices.append(Notice(band.rule, band.reason))

    def _judge_fact(self, question: Question, fact: Fact, sight: Sight) -> None:
        if not self.sheet.concerns(fact.area):
            self._judge_elsewhere(fact, sight)
            return
        if fact.value == UNSURE:
            self._judge_doubt(fact)
            return
        before = len(self.found.windows)
        for clause in self.sheet.clauses.get(question.id, ()):
            clause.judge(fact, sight, self.found)
        if fact.provenance is Provenance.RECORD:
            self._compare(question, fact, self.found.windows[before:])

    def _judge_elsewhere(self, fact: Fact, sight: Sight) -> None:
        """On another part of the body a fact is advice."""
        aside = Findings(self.found.today)
        for clause in self.sheet.clauses.get(fact.question, ()):
            clause.judge(fact, sight, aside)
        self._put_aside(aside, self.sheet.elsewhere.answer)

    def _put_aside(self, aside: Findings, text: str) -> None:
        """Keep what was found elsewhere as advice."""
        self.found.notices += aside.notices
        for window in aside.windows:
            first: date | None = window.from_day
            if window.until_day is None and first == self.found.today:
                first = None
            self.found.notices.append(
                Notice(window.rule, text, first, window.until_day)
            )

    def _judge_symptom(self, record: Record) -> None:
        if self.sheet.symptom is not None:
            grounds = _on_record(record, "symptom")
            self.found.add(self.sheet.symptom, self.found.today, None, of=grounds)

    def _judge_treatment(self, record: Record) -> None:
        """Both directions: this visit after the other one, and before it."""
        treatment = self.rulebook.treatments.get(record.subject)
        around = self.sheet.neighbours
        if treatment is None or record.day is None or around is None:
            self._judge_doubt(
                Fact(record.subject, UNSURE, None, Provenance.RECORD, None, record.ref)
            )
            return
        here = self.sheet.concerns(record.area)
        found = self.found if here else Findings(self.found.today)
        around.lay(
            treatment.id,
            record.day,
            found,
            depth_mm=record.depth_mm,
            planned=record.planned,
            of=_on_record(record, treatment.id),
        )
        if not here:
            self._put_aside(found, self.sheet.elsewhere.treatment)
        elif record.day <= self.found.today:
            label = record.label or f"{treatment.name}, {record.day}"
            for question in self.rulebook.questions.values():
                if not question.reports:
                    continue
                answer = self.answers.get(question.id)
                if denied(question, answer, treatment.id, record.day):
                    self._note(question.id, answer, label, record.ref)

    def _compare(self, question: Question, fact: Fact, made: list[Window]) -> None:
        """Note a recorded answer that is stricter than what the patient said."""
        answer = self.answers.get(question.id)
        if answer is None or answer == UNSURE:
            return
        said = [w for w in self.found.windows if w.provenance == Provenance.ANSWER]
        if contradicted(made, said):
            self._note(question.id, answer, fact.words, fact.ref)

    def _note(self, question: str, answer: object, record: str, ref: str) -> None:
        said = ", ".join(answer) if isinstance(answer, list | tuple) else str(answer)
        self.conflicts.append(Conflict(question, said or "none", record, ref))

    def _advise(self, records: Iterable[Record]) -> None:
        """Notices for everybody, but for those whose record makes them needless."""
        today = self.found.today
        done = {
            r.subject
            for r in records
            if r.kind == "treatment" and r.day is not None and r.day <= today
        }
        for advice in self.sheet.advice:
            if advice.unless_record.isdisjoint(done):
                self.found.notices.append(advice.notice)
        grounds = Grounds((), Provenance.SYSTEM.value, (), "always")
        for standing in self.sheet.standing:
            if standing.unless_record.isdisjoint(done):
                self.found.add(standing.band, today, None, of=grounds)


def _on_record(record: Record, name: str) -> Grounds:
    cause = f"{name}={record.day}"
    return Grounds((), Provenance.RECORD.value, _refs(record.ref), cause)


def _refs(ref: str) -> tuple[str, ...]:
    return (ref,) if ref else ()


def _notices(notices: list[Notice]) -> tuple[Notice, ...]:
    return tuple(sorted(set(notices), key=_notice_order))


def _notice_order(notice: Notice) -> tuple[str, date, date, str]:
    first, until = notice.from_day or date.min, notice.until_day or date.max
    return notice.rule, first, until, notice.text


def _conflict_order(conflict: Conflict) -> tuple[str, str, str, str]:
    return conflict.question, conflict.record, conflict.answer, conflict.ref
