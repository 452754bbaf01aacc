"""Refusals that a person can act on.

Each carries its own sentence; app.py maps them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FieldProblem:
    """One bad field of a request: its name and what to do about it."""

    field: str
    message: str


class BookingError(Exception):  # noqa: N818 - a refusal is not an error
    """A refusal: nothing was changed.

    `code` is what software reads, `status` the HTTP status.
    """

    code = "refused"
    status = 409
    sentence = "This cannot be done."

    def __init__(self, sentence: str | None = None, **extra: Any) -> None:
        self.sentence = sentence or self.sentence
        self.extra = extra
        super().__init__(self.sentence)


class InvalidRequest(BookingError):
    """Bad input; `problems` names each field and says what to do."""

    code = "invalid"
    status = 422
    sentence = "Some of this needs to be put right."

    def __init__(
        self, problems: Sequence[FieldProblem], sentence: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, name: str, message: str) -> InvalidRequest:
        return cls([FieldProblem(name, message)])


class NotFound(BookingError):
    """Absent, or somebody else's: both look the same from outside."""

    code = "not_found"
    status = 404
    sentence = "We could not find that. The link may be old or incomplete."


class NotAllowed(BookingError):
    """The person may not do this."""

    code = "not_allowed"
    status = 403
    sentence = "Your role does not allow this."


class ClearanceExpired(BookingError):
    code = "clearance_expired"
    status = 422
    sentence = "These answers have expired. Please answer the questions again."


class ClearanceUsed(BookingError):
    code = "clearance_used"
    status = 422
    sentence = (
        "These answers belong to somebody else. Please answer the questions for "
        "yourself."
    )


class RefusedByGate(BookingError):
    """The day lies in a window; `extra` holds windows, first_clear_day and, for the
    web, reasons."""

    code = "refused"
    status = 422
    sentence = "This day is not safe for this treatment."


class CallUs(BookingError):
    """A day that a person must decide, too close for an online request."""

    code = "call_us"
    status = 422
    sentence = (
        "We need to check this with you first, and there is not enough time "
        "online. Please call us."
    )


class SlotTaken(BookingError):
    """Somebody else has the slot; `extra["nearest"]` holds the nearest free ones."""

    code = "slot_taken"
    status = 409
    sentence = (
        "Somebody else has just taken this time. Here are the nearest ones that "
        "are free."
    )


class CourseDoesNotFit(BookingError):
    """No plan for a course; `extra` holds the session's number, first_day and
    last_day."""

    code = "course_does_not_fit"
    sentence = "We find no times for all sessions. Please change your wishes."


class SessionTaken(BookingError):
    """Somebody else took one of the times of a course; nothing of it was booked."""

    code = "slot_taken"
    sentence = (
        "Somebody else has just taken one of these times. Nothing was booked. Please "
        "look at the new plan."
    )


class OwnVisitThen(BookingError):
    """The patient has another visit at that time."""

    code = "own_visit_then"
    sentence = "You already have another visit at this time. Please choose another one."


class ReservationEnded(BookingError):
    code = "reservation_ended"
    status = 409
    sentence = (
        "We could not keep this time any longer. Your answers are saved: please "
        "choose a time again."
    )


class OfferEnded(BookingError):
    code = "offer_ended"
    status = 409
    sentence = (
        "Somebody else has taken this time, or the offer has ended. You keep your "
        "place on the list."
    )


class OfferUnsafe(BookingError):
    """The day is not clear any more; details are for the owner of the address only."""

    code = "offer_unsafe"
    status = 409
    sentence = (
        "Something has changed since you joined the list: this day is no longer safe "
        "for you, or we have to check it with you first."
    )


class KeyReused(BookingError):
    code = "idempotency_key_reused"
    status = 422
    sentence = (
        "This Idempotency-Key was used for another request. Use a new key for a "
        "new booking."
    )


class AnswersExpired(BookingError):
    code = "answers_expired"
    status = 409
    sentence = (
        "Your answers are some months old. Please answer the questions again, and then "
        "choose another time."
    )


class AlreadyAnswered(BookingError):
    code = "already_answered"
    status = 409
    sentence = (
        "You have answered this already, and we have your answer. If something has "
        "changed since, tell us on the page of your visit."
    )


class TooLateToChange(BookingError):
    code = "too_late"
    status = 409
    sentence = "It is too late to change this visit online. Please call us."


class WrongState(BookingError):
    """The visit or hold is in a state in which this cannot be done."""

    code = "wrong_state"
    status = 409
    sentence = "This visit can no longer be changed in this way."


class NotReleasable(BookingError):
    code = "not_releasable"
    status = 409
    sentence = "Nobody may release this. The patient's facts have to change first."


class NeedsAnswer(BookingError):
    code = "needs_answer"
    status = 409
    sentence = (
        "This waits for the patient's answer. Record the answer, and the system "
        "decides again."
    )


class VisitsOutside(BookingError):
    """Visits lie in hours that would be closed; `extra` holds visits and stamp, and
    `wrong` if what was typed is not how many there are."""

    code = "visits_outside"
    sentence = (
        "Booked visits lie in the time that would be closed. Look at them, and say "
        "that you have seen them."
    )


class HoursChanged(BookingError):
    code = "hours_changed"
    sentence = (
        "Somebody else changed these hours while you had them open. Look at them as "
        "they are now, and make your change again."
    )


class SettingsChanged(BookingError):
    code = "settings_changed"
    sentence = (
        "Somebody else changed the settings while you had them open. Look at them as "
        "they are now, and make your change again."
    )


class DraftChanged(BookingError):
    code = "draft_changed"
    status = 409
    sentence = (
        "Somebody else changed this draft while you had it open. Look at it as it is "
        "now, and make your change again."
    )


class DraftOutdated(BookingError):
    code = "draft_outdated"
    status = 409
    sentence = (
        "Another version of the rulebook came into force after this draft was begun. "
        "Bring the draft up to date first, and look at its changes again."
    )


class NeedsSignature(BookingError):
    """`extra["rules"]` names the rules that become less strict."""

    code = "needs_signature"
    status = 409
    sentence = (
        "This draft makes a rule less strict. A clinician who did not work on it has "
        "to sign it before it can be published."
    )


@dataclass(frozen=True)
class Problems:
    """Collects bad fields so that all of them are told at once."""

    found: list[FieldProblem] = field(default_factory=list)

    def add(self, name: str, message: str) -> None:
        self.found.append(FieldProblem(name, message))

    def raise_if_any(self) -> None:
        if self.found:
            raise InvalidRequest(self.found)
