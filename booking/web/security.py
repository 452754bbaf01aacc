"""What every answer carries: security headers, CSRF protection and rate limits."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

PUBLIC_WRITES = "60 per minute; 600 per hour"
BOOKINGS = "20 per minute; 120 per hour"
SIGN_IN = "10 per minute; 60 per hour"

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
TWO_YEARS = 63_072_000

csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, storage_uri="memory://")
_sign_in_limit = limiter.limit(SIGN_IN)


@limiter.request_filter
def _is_unlimited() -> bool:
    # Asked of each request, as one limiter serves every application of a process.
    return bool(current_app.config["RATE_LIMITS"] == "off")


def init(app: Flask) -> None:
    """Protect every page of *app*."""
    secure = urlsplit(app.config["BASE_URL"]).scheme == "https"
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    # A page may stay open over lunch; the token lives as long as the session.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    # The strict check wants a Referer, and our own policy is to send none.
    app.config["WTF_CSRF_SSL_STRICT"] = False
    app.config["RATELIMIT_HEADERS_ENABLED"] = True
    if secure:
        app.config["SESSION_COOKIE_SECURE"] = True
        app.config["SESSION_COOKIE_NAME"] = "__Host-session"
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_limit_sign_in)
    app.before_request(_check_token)
    app.after_request(_plain_headers)
    if secure:
        app.after_request(_https_only)


def _check_token() -> None:
    # The API carries no cookies: a bearer token or a signed link cannot be borrowed.
    # Where there is no view, the answer is that, and not a hint about cookies.
    is_form = request.endpoint is not None and not request.path.startswith("/api/")
    if is_form and current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()


def _plain_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _https_only(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = (
        f"max-age={TWO_YEARS}; includeSubDomains"
    )
    return response


def _limit_sign_in() -> None:
    if request.blueprint == "security" and request.method == "POST":
        with _sign_in_limit:
            pass
