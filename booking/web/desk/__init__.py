"""The desk: pages for staff. Importing them registers their routes."""

from __future__ import annotations

from flask import Flask

from booking.web import access
from booking.web.desk import (
    board,
    book,
    book_time,
    courses,
    explain,
    holds,
    patients,
    prerequisites,
    questions,
    tasks,
    visits,
    what_if,
)
from booking.web.desk.blueprint import bp

__all__ = [
    "board",
    "book",
    "book_time",
    "courses",
    "explain",
    "holds",
    "init",
    "patients",
    "prerequisites",
    "questions",
    "tasks",
    "visits",
    "what_if",
]


def init(app: Flask) -> None:
    """Guard and register the desk."""
    access.init(app)
    app.register_blueprint(bp)
