"""Who may enter the desk: every path under /desk passes here, whoever registered it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from flask import Flask, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user, user_logged_out
from flask_security import user_authenticated

from booking import accounts
from booking.actors import Actor
from booking.errors import NotAllowed
from booking.models.account import CLINICIAN, MANAGER, RECEPTION, User
from booking.web import edge

STAFF_PREFIX = "/desk"
STAFF = frozenset({RECEPTION, CLINICIAN, MANAGER})
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
_ROLES = "staff_roles"
_SINCE, _SEEN = "staff_since", "staff_seen"

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def init(app: Flask) -> None:
    """Guard the desk of *app*."""
    app.before_request(_admit)
    user_authenticated.connect(_stamp, app)
    user_logged_out.connect(_forget, app)


def only(*roles: str) -> Callable[[View], View]:
    """Mark a view as one that needs one of *roles*; others take any staff."""

    def mark(view: View) -> View:
        setattr(view, _ROLES, frozenset(roles))
        return view

    return mark


def roles_for(endpoint: str) -> frozenset[str]:
    """The roles that may use an endpoint of the desk."""
    view = current_app.view_functions.get(endpoint)
    roles: frozenset[str] = getattr(view, _ROLES, STAFF)
    return roles


def may_use(endpoint: str) -> bool:
    """Whether the signed-in member of staff may open that page of the desk."""
    return bool({role.name for role in user().roles} & roles_for(endpoint))


def user() -> User:
    """The member of staff who is signed in. Only for pages behind the guard."""
    found: User = current_user._get_current_object()
    return found


def actor() -> Actor:
    """The signed-in member of staff as somebody who acts."""
    return accounts.actor_of(user())


def is_clinician() -> bool:
    """Whether the signed-in person carries clinical authority."""
    return "clinician" in actor().authorities


def _admit() -> ResponseReturnValue | None:
    if not _is_staff_path() and not _is_own_account():
        return None
    if not current_user.is_authenticated:
        return _to_sign_in("Please sign in to see that page.")
    if _is_over():
        logout_user()
        session.clear()
        return _to_sign_in("You were away for a while. Please sign in again.")
    session[_SEEN] = int(edge.now().timestamp())
    if not _is_staff_path():
        return None
    if not may_use(request.endpoint or ""):
        raise NotAllowed
    return None


def _is_staff_path() -> bool:
    path = request.path.rstrip("/")
    return path == STAFF_PREFIX or path.startswith(STAFF_PREFIX + "/")


def _is_own_account() -> bool:
    """Whether somebody signed in is at the settings of their own account."""
    endpoint = request.endpoint or ""
    return endpoint.startswith("security.") and current_user.is_authenticated


def _is_over() -> bool:
    now = edge.now().timestamp()
    idle = now - session.get(_SEEN, 0) > IDLE.total_seconds()
    return idle or now - session.get(_SINCE, 0) > LONGEST.total_seconds()


def _stamp(app: Flask, **_details: object) -> None:
    session[_SINCE] = session[_SEEN] = int(app.config["CLOCK"]().timestamp())


def _forget(_app: Flask, **_details: object) -> None:
    # What callers answered must not wait here for whoever uses this browser next.
    session.pop("journeys", None)


def _to_sign_in(why: str) -> ResponseReturnValue:
    flash(why, "info")
    # Only a page that was to be read: a POST cannot be repeated by following a link.
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("security.login", next=target), 303)
