"""Is it alive, is it ready, and how is it doing: for probes and for Prometheus."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator
from datetime import datetime, timedelta
from time import perf_counter

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from booking.api.edge import answer, now
from booking.db import db
from booking.messages import backlog
from booking.models.appointment import Appointment, Hold, HoldState
from booking.models.audit import Heartbeat
from booking.models.message import Message
from booking.web import security

OLDEST_HEARTBEAT = timedelta(minutes=3)
LONGEST_LAG = timedelta(minutes=15)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")

bp = Blueprint("health", __name__)
disable_created_metrics()


def init(app: Flask) -> None:
    """Register the probes and count the requests of *app*."""
    registry = CollectorRegistry()
    labels = ("endpoint", "method", "status")
    counter = Counter("clearslot_requests", "Requests", labels, registry=registry)
    timer = Histogram(
        "clearslot_request_seconds", "Time to answer", ("endpoint",), registry=registry
    )
    registry.register(_Clinic())
    app.extensions["clearslot_metrics"] = registry

    @app.before_request
    def start() -> None:
        g.started = perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        # The endpoint and never the path: paths carry the tokens of patients.
        endpoint = request.endpoint or "none"
        method = request.method if request.method in METHODS else "other"
        counter.labels(endpoint, method, response.status_code).inc()
        ended = perf_counter()
        timer.labels(endpoint).observe(ended - g.get("started", ended))
        return response

    app.register_blueprint(bp)


@bp.get("/healthz")
@security.limiter.exempt
def alive() -> Response:
    return answer({"status": "ok"})


@bp.get("/readyz")
@security.limiter.exempt
def ready() -> Response:
    """503 with the part that is down."""
    parts = _parts()
    is_ready = all(state == "ok" for state in parts.values())
    return answer(
        {"status": "ok" if is_ready else "not ready", "parts": parts},
        200 if is_ready else 503,
    )


@bp.get("/metrics")
@security.limiter.exempt
def metrics() -> Response:
    """For Prometheus, from this machine or with the token."""
    if not (_has_token() or _is_loopback()):
        return Response("Only from this machine, or with the token.\n", 403)
    registry: CollectorRegistry = current_app.extensions["clearslot_metrics"]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _parts() -> dict[str, str]:
    try:
        db.session.execute(text("SELECT 1"))
        heartbeat, lag = _heartbeat_age(now()), _outbox_lag(now())
    except SQLAlchemyError:
        db.session.rollback()
        return {"database": "down", "worker": "unknown", "outbox": "unknown"}
    return {
        "database": "ok",
        "worker": _worker(heartbeat),
        "outbox": "ok" if lag <= LONGEST_LAG else f"late by {_minutes(lag)} minutes",
    }


def _worker(age: timedelta | None) -> str:
    if age is None:
        return "never seen"
    return "ok" if age <= OLDEST_HEARTBEAT else f"silent for {_minutes(age)} minutes"


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


def _heartbeat_age(instant: datetime) -> timedelta | None:
    latest = db.session.scalar(
        select(Heartbeat.at).order_by(Heartbeat.at.desc()).limit(1)
    )
    return None if latest is None else instant - latest


def _outbox_lag(instant: datetime) -> timedelta:
    """How long the oldest due message has waited for a worker or a mail server."""
    oldest = backlog.oldest_due(now=instant)
    return timedelta() if oldest is None else instant - oldest


def _has_token() -> bool:
    token = current_app.config.get("METRICS_TOKEN")
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(
        given.encode(), f"Bearer {token}".encode()
    )


def _is_loopback() -> bool:
    # Behind a proxy on this machine everybody's address is this machine's.
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class _Clinic(Collector):
    """Counted when asked for, so that every process tells the same."""

    def describe(self) -> list[Metric]:
        # Nothing is read from the database when this is registered.
        return []

    def collect(self) -> Iterator[Metric]:
        instant = now()
        visits = _gauge("visits", "Visits by status", "status")
        for status, count in db.session.execute(
            select(Appointment.status, func.count()).group_by(Appointment.status)
        ):
            visits.add_metric([status], count)
        yield visits
        held = _gauge("open_holds", "Holds that wait for somebody", "owner")
        for owner, count in db.session.execute(
            select(Hold.owner, func.count())
            .where(Hold.state == HoldState.OPEN)
            .group_by(Hold.owner)
        ):
            held.add_metric([owner], count)
        yield held
        outbox = _gauge("messages", "Messages by state", "state")
        for state, count in db.session.execute(
            select(Message.state, func.count()).group_by(Message.state)
        ):
            outbox.add_metric([state], count)
        yield outbox
        yield GaugeMetricFamily(
            "clearslot_outbox_lag_seconds",
            "How long the oldest due message has waited",
            value=_outbox_lag(instant).total_seconds(),
        )
        age = _heartbeat_age(instant)
        if age is not None:
            yield GaugeMetricFamily(
                "clearslot_worker_heartbeat_age_seconds",
                "Since the worker last ticked",
                value=age.total_seconds(),
            )


def _gauge(name: str, about: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"clearslot_{name}", about, labels=[label])
