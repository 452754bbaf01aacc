"""The use cases of a visit, in one place to call them from.

Each commits once; a BookingError means that nothing was changed.
"""

from __future__ import annotations

from booking.changes import can_cancel, can_change, cancel, move
from booking.deciding import Booked
from booking.desk_booking import book_at_desk
from booking.online import book
from booking.overrides import ReleaseNote
from booking.patients import Contact
from booking.records.checks import check_records, prove
from booking.rescreening.new_answers import change_answers
from booking.reservations import extend, is_first_visit, let_go, reserve
from booking.visits import arrive, complete, no_show

__all__ = [
    "Booked",
    "Contact",
    "ReleaseNote",
    "arrive",
    "book",
    "book_at_desk",
    "can_cancel",
    "can_change",
    "cancel",
    "change_answers",
    "check_records",
    "complete",
    "extend",
    "is_first_visit",
    "let_go",
    "move",
    "no_show",
    "prove",
    "reserve",
]
