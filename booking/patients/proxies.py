"""Who booked and answered for somebody else."""

from __future__ import annotations

from booking.db import db
from booking.errors import Problems
from booking.models.appointment import Appointment, Proxy

RELATIONS = {
    "parent": "I am a parent",
    "guardian": "I am the legal guardian",
    "carer": "I am a carer",
    "other": "Somebody else",
}
"""In the words of whoever books."""
RELATION_WORDS = {
    "parent": "parent",
    "guardian": "legal guardian",
    "carer": "carer",
    "other": "somebody else",
}


def check_relation(name: str, relation: str, problems: Problems) -> None:
    """Both as typed, or neither; what is wrong goes into *problems*."""
    if name and relation not in RELATIONS:
        problems.add("relation", "Say who you are to the person who is treated.")
    if relation and not name:
        problems.add("booked_by", "Give your own name too.")


def note(appointment: Appointment, name: str, relation: str) -> None:
    """Keep who booked for the patient of a stored visit. Never commits."""
    if name:
        proxy = Proxy(appointment_id=appointment.id, name=name, relation=relation)
        db.session.add(proxy)
