"""The forms of bodies, queries and headers that come in."""

from __future__ import annotations

from marshmallow import fields, validate

from booking.api.inputs import (
    Day,
    Input,
    Moment,
    Note,
    QueryWhole,
    Text,
    Whole,
)
from booking.diary.calendar import MOST_DAYS
from booking.overrides import DECLINE_REASONS, MOST_NOTE, RELEASE_REASONS
from booking.patients import MOST_NAME
from booking.patients.proxies import RELATIONS
from booking.symptoms.reports import MOST_TEXT


def _answers() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={
            "description": "Question id → answer; see GET /treatments/{id}/questions.",
            "additionalProperties": {
                "oneOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}},
                ]
            },
        },
        error_messages={
            "required": "This is missing.",
            "null": "Send an object of answers.",
            "invalid": "Send an object of answers.",
        },
    )


class AreaQuery(Input):
    area = Text(required=True, least=1, most=40)


class ClearanceRequest(Input):
    treatment = Text(required=True, least=1, most=40)
    area = Text(required=True, least=1, most=40)
    answers = _answers()
    site = Whole()


class SlotsQuery(Input):
    clearance = Text(required=True, least=1, most=200)
    site = QueryWhole(required=True)
    first_day = Day(required=True, data_key="from")
    days = QueryWhole(required=True, most=MOST_DAYS)
    practitioner = QueryWhole()


class BookingHeaders(Input):
    key = Text(
        required=True,
        least=1,
        most=200,
        data_key="Idempotency-Key",
        metadata={
            "description": "Your name for this booking; a repeat books nothing new."
        },
    )


class PatientRequest(Input):
    name = Text(required=True, least=1, most=MOST_NAME)
    email = Text(required=True, least=3, most=254)
    phone = Text(most=40)


class ProxyRequest(Input):
    name = Text(required=True, least=1, most=MOST_NAME)
    relation = Text(required=True, most=40, metadata={"examples": list(RELATIONS)})


class BookingRequest(Input):
    clearance = Text(required=True, least=1, most=200)
    site = Whole(required=True)
    start = Moment(required=True)
    practitioner = Whole()
    patient = fields.Nested(
        PatientRequest,
        required=True,
        error_messages={"required": "This is missing.", "null": "Send an object."},
    )
    booked_by = fields.Nested(
        ProxyRequest,
        metadata={"description": "Who books and answers for the patient, if not they."},
    )
    language = Text(least=2, most=35)


class MoveRequest(Input):
    start = Moment(required=True)
    practitioner = Whole()


class SymptomsRequest(Input):
    signs = fields.List(
        Text(most=40),
        required=True,
        validate=validate.Length(max=50, error="Send at most 50 signs."),
        metadata={
            "description": "Ids of red flags of the treatment, such as F-01; an "
            "unknown one is refused with the ids that there are. No sign and no "
            "text: all is fine."
        },
        error_messages={
            "required": "This is missing.",
            "null": "Send a list of signs.",
            "invalid": "Send a list of signs.",
        },
    )
    text = Note(most=MOST_TEXT, load_default="")


class AnswersRequest(Input):
    answers = _answers()


class Nothing(Input):
    """No body, or an empty object."""


class HoldsQuery(Input):
    site = QueryWhole()


class ReleaseRequest(Input):
    reason = Text(required=True, most=40, metadata={"examples": list(RELEASE_REASONS)})
    note = Note(most=MOST_NOTE)
    attested_by = Text(least=1, most=255)


class DeclineRequest(Input):
    reason = Text(required=True, most=40, metadata={"examples": list(DECLINE_REASONS)})
    note = Note(most=MOST_NOTE)
