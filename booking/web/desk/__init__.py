"""The desk: pages for staff. Importing them registers their routes."""

from __future__ import annotations

from flask import Flask

from booking.web import access
from booking.web.desk import (
    absences,
    board,
    book,
    book_time,
    clinic_settings,
    conflicts,
    courses,
    explain,
    holds,
    moves,
    notes,
    opening,
    opening_weeks,
    patients,
    prerequisites,
    questions,
    records,
    symptoms,
    tasks,
    visits,
    waitlist,
    what_if,
)
from booking.web.desk.blueprint import bp

__all__ = [
    "absences",
    "board",
    "book",
    "book_time",
    "clinic_settings",
    "conflicts",
    "courses",
    "explain",
    "holds",
    "init",
    "moves",
    "notes",
    "opening",
    "opening_weeks",
    "patients",
    "prerequisites",
    "questions",
    "records",
    "symptoms",
    "tasks",
    "visits",
    "waitlist",
    "what_if",
]


def init(app: Flask) -> None:
    """Guard and register the desk."""
    access.init(app)
    app.register_blueprint(bp)
