"""The waitlist: who would come earlier, and who is offered a time that comes free.

`freed.note` is where it begins; the worker calls `deal_with_freed`, `expire_due` and
`close_over`. Every use case commits once; a BookingError means nothing was changed.
"""

from __future__ import annotations

from booking.waitlist.accepting import accept
from booking.waitlist.entries import close_over, confirm, get, leave
from booking.waitlist.forgetting import erase, forget
from booking.waitlist.joining import ask, join_at_desk, join_with_visit
from booking.waitlist.offers import deal_with_freed, decline, expire_due
from booking.waitlist.queue import wish_of
from booking.waitlist.standing import MOST_SHOWN, Standing, standing_of, waiting_at
from booking.waitlist.wishes import Wish

__all__ = [
    "MOST_SHOWN",
    "Standing",
    "Wish",
    "accept",
    "ask",
    "close_over",
    "confirm",
    "deal_with_freed",
    "decline",
    "erase",
    "expire_due",
    "forget",
    "get",
    "join_at_desk",
    "join_with_visit",
    "leave",
    "standing_of",
    "waiting_at",
    "wish_of",
]
