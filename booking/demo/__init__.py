"""The demo clinic, fictional, around today; and the plans clinics are made of."""

from __future__ import annotations

from booking.demo.clinic import add_clinic, bare_plan, check_plan, is_empty, read_plan
from booking.demo.seeding import STAFF, renew_staff, seed

__all__ = [
    "STAFF",
    "add_clinic",
    "bare_plan",
    "check_plan",
    "is_empty",
    "read_plan",
    "renew_staff",
    "seed",
]
