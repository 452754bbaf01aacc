"""What happens once the answer is on its way, so that its timing tells nothing."""

from __future__ import annotations

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from booking import appointments
from booking.db import db
from booking.models.appointment import Appointment
from booking.rescreening import runs
from booking.rescreening.due import noted_here


def init(app: Flask) -> None:
    """Let each response be followed by what its request has made necessary."""
    app.after_request(_rescreen)


def _rescreen(response: Response) -> Response:
    """Decide the noted patients' other visits again once *response* is sent (I-5)."""
    if people := noted_here():
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

        @response.call_on_close
        def _run() -> None:
            with app.app_context():
                _decide_again(app, people)

    return response


def _decide_again(app: Flask, people: set[int]) -> None:
    """What is missed here, the worker makes up for."""
    for patient_id in people:
        try:
            runs.run_for(patient_id, now=app.config["CLOCK"]())
        except (SQLAlchemyError, KeyError):
            # The row may have been joined with another in the meantime.
            db.session.rollback()
            app.logger.warning("Visits wait to be decided again; the worker will.")


def check_records(response: Response, appointment: Appointment) -> Response:
    """Compare the visit with the clinic's records once *response* is sent (I-9b).

    Whatever goes wrong here is made up for by the worker, and no mail leaves before.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    appointment_id = appointment.id

    @response.call_on_close
    def _check() -> None:
        with app.app_context():
            try:
                appointments.check_records(appointment_id, now=app.config["CLOCK"]())
            except SQLAlchemyError:
                app.logger.warning(
                    "Visit %s is not checked against the records yet; the worker will.",
                    appointment_id,
                )
            _decide_again(app, noted_here())

    return response
