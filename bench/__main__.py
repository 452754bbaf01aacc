"""Measure everything once, side by side: python -m bench.

With the name of a part (`rescreening`, `waiting`) only that is measured, and shown but
not kept.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import timeit
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import event

import screening
from bench import (
    bookings,
    calendars,
    mailing,
    report,
    rescreening,
    serving,
    waiting,
    world,
)
from bench.report import Line
from booking import rulebooks, settings
from booking.clock import utc_now
from booking.db import db
from booking.models import Site
from tests import postgres

RESCREENING, WAITING = "rescreening", "waiting"
PRODUCT, FLOOR = "app:create_app()", "bench.floors:create()"


@dataclass(frozen=True)
class Place:
    """A database with its application."""

    app: Flask
    environment: dict[str, str]
    visits: int


def main() -> None:
    """Run every part and keep the table."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder, postgres.throwaway() as server:
        data = Path(folder)
        settings.make_keys(data, {})
        if part := next(iter(sys.argv[1:]), None):
            print(report.show(_alone(part, data, server)))
            return
        sqlite = _place(data, f"sqlite:///{data}/bench.db", booked=0.6)
        lines += _calendar(sqlite, "SQLite")
        pg = _place(data, server.create("bench"), booked=0.6)
        lines += _calendar(pg, "PostgreSQL")
        full = _place(data, server.create("full"), booked=1.0)
        lines += _calendar(full, "PostgreSQL, fully booked")[:1]
        lines += waiting.measure(sqlite.app, "SQLite")
        lines += waiting.measure(pg.app, "PostgreSQL")
        lines += [_statements(pg), _bookings(pg), _screening(pg), _mail(full)]
        lines.append(_rescreening(data, server))
    print(report.show(lines))
    report.write(lines, pg.visits)


def _alone(part: str, data: Path, server: postgres.Server) -> list[Line]:
    if part == RESCREENING:
        return [_rescreening(data, server)]
    if part == WAITING:
        sqlite = _place(data, f"sqlite:///{data}/bench.db", booked=0.6)
        pg = _place(data, server.create("bench"), booked=0.6)
        return [
            *waiting.measure(sqlite.app, "SQLite"),
            *waiting.measure(pg.app, "PostgreSQL"),
        ]
    raise SystemExit(f"There is no part called {part}: {RESCREENING} or {WAITING}.")


def _place(data: Path, url: str, *, booked: float) -> Place:
    environment = {
        "CLEARSLOT_DATA": str(data),
        "CLEARSLOT_DATABASE_URL": url,
        "CLEARSLOT_RATE_LIMITS": "off",
    }
    app = _migrated(environment)
    with app.app_context():
        visits = world.build(now=utc_now(), booked=booked)
    return Place(app, environment, visits)


def _migrated(environment: dict[str, str]) -> Flask:
    app: Flask = importlib.import_module("app").create_app(settings.read(environment))
    with app.app_context():
        flask_migrate.upgrade()
    return app


def _rescreening(data: Path, server: postgres.Server) -> Line:
    environment = {
        "CLEARSLOT_DATA": str(data),
        "CLEARSLOT_DATABASE_URL": server.create("rescreening"),
    }
    return rescreening.measure(_migrated(environment), now=utc_now())


def _calendar(place: Place, engine: str) -> list[Line]:
    """Ninety days and one day, beside a bare view that fetches the same rows."""
    answers, site = _asked(place)
    with (
        serving.serve(PRODUCT, place.environment, workers=1, threads=4) as product,
        serving.serve(FLOOR, place.environment, workers=1, threads=4) as bare,
    ):
        client = product.client()
        token, today = calendars.clearance(client, answers)
        first = calendars.tomorrow(today)
        lines = [
            _against(
                f"any practitioner, {days} day{'s' if days > 1 else ''} ({engine})",
                calendars.product(client, token, site, first, days),
                calendars.floor(bare, first, days),
            )
            for days in (world.DAYS, 1)
        ]
        memory = product.memory_mb()
    return [
        *lines,
        Line(
            f"web process after that ({engine})",
            f"{memory:.0f} MB",
            "",
            "≤ 150 MB",
            memory <= 150,
        ),
    ]


def _against(name: str, ours: calendars.Timed, bare: calendars.Timed) -> Line:
    return Line(
        name,
        f"{ours.median:.1f} ms (p95 {ours.p95:.1f}; {ours.bytes / 1000:,.0f} kB)",
        f"{bare.median:.1f} ms",
        "≤ 3 × floor",
        ours.median <= 3 * bare.median,
    )


def _asked(place: Place) -> tuple[dict[str, Any], int]:
    with place.app.app_context():
        site = db.session.query(Site).one()
        return world.clear_answers(site), site.id


def _statements(place: Place) -> Line:
    """SQL statements of one request for 90 days."""
    answers, site = _asked(place)
    client = place.app.test_client()
    body = {"treatment": world.TREATMENT, "area": "face", "answers": answers}
    found = client.post("/api/v1/clearances", json=body).get_json()
    first = date.fromisoformat(found["today"]) + timedelta(days=1)
    path = (
        f"/api/v1/slots?clearance={found['clearance']}&site={site}&from={first}&days=90"
    )
    with _counting(place.app) as count:
        status = client.get(path).status_code
    if status != 200:
        raise RuntimeError(f"slots answered {status}")
    name = "SQL statements, 90 days and 20 practitioners"
    return Line(name, str(len(count)), "", "≤ 10", len(count) <= 10)


@contextmanager
def _counting(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _bookings(place: Place) -> Line:
    """Bookings a second, each with its gate, messages, audit event and record check."""
    answers, site = _asked(place)
    count = bookings.CLIENTS * bookings.EACH
    with serving.serve(PRODUCT, place.environment, workers=2, threads=4) as product:
        client = product.client()
        works: list[bookings.Work] = []
        for slot in _slots(client, answers, site, count):
            token, _ = calendars.clearance(client, answers)
            works.append(
                bookings.Work(
                    token,
                    slot["start"],
                    slot["practitioner"],
                    f"ada{len(works)}@example.com",
                )
            )
        rate = bookings.run(product.port, site, works)
    return Line(
        "bookings a second, 8 clients, 2 processes (PostgreSQL)",
        f"{rate.per_second:.0f}/s (p95 {rate.p95_ms:.0f} ms)",
        "",
        "≥ 200/s",
        rate.per_second >= 200,
    )


def _slots(
    client: serving.Client, answers: dict[str, Any], site: int, count: int
) -> list[dict[str, Any]]:
    """Free slots that do not overlap one another."""
    token, today = calendars.clearance(client, answers)
    first = today + timedelta(days=1)
    _, body = client.get(
        f"/api/v1/slots?clearance={token}&site={site}&from={first}&days=90"
    )
    found: list[dict[str, Any]] = []
    last: dict[int, str] = {}
    for day in json.loads(body)["days"]:
        for slot in day["slots"]:
            if last.get(slot["practitioner"], "") <= slot["start"]:
                last[slot["practitioner"]] = slot["end"]
                found.append(slot)
    if len(found) < count:
        raise RuntimeError(f"only {len(found)} free slots")
    return found[:count]


def _screening(place: Place) -> Line:
    """One full microneedling screening, in the process."""
    with place.app.app_context():
        site = db.session.query(Site).one()
        answers, rulebook = world.clear_answers(site), rulebooks.current(site)
    today = utc_now().date()

    def once() -> None:
        screening.clearance(rulebook, world.TREATMENT, "face", answers, today=today)

    took = min(timeit.repeat(once, number=100, repeat=5)) * 10
    return Line(
        "a full microneedling screening", f"{took:.2f} ms", "", "≤ 1 ms", took <= 1
    )


def _mail(place: Place) -> Line:
    with mailing.sink() as port:
        ours = mailing.dispatcher(place.app, port, now=utc_now())
        bare = mailing.bare(place.app, port)
    return Line(
        "mails a second (PostgreSQL)",
        f"{ours:.0f}/s",
        f"{bare:.0f}/s (smtplib loop)",
        "≥ half",
        ours >= bare / 2,
    )


if __name__ == "__main__":
    main()
