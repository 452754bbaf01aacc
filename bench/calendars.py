"""How long the calendar takes: any practitioner, over 90 days and over one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from bench import world
from bench.serving import Client, Server
from booking.diary import cells

WARM_UP, ROUNDS = 5, 40


@dataclass(frozen=True)
class Timed:
    """Milliseconds, and what came back."""

    median: float
    p95: float
    bytes: int


def timed(ask: Callable[[], tuple[int, bytes]]) -> Timed:
    """The median and 95th percentile of forty requests, after five that do not
    count."""
    took = []
    size = 0
    for number in range(WARM_UP + ROUNDS):
        begun = time.perf_counter()
        status, body = ask()
        spent = (time.perf_counter() - begun) * 1000
        if status != 200:
            raise RuntimeError(f"answered {status}: {body[:300]!r}")
        if number >= WARM_UP:
            took.append(spent)
        size = len(body)
    took.sort()
    return Timed(statistics.median(took), took[int(len(took) * 0.95) - 1], size)


def product(client: Client, clearance: str, site: int, first: date, days: int) -> Timed:
    """`GET /slots` for any practitioner."""
    query = urlencode(
        {"clearance": clearance, "site": site, "from": first.isoformat(), "days": days}
    )
    return timed(lambda: client.get(f"/api/v1/slots?{query}"))


def floor(server: Server, first: date, days: int) -> Timed:
    """The same rows through a bare view."""
    horizon = cells.Horizon(world.ZONE, first, days)
    until = horizon.first_cell + horizon.cells
    client = server.client()
    path = f"/rows?first={horizon.first_cell}&until={until}"
    return timed(lambda: client.get(path))


def clearance(client: Client, answers: dict[str, object]) -> tuple[str, date]:
    """A clearance token with nothing in its way, and the site's today."""
    status, body = client.post(
        "/api/v1/clearances",
        {"treatment": world.TREATMENT, "area": "face", "answers": answers},
    )
    if status != 200 or body["windows"]:
        raise RuntimeError(f"no clear clearance: {status} {str(body)[:500]}")
    return body["clearance"], date.fromisoformat(body["today"])


def tomorrow(today: date) -> date:
    """The first measured day."""
    return today + timedelta(days=1)
