"""The words of each kind of task: what to do, and how it can end.

A kind that is not here is shown by its name and ends with any word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from booking.errors import InvalidRequest
from booking.overrides import LEAST_NOTE, MOST_NOTE

OTHER = "other"
_OTHER = {OTHER: "Another way (write it down)"}


@dataclass(frozen=True)
class TaskKind:
    """`todo` says in one sentence what to do.

    Without `outcomes` it ends by what it asks for, not by a button of its own.
    """

    title: str
    todo: str
    outcomes: Mapping[str, str] = field(default_factory=dict)


KINDS = {
    "call_patient": TaskKind(
        "Call this patient",
        "Call the patient, ask what they have not answered, and record what they say "
        "on the visit: that ends this task.",
        {
            "no_answer": "Not reached: we ask on arrival",
            **_OTHER,
        },
    ),
    "close_visit": TaskKind(
        "Close this visit",
        "Its day is over and nobody has said how it went: mark it as done, with its "
        "lot, or that the patient did not come.",
    ),
    "outside_hours": TaskKind(
        "Visit outside opening hours",
        "Its time was closed after it was booked. Move the visit, or keep it and make "
        "sure that somebody is there. The patient has not been told anything.",
        {
            "kept": "Kept: somebody will be there",
            **_OTHER,
        },
    ),
    "conflict": TaskKind(
        "Answer and record differ",
        "Find out which of the two is right, and settle it on the patient’s file.",
    ),
    "symptom": TaskKind(
        "Signs after a visit",
        "Call the patient about the signs they reported; later visits wait until you "
        "clear it.",
        {
            "advised": "Spoken to: advised, later visits keep waiting",
            "sent_on": "Sent to a doctor or a hospital",
            "seen": "Is coming in, or was seen here",
            **_OTHER,
        },
    ),
    "checkin_silent": TaskKind(
        "No answer after a visit",
        "Two mails were not answered: call the patient and ask how they are.",
        {
            "fine": "Reached: all is fine",
            "reported": "Reached: the signs are recorded on the visit",
            "no_answer": "Not reached, after several calls",
            **_OTHER,
        },
    ),
}


def kind_of(name: str) -> TaskKind:
    """The words of a kind, or plain ones made of its name."""
    words = name.replace("_", " ").capitalize()
    return KINDS.get(name) or TaskKind(words, f"{words}.", {"done": "Done", **_OTHER})


def check(kind: str, outcome: str, note: str) -> None:
    """InvalidRequest unless a task of this kind can end so, with this note."""
    if kind in KINDS and outcome not in KINDS[kind].outcomes:
        raise InvalidRequest.of("outcome", "Choose how it ended.")
    if len(note) > MOST_NOTE:
        raise InvalidRequest.of("note", f"Use at most {MOST_NOTE} characters.")
    if outcome == OTHER and len(note) < LEAST_NOTE:
        raise InvalidRequest.of(
            "note", f"Say how it ended in at least {LEAST_NOTE} characters."
        )
