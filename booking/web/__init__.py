"""The pages. Edges only: load, ask one use case, show."""

from __future__ import annotations

from flask import Flask

from booking.web import (
    after,
    assets,
    calendar_pages,
    call_pages,
    checkin_pages,
    course_pages,
    desk,
    mailbox,
    patient,
    rebooking,
    rulebook,
    screening_pages,
    visit,
    visit_changes,
    visit_checks,
    wait_pages,
    waiting_pages,
    words,
)


def init(app: Flask) -> None:
    """Register the blueprints and what their templates use."""
    words.init(app)
    assets.init(app)
    after.init(app)
    app.register_blueprint(patient.bp)
    app.register_blueprint(screening_pages.bp)
    app.register_blueprint(calendar_pages.bp)
    app.register_blueprint(course_pages.bp)
    app.register_blueprint(call_pages.bp)
    app.register_blueprint(visit.bp)
    app.register_blueprint(visit_changes.bp)
    app.register_blueprint(visit_checks.bp)
    app.register_blueprint(checkin_pages.bp)
    app.register_blueprint(wait_pages.bp)
    app.register_blueprint(waiting_pages.bp)
    app.register_blueprint(rebooking.bp)
    desk.init(app)
    rulebook.init(app)
    mailbox.init(app)
