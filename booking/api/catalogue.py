"""What the clinic offers: sites, treatments, and the questions of a treatment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import selectinload

import screening
from booking import rulebooks
from booking.api import bodies, edge, schemas
from booking.api.edge import Calls, answer, refusing
from booking.api.problems import NotThere
from booking.db import db
from booking.diary import availability
from booking.diary.cells import CELL
from booking.diary.treatments import plan_of
from booking.errors import InvalidRequest
from booking.models.clinic import PRACTITIONER, Resource, Treatment

calls = Calls("catalogue", __name__, description="What the clinic offers")


@calls.route("/sites")
@refusing(calls)
@calls.response(200, schemas.Site(many=True))
def sites() -> Response:
    """The sites of the clinic."""
    return answer(
        [
            {"id": site.id, "name": site.name, "timezone": site.timezone}
            for site in edge.sites()
        ]
    )


@calls.route("/treatments")
@refusing(calls)
@calls.response(200, schemas.Treatment(many=True))
def treatments() -> Response:
    """What may be booked. `minutes`: what a patient spends here on a first visit."""
    book = rulebooks.current(edge.site_of(None))
    people = _practitioners()
    rows = db.session.scalars(
        select(Treatment)
        .where(Treatment.active, Treatment.id.in_(book.treatments))
        .order_by(Treatment.position, Treatment.id)
    )
    return answer([_treatment(row, book, people) for row in rows])


@calls.route("/treatments/<treatment>/questions")
@calls.arguments(bodies.AreaQuery, location="query")
@refusing(calls, 404, 422)
@calls.response(200, schemas.Questionnaire)
def questions(query: dict[str, Any], treatment: str) -> Response:
    """What a treatment of an area asks, in order."""
    book = rulebooks.current(edge.site_of(None))
    row = db.session.get(Treatment, treatment) if treatment in book.treatments else None
    if row is None or not row.active:
        raise NotThere("We do not offer this treatment.", field="treatment")
    if query["area"] not in book.treatments[treatment].areas:
        raise InvalidRequest.of("area", "Choose one of the areas of this treatment.")
    asked = screening.questionnaire(book, treatment, query["area"])
    return answer(
        {"rulebook": book.version, "questions": [_question(one) for one in asked]}
    )


def _treatment(
    row: Treatment, book: screening.Rulebook, people: Sequence[Resource]
) -> dict[str, Any]:
    plan = plan_of(row, first_visit=True)
    known = book.treatments[row.id]
    return {
        "id": row.id,
        "name": known.name,
        "minutes": (plan.patient_until - plan.patient_from) * CELL.seconds // 60,
        "areas": list(known.areas),
        "practitioners": [
            {"id": one.id, "name": one.name} for one in _able(plan, people)
        ],
    }


def _practitioners() -> Sequence[Resource]:
    return db.session.scalars(
        select(Resource)
        .where(Resource.kind == PRACTITIONER, Resource.active)
        .options(selectinload(Resource.capabilities))
        .order_by(Resource.id)
    ).all()


def _able(plan: availability.Plan, people: Iterable[Resource]) -> list[Resource]:
    if plan.practitioner_key is None:
        return []
    skill = plan.needs[plan.practitioner_key].capability
    return [one for one in people if any(c.name == skill for c in one.capabilities)]


def _question(one: screening.Question) -> dict[str, Any]:
    follow = one.asked_if
    return {
        "id": one.id,
        "text": one.text,
        "help": one.help,
        "kind": one.kind,
        "choices": [{"value": c.value, "label": c.label} for c in one.choices],
        "asked_if": follow and {"question": follow.question, "label": follow.label},
        "area_specific": one.area_specific,
        "valid_days": one.valid_days,
        "clear_answer": one.clear_answer,
        "rules": list(one.rules),
    }
