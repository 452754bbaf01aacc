"""How many bookings a second: 8 clients, each in a process of its own, distinct
slots."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import Any

from bench import world
from bench.serving import Client

CLIENTS = 8
EACH = 100


@dataclass(frozen=True)
class Work:
    """One booking to make: which clearance, which slot, for whom."""

    clearance: str
    start: str
    practitioner: int
    email: str


@dataclass(frozen=True)
class Rate:
    per_second: float
    done: int
    p95_ms: float


def run(port: int, site: int, works: Sequence[Work]) -> Rate:
    """Make every booking, eight at a time; RuntimeError unless each is confirmed."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(CLIENTS + 1)
    queue: Any = context.Queue()
    people = [
        context.Process(
            target=_client, args=(port, site, works[n::CLIENTS], barrier, queue)
        )
        for n in range(CLIENTS)
    ]
    for person in people:
        person.start()
    barrier.wait()
    begun = time.perf_counter()
    took: list[float] = []
    for _ in people:
        took += queue.get(timeout=300)
    spent = time.perf_counter() - begun
    for person in people:
        person.join()
    took.sort()
    return Rate(len(works) / spent, len(took), took[int(len(took) * 0.95) - 1])


def _client(
    port: int, site: int, works: Sequence[Work], barrier: Barrier, queue: Any
) -> None:
    client = Client(port)
    client.get("/healthz")
    barrier.wait()
    took = []
    for work in works:
        begun = time.perf_counter()
        status, body = client.post(
            "/api/v1/appointments", _body(work, site), _key(work)
        )
        took.append((time.perf_counter() - begun) * 1000)
        if status != 201:
            raise RuntimeError(f"{status}: {str(body)[:300]}")
    queue.put(took)


def _body(work: Work, site: int) -> dict[str, Any]:
    return {
        "clearance": work.clearance,
        "site": site,
        "start": work.start,
        "practitioner": work.practitioner,
        "patient": {"name": "Ada Bench", "email": work.email},
    }


def _key(work: Work) -> dict[str, str]:
    return {"Idempotency-Key": f"{world.TREATMENT}-{work.email}"}
