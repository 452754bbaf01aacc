"""What happens once the answer is on its way, so that its timing tells nothing."""

from __future__ import annotations

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from booking import appointments
from booking.models.appointment import Appointment


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

    return response
