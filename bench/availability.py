"""How long masks and search take: python -m bench.availability."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, time
from timeit import repeat
from zoneinfo import ZoneInfo

from booking.diary import availability
from booking.diary.availability import Horizon, Need, Phase, Plan, Resource

DAYS, CLAIMS = 90, 11_000
COUNTS: dict[availability.Kind, int] = {"practitioner": 20, "room": 15, "device": 5}
KINDS = [kind for kind, count in COUNTS.items() for _ in range(count)]
HORIZON = Horizon(ZoneInfo("Europe/London"), date(2026, 3, 2), DAYS)
WEEKLY = {weekday: [(time(9), time(13)), (time(14), time(18))] for weekday in range(6)}
CLEO = Need("practitioner", "practitioner", "any")
ROOM = Need("room", "room", "any")
PEN = Need("pen", "device", "any")
PLAN = Plan(
    (
        Phase("preparation", 1, (ROOM,), patient=False),
        Phase("numbing", 6, (ROOM,)),
        Phase("needling", 9, (ROOM, CLEO, PEN)),
        Phase("recovery", 3, (ROOM,)),
        Phase("cleaning", 2, (ROOM, PEN), patient=False),
    )
)


def main() -> None:
    diary = made_up_diary()
    resources = [
        Resource(number, kind, frozenset(["any"]), opening() & ~busy(claims))
        for number, (kind, claims) in enumerate(zip(KINDS, diary, strict=True), 1)
    ]
    grid = availability.grid_mask(HORIZON, 15)
    found = availability.search(PLAN, resources, grid)
    starts = sum(mask.bit_count() for mask in found.values())
    whole = max(found.values(), key=int.bit_count)
    bit = next(availability.starts_of(whole, HORIZON)) - HORIZON.first_cell

    print(f"{len(KINDS)} resources, {DAYS} days, {sum(map(len, diary))} claims")
    print(f"{len(found)} practitioners, {starts} starts found")
    report("masks of claims", lambda: [busy(claims) for claims in diary])
    report("masks of opening hours", lambda: [opening() for _ in KINDS])
    report("grid, a new horizon", new_grid)
    report("search", lambda: availability.search(PLAN, resources, grid))
    report("assign", lambda: availability.assign(PLAN, resources, bit, None))
    report(
        "list all starts",
        lambda: [list(availability.starts_of(m, HORIZON)) for m in found.values()],
    )


def made_up_diary() -> list[list[tuple[int, int]]]:
    chance = random.Random(20260302)
    diary: list[list[tuple[int, int]]] = [[] for _ in KINDS]
    for number in range(CLAIMS):
        first_bit, until_bit = HORIZON.day_spans[chance.randrange(DAYS)]
        first = HORIZON.first_cell + chance.randrange(first_bit + 108, until_bit - 72)
        diary[number % len(KINDS)].append((first, first + chance.randrange(3, 13)))
    return diary


def opening() -> int:
    return availability.open_mask(HORIZON, WEEKLY, {}, ())


def busy(claims: list[tuple[int, int]]) -> int:
    return availability.mask_of_spans(HORIZON, claims)


def new_grid() -> int:
    return availability.grid_mask(Horizon(HORIZON.zone, HORIZON.first_day, DAYS), 15)


def report(what: str, action: Callable[[], object]) -> None:
    runs = repeat(action, number=5, repeat=9)
    print(f"{what:<24}{min(runs) / 5 * 1000:8.3f} ms")


if __name__ == "__main__":
    main()
