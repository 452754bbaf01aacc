"""Today's board, the printed day sheet, and hiding names from onlookers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from booking import board as day_board
from booking import tasks
from booking.records.visit_notes import NEEDS_LOT
from booking.tasks import desk
from booking.web import edge
from booking.web.desk.blueprint import NAMES_HIDDEN, bp, day_given, names_hidden, page


@bp.get("/")
def board() -> ResponseReturnValue:
    overdue = desk.overdue_holds(edge.site(), now=edge.now())
    return page(
        "desk/board.html",
        overdue=overdue,
        urgent=tasks.urgent_count(edge.site()),
        needs_lot=NEEDS_LOT,
        **_board(),
    )


@bp.get("/sheet")
def sheet() -> ResponseReturnValue:
    return page("desk/sheet.html", **_board())


@bp.post("/names")
def names() -> ResponseReturnValue:
    session[NAMES_HIDDEN] = not names_hidden()
    back = request.form.get("back", "")
    # Only to the desk's own pages: the field could have been tampered with.
    here = back.startswith("/desk/") and "\\" not in back
    return redirect(back if here else url_for(".board"), 303)


def _board() -> dict[str, Any]:
    day = day_given()
    return {
        "board": day_board.of_day(edge.site(), day, now=edge.now()),
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
    }
