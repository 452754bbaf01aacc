"""One patient's way through the pages: which answers, which time, which visit.

The address of a page names a journey by a short key that opens nothing by itself; the
tokens behind it stay in the session cookie, and the answers in the draft on the server.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from flask import redirect, request, session, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from booking import drafts, links, rulebooks, screenings
from booking.courses import sessions
from booking.crypto import new_token
from booking.db import db
from booking.errors import NotFound
from booking.models.appointment import Appointment
from booking.models.course import Course
from booking.models.patient import Patient
from booking.models.screening import Draft, Screening
from booking.web import edge
from booking.web.questions import NOTHING, Answers, applies
from booking.web.steps import Step
from screening import Area, Clearance, Question, Rulebook, Treatment, questionnaire

MOST = 4
BIRTH_DATE = "date_of_birth"
MOST_KEPT = 2
"""How many times one browser can keep at once."""
LOST = (
    "We do not have these answers any more: they are kept for a day, and only on the "
    "device on which you gave them. Please start again."
)


class Journey:
    """What the session and the draft know of one booking."""

    def __init__(self, key: str, draft: Draft) -> None:
        self.key = key
        self.draft = draft
        self.kept: dict[str, Any] = session["journeys"][key]

    @property
    def rulebook(self) -> Rulebook:
        return rulebooks.current(edge.site())

    @property
    def treatment(self) -> Treatment:
        return self.rulebook.treatments[self.draft.treatment]

    @property
    def area(self) -> Area:
        return self.rulebook.areas[self.draft.area]

    @property
    def answers(self) -> Answers:
        return dict(self.draft.answers.get("answers", {}))

    @property
    def pending(self) -> set[str]:
        """What was ticked, while the question behind it waits for its answer."""
        return set(self.draft.answers.get("pending", ()))

    @property
    def ticked(self) -> set[str]:
        """What was ticked, answered or not."""
        said = {name for name, value in self.answers.items() if value not in NOTHING}
        return said | self.pending

    @property
    def contact(self) -> dict[str, Any]:
        return dict(self.draft.answers.get("contact", {}))

    @property
    def steps(self) -> tuple[Step, ...]:
        asked = questionnaire(self.rulebook, self.draft.treatment, self.draft.area)
        born = self.rulebook.questions.get(BIRTH_DATE)
        if self.only:
            asked = tuple(q for q in asked if self._is_wanted(q))
        elif asked and born and born not in asked:
            # Not for the treatment: by it the clinic finds what it knows of a patient.
            asked = (born, *asked)
        steps = (
            Step(p.id, p.title, p.intro, tuple(q for q in asked if q.page == p.id))
            for p in self.rulebook.pages
        )
        return tuple(step for step in steps if step.questions)

    @property
    def only(self) -> frozenset[str]:
        """The questions that this is about; empty: every one."""
        return frozenset(self.draft.answers.get("only", ()))

    def _is_wanted(self, question: Question) -> bool:
        parent = question.asked_if.question if question.asked_if else ""
        return question.id in self.only or parent in self.only

    @property
    def given(self) -> Answers:
        """The answers to what was asked: what else is known was not said anew."""
        asked = {question.id for step in self.steps for question in step.questions}
        return {k: v for k, v in self.answers.items() if not self.only or k in asked}

    def step(self, name: str) -> Step:
        """The step of this name, or NotFound."""
        for step in self.steps:
            if step.id == name:
                return step
        raise NotFound

    def after(self, step: Step) -> Step | None:
        """The step that follows; None behind the last."""
        steps = self.steps
        index = steps.index(step) + 1
        return steps[index] if index < len(steps) else None

    def open_step(self) -> Step | None:
        """The first step with a question still open; None when all is answered."""
        return next((step for step in self.steps if not self.is_done(step)), None)

    def is_done(self, step: Step) -> bool:
        answers = self.answers
        return all(q.id in answers for q in step.questions if applies(q, answers))

    def save(
        self,
        *,
        answers: Answers | None = None,
        pending: Iterable[str] | None = None,
        contact: dict[str, Any] | None = None,
    ) -> None:
        """Keep what was given so far; what is None stays as it was."""
        kept = dict(self.draft.answers)
        for name, value in (
            ("answers", answers),
            ("pending", None if pending is None else sorted(pending)),
            ("contact", contact),
        ):
            if value is not None:
                kept[name] = value
        drafts.save(self.draft, kept, now=edge.now())

    def remember(self, **values: Any) -> None:
        """Keep tokens in the session; None forgets one."""
        self.kept.update(values)
        for name in [name for name, value in self.kept.items() if value is None]:
            del self.kept[name]
        session.modified = True

    def finish(self, token: str) -> None:
        """The visit is booked: keep its link, and forget what was typed on the way."""
        drafts.save(self.draft, {}, now=edge.now())
        self.remember(booked=token)

    @property
    def visit(self) -> str | None:
        """The link of the visit that these answers are about, if it is booked."""
        return self.kept.get("visit")

    def screening(self) -> Screening:
        """The stored screening; NotFound before the answers were sent."""
        token = self.kept.get("screening")
        if token is None:
            raise NotFound("Please answer the questions first.")
        return screenings.find(token, now=edge.now())

    def clearance(self) -> Clearance:
        return screenings.clearance_of(self.screening())

    @property
    def owner(self) -> Patient | None:
        """The patient who came here from a mailed link: their records count (I-9b)."""
        token = self.kept.get("owner")
        return links.open_visit(token).appointment.patient if token else None

    @property
    def owner_id(self) -> int | None:
        return self.owner.id if self.owner else None

    def course(self) -> Course | None:
        """The course whose times were kept last, whether or not they still are."""
        return _course(self.kept)

    def reservation(self) -> Appointment | None:
        """The time that was kept last, whether or not it still is."""
        return _reserved(self.kept)


def begin(
    treatment: str,
    area: str,
    *,
    answers: Answers | None = None,
    visit: str | None = None,
    only: Iterable[str] = (),
    owner: str | None = None,
) -> Journey:
    """Start a draft; InvalidRequest if the clinic does not offer this.

    With *visit*, the link of a booked visit, the journey answers anew for that one;
    with *only*, it asks nothing but these questions;
    with *owner*, a mailed link, it books another one for the same patient.
    """
    draft, token = drafts.start(
        site=edge.site(), treatment=treatment, area=area, now=edge.now()
    )
    if answers:
        kept_answers = {"answers": answers, "only": sorted(only)}
        drafts.save(draft, kept_answers, now=edge.now())
    key = secrets.token_hex(4)
    kept: dict[str, Any] = {"draft": token, "idem": new_token()}
    if visit:
        kept["visit"] = visit
    if owner:
        kept["owner"] = owner
    journeys = session.get("journeys", {})
    # The cookie is small: the oldest journeys make room.
    session["journeys"] = dict([*journeys.items(), (key, kept)][-MOST:])
    return Journey(key, draft)


def find(key: str) -> Journey:
    """The journey of this browser with that key, or NotFound."""
    kept = session.get("journeys", {}).get(key)
    if kept is None:
        raise NotFound(LOST)
    return Journey(key, drafts.find(kept["draft"], now=edge.now()))


def find_waiting(key: str | None) -> Journey | None:
    """The journey of this browser that still waits for its time, if there is one."""
    kept = session.get("journeys", {}).get(key, {"booked": ""})
    if "booked" in kept or "screening" not in kept:
        return None
    try:
        return find(key or "")
    except NotFound:
        return None


def leave_finished() -> Response | None:
    """A page of a finished journey leads to its visit; a form sent twice gets in."""
    kept = session.get("journeys", {}).get((request.view_args or {}).get("key"), {})
    if request.method == "GET" and "booked" in kept:
        return redirect(url_for("visit.show", token=kept["booked"]), 303)
    return None


def hoarded(journey: Journey) -> list[Appointment]:
    """What other journeys of this browser keep, but for the newest of them."""
    others = [kept for key, kept in session["journeys"].items() if key != journey.key]
    found = [_reserved(kept) for kept in others if "booked" not in kept]
    return [one for one in found if one is not None][: 1 - MOST_KEPT or None]


def hoarded_courses(journey: Journey) -> list[Course]:
    """The courses that other journeys of this browser keep: one at a time is enough."""
    journeys = session["journeys"].items()
    others = [k for key, k in journeys if key != journey.key and "booked" not in k]
    return [one for one in map(_course, others) if one is not None]


def _course(kept: dict[str, Any]) -> Course | None:
    public_id = kept.get("course")
    return sessions.find_course(public_id) if public_id else None


def _reserved(kept: dict[str, Any]) -> Appointment | None:
    public_id = kept.get("reserved")
    if public_id is None:
        return None
    return db.session.scalar(
        select(Appointment).where(Appointment.public_id == public_id)
    )


def forget(journey: Journey) -> None:
    """Delete the answers and take the journey out of the session."""
    drafts.discard(journey.draft)
    del session["journeys"][journey.key]
    session.modified = True
