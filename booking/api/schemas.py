"""The forms of what goes out, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from booking.models.appointment import Status
from booking.symptoms.advice import WHAT_NOW
from booking.symptoms.reports import CALL, FINE

VERDICTS = ("clear", "hold", "refuse")
AUTHORITIES = ("reception", "clinician", "answer", "nobody")


def _text(description: str = "", **options: Any) -> fields.String:
    about = {"description": description} if description else {}
    return fields.String(required=True, metadata=about, **options)


def _one_of(words: Any) -> fields.String:
    return _text(validate=validate.OneOf(list(words)))


class Site(ma.Schema):
    id = fields.Integer(required=True)
    name = _text()
    timezone = _text("An IANA name.")


class Practitioner(ma.Schema):
    id = fields.Integer(required=True)
    name = _text()


class Treatment(ma.Schema):
    id = _text()
    name = _text()
    minutes = fields.Integer(required=True)
    areas = fields.List(fields.String(), required=True)
    practitioners = fields.List(fields.Nested(Practitioner), required=True)


class Choice(ma.Schema):
    value = _text()
    label = _text()


class Follow(ma.Schema):
    question = _text("Ask this one if the answer to that one is now, a date or unsure.")
    label = _text()


class Question(ma.Schema):
    id = _text()
    text = _text()
    help = _text()
    kind = _one_of(("yes_no", "when", "date", "choice", "choices", "text"))
    choices = fields.List(fields.Nested(Choice), required=True)
    asked_if = fields.Nested(Follow, required=True, allow_none=True)
    area_specific = fields.Boolean(required=True)
    valid_days = fields.Integer(required=True)
    clear_answer = fields.Raw(
        required=True,
        metadata={
            "oneOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}},
            ]
        },
    )
    rules = fields.List(fields.String(), required=True)


class Questionnaire(ma.Schema):
    rulebook = _text("The version of the rulebook.")
    questions = fields.List(fields.Nested(Question), required=True)


class Window(ma.Schema):
    rule = _text()
    verdict = _one_of(VERDICTS[1:])
    from_day = fields.Date(required=True, data_key="from")
    until_day = fields.Date(
        required=True,
        allow_none=True,
        data_key="until",
        metadata={"description": "The first day after it; null is open-ended."},
    )
    reason = _text()
    release_by = _one_of(AUTHORITIES)
    sources = fields.List(fields.String(), required=True)


class Notice(ma.Schema):
    rule = _text()
    text = _text()


class Clearance(ma.Schema):
    clearance = _text("An opaque token; it opens nothing but this screening.")
    rulebook = _text()
    today = fields.Date(required=True)
    verdict_today = _one_of(VERDICTS)
    first_clear_day = fields.Date(required=True, allow_none=True)
    earliest_bookable_day = fields.Date(required=True, allow_none=True)
    windows = fields.List(fields.Nested(Window), required=True)
    notices = fields.List(fields.Nested(Notice), required=True)
    unanswered = fields.List(fields.String(), required=True)


class Slot(ma.Schema):
    start = fields.DateTime(required=True)
    end = fields.DateTime(required=True)
    practitioner = fields.Integer(required=True, allow_none=True)


class CalendarDay(ma.Schema):
    day = fields.Date(required=True)
    verdict = _one_of(VERDICTS)
    reasons = fields.List(fields.String(), required=True)
    slots = fields.List(fields.Nested(Slot), required=True)


class Calendar(ma.Schema):
    days = fields.List(fields.Nested(CalendarDay), required=True)
    first_clear_slot = fields.Nested(Slot, required=True, allow_none=True)


class Booking(ma.Schema):
    id = _text()
    token = _text("Opens the visit: keep it secret.")
    status = _one_of(Status)
    start = fields.DateTime(required=True)
    end = fields.DateTime(required=True)
    practitioner = fields.Integer(required=True, allow_none=True)
    notices = fields.List(fields.Nested(Notice), required=True)


class Request(Booking):
    reasons = fields.List(fields.String(), required=True)
    decide_by = fields.DateTime(required=True)


class Visit(Booking):
    reasons = fields.List(fields.String(), required=True)
    decide_by = fields.DateTime(required=True, allow_none=True)
    site = fields.Integer(required=True)
    treatment = _text()
    area = _text()


class Rescreening(ma.Schema):
    status = _one_of(Status)
    windows = fields.List(fields.Nested(Window), required=True)
    first_clear_day = fields.Date(required=True, allow_none=True)


class Sign(ma.Schema):
    id = _text()
    sign = _text()
    action = _one_of(WHAT_NOW)
    message = _text("What to do now.")


class Symptoms(ma.Schema):
    answer = _one_of((FINE, CALL))
    urgency = _one_of(("none", "days", "today", "emergency"))
    do_now = _text("What comes first, in a sentence.")
    signs = fields.List(
        fields.Nested(Sign),
        required=True,
        metadata={"description": "What was sent, the most urgent first."},
    )
    call_by = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "We call by then; null promises no call."},
    )
    open_again = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "If the clinic is closed now: when it opens."},
    )
    meanwhile = _text("What to do if it gets worse; empty if all is fine.")


class Name(ma.Schema):
    name = _text()


class Conflict(ma.Schema):
    question = _text()
    answer = _text()
    record = _text()
    ref = _text()


class Hold(ma.Schema):
    id = fields.Integer(required=True)
    appointment = _text()
    patient = fields.Nested(Name, required=True)
    treatment = _text()
    area = _text()
    start = fields.DateTime(required=True)
    practitioner = fields.Integer(required=True, allow_none=True)
    decide_by = fields.DateTime(required=True)
    windows = fields.List(fields.Nested(Window), required=True)
    conflicts = fields.List(fields.Nested(Conflict), required=True)


class Decided(ma.Schema):
    id = fields.Integer(required=True)
    appointment = _text()
    status = _one_of(Status)


class BadField(ma.Schema):
    field = _text()
    message = _text()


class Problem(ma.Schema):
    """RFC 9457."""

    type = _text()
    title = _text()
    status = fields.Integer(required=True)
    code = _text("What software reads.")
    detail = _text("What a person reads.")
    errors = fields.List(fields.Nested(BadField))


class Refused(Problem):
    windows = fields.List(fields.Nested(Window))
    first_clear_day = fields.Date(allow_none=True)


class Taken(Problem):
    nearest = fields.List(fields.Nested(Slot))
