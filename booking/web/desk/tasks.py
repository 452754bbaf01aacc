"""What waits for somebody: calls to make, overdue holds, mails that failed."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from booking import call_backs, desk_tasks
from booking.web import access, edge
from booking.web.desk.blueprint import bp, page


@bp.get("/tasks")
def tasks() -> ResponseReturnValue:
    return page(
        "desk/tasks.html",
        calls=call_backs.waiting(edge.site()),
        overdue=desk_tasks.overdue_holds(edge.site(), now=edge.now()),
        failed=desk_tasks.failed_messages(edge.site()),
    )


@bp.post("/tasks/calls/<int:call_id>/done")
def called(call_id: int) -> ResponseReturnValue:
    call_backs.done(call_id, now=edge.now(), actor=access.actor())
    flash("Taken off the list.", "done")
    return redirect(url_for(".tasks"), 303)


@bp.post("/tasks/mails/<int:message_id>/again")
def send_again(message_id: int) -> ResponseReturnValue:
    desk_tasks.send_again(message_id, now=edge.now(), actor=access.actor())
    flash("It will be sent again in a moment.", "done")
    return redirect(url_for(".tasks"), 303)


@bp.post("/tasks/mails/<int:message_id>/done")
def set_aside(message_id: int) -> ResponseReturnValue:
    desk_tasks.set_aside(message_id, now=edge.now(), actor=access.actor())
    flash("Taken off the list.", "done")
    return redirect(url_for(".tasks"), 303)
