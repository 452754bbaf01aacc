"""The pages. Edges only: load, ask one use case, show."""

from __future__ import annotations

from flask import Flask

from booking.web import (
    assets,
    calendar_pages,
    call_pages,
    course_pages,
    desk,
    mailbox,
    patient,
    rebooking,
    screening_pages,
    visit,
    visit_changes,
    words,
)


def init(app: Flask) -> None:
    """Register the blueprints and what their templates use."""
    words.init(app)
    assets.init(app)
    app.register_blueprint(patient.bp)
    app.register_blueprint(screening_pages.bp)
    app.register_blueprint(calendar_pages.bp)
    app.register_blueprint(course_pages.bp)
    app.register_blueprint(call_pages.bp)
    app.register_blueprint(visit.bp)
    app.register_blueprint(visit_changes.bp)
    app.register_blueprint(rebooking.bp)
    desk.init(app)
    mailbox.init(app)
