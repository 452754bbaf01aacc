"""What waits for somebody: calls to make, overdue holds, mails that failed."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import tasks as staff_tasks
from booking.errors import BookingError
from booking.tasks import call_backs, desk, kinds
from booking.web import access, edge
from booking.web.desk.blueprint import attempt, bp, page, problems_of, text_of


@bp.get("/tasks")
def tasks() -> ResponseReturnValue:
    return _page()


def _page(refusal: BookingError | None = None, task_id: int = 0) -> str:
    return page(
        "desk/tasks.html",
        waiting=staff_tasks.waiting(edge.site()),
        kind_of=kinds.kind_of,
        calls=call_backs.waiting(edge.site()),
        overdue=desk.overdue_holds(edge.site(), now=edge.now()),
        failed=desk.failed_messages(edge.site()),
        refused_id=task_id,
        refusal=refusal,
        problems=problems_of(refusal),
        form=request.form,
    )


@bp.post("/tasks/<int:task_id>/done")
def finish(task_id: int) -> ResponseReturnValue:
    def act() -> object:
        return staff_tasks.finish(
            task_id,
            request.form.get("outcome", ""),
            now=edge.now(),
            actor=access.actor(),
            note=text_of(request.form, "note"),
        )

    result = attempt(act)
    if isinstance(result, BookingError):
        return _page(result, task_id), result.status
    flash("Taken off the list.", "done")
    return redirect(url_for(".tasks"), 303)


@bp.post("/tasks/calls/<int:call_id>/done")
def called(call_id: int) -> ResponseReturnValue:
    call_backs.done(call_id, now=edge.now(), actor=access.actor())
    flash("Taken off the list.", "done")
    return redirect(url_for(".tasks"), 303)


@bp.post("/tasks/mails/<int:message_id>/again")
def send_again(message_id: int) -> ResponseReturnValue:
    desk.send_again(message_id, now=edge.now(), actor=access.actor())
    flash("It will be sent again in a moment.", "done")
    return redirect(url_for(".tasks"), 303)


@bp.post("/tasks/mails/<int:message_id>/done")
def set_aside(message_id: int) -> ResponseReturnValue:
    desk.set_aside(message_id, now=edge.now(), actor=access.actor())
    flash("Taken off the list.", "done")
    return redirect(url_for(".tasks"), 303)
