"""Time as whole numbers: five-minute cells of UTC, and masks of them over a horizon."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

CELL = timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MIDNIGHT = time(0)
CELLS_PER_DAY = timedelta(days=1) // CELL
WORD = 256

Hours = Sequence[tuple[time, time]]


def cell_of(instant: datetime) -> int:
    """Number of the cell that begins at *instant*; ValueError if none does."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant} has no zone")
    cell, rest = divmod(instant - EPOCH, CELL)
    if rest:
        raise ValueError(f"{instant} is not on a five-minute boundary")
    return cell


def next_cell(instant: datetime) -> int:
    """Number of the first cell that does not begin before *instant*."""
    return -((EPOCH - instant) // CELL)


def instant_of(cell: int) -> datetime:
    """The instant in UTC at which *cell* begins."""
    return EPOCH + cell * CELL


# A month of opening hours asks for the same few local times on every search.
@lru_cache(maxsize=16_384)
def local_span(zone: ZoneInfo, day: date, opens: time, closes: time) -> tuple[int, int]:
    """Absolute cells from *opens* to *closes* by the clock on the wall that day.

    A time that the clock skips means the first real one after it; a time that
    occurs twice means the first. Closing at 00:00 means the end of the day.
    Other hours that do not close after they open are empty.
    """
    first = _cell_at(zone, day, opens)
    if closes == MIDNIGHT:
        return first, _cell_at(zone, day + timedelta(days=1), MIDNIGHT)
    if opens >= closes:
        return first, first
    return first, _cell_at(zone, day, closes)


def _cell_at(zone: ZoneInfo, day: date, wall: time) -> int:
    local = datetime.combine(day, wall, tzinfo=zone).replace(fold=0)
    while not _exists(local):
        # Adding to a local time moves the hands of the clock, not the instant.
        local += CELL
    return cell_of(local)


def _exists(local: datetime) -> bool:
    real = local.astimezone(UTC).astimezone(local.tzinfo)
    return real.replace(tzinfo=None) == local.replace(tzinfo=None)


@dataclass(frozen=True)
class Horizon:
    """Some days of a site's calendar; bit i of a mask is cell `first_cell + i`."""

    zone: ZoneInfo
    first_day: date
    days: int

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError("a horizon needs at least one day")

    @cached_property
    def days_list(self) -> tuple[date, ...]:
        return tuple(self.first_day + timedelta(days=n) for n in range(self.days))

    @cached_property
    def day_spans(self) -> tuple[tuple[int, int], ...]:
        """For each day, its first bit and the bit after its last (23 or 25 h too)."""
        spans = [
            local_span(self.zone, day, MIDNIGHT, MIDNIGHT) for day in self.days_list
        ]
        start = spans[0][0]
        return tuple((first - start, until - start) for first, until in spans)

    @cached_property
    def first_cell(self) -> int:
        return local_span(self.zone, self.first_day, MIDNIGHT, MIDNIGHT)[0]

    @cached_property
    def cells(self) -> int:
        return self.day_spans[-1][1]

    def day_span(self, day: date) -> tuple[int, int]:
        """First bit of *day* and the bit after it; ValueError outside the horizon."""
        number = (day - self.first_day).days
        if not 0 <= number < self.days:
            raise ValueError(f"{day} is outside the horizon")
        return self.day_spans[number]


def span_mask(first: int, until: int) -> int:
    """Bits `first` to `until - 1`; nothing if the span is empty."""
    return ((1 << until - first) - 1) << first if first < until else 0


def mask_of_spans(horizon: Horizon, spans: Iterable[tuple[int, int]]) -> int:
    """Bits of the absolute cells in any of *spans*, clipped to the horizon."""
    start, end = horizon.first_cell, horizon.first_cell + horizon.cells
    # Small words, joined once: setting bits in one big integer copies it each time.
    words = [0] * (horizon.cells // WORD + 1)
    for first, until in spans:
        # Not min() and max(): this loop runs once for every claim in the diary.
        if first < start:
            first = start
        if until > end:
            until = end
        if first < until:
            bit = first - start
            words[bit // WORD] |= ((1 << until - first) - 1) << bit % WORD
    return _joined(words)


def _joined(words: Iterable[int]) -> int:
    chunks, carry, full = [], 0, (1 << WORD) - 1
    for word in words:
        carry |= word
        chunks.append((carry & full).to_bytes(WORD // 8, "little"))
        carry >>= WORD
    return int.from_bytes(b"".join(chunks), "little")


def open_mask(
    horizon: Horizon,
    weekly: Mapping[int, Hours],
    exceptions: Mapping[date, Hours],
    closed_days: Collection[date],
) -> int:
    """When the doors are open, by the clock on the wall.

    *weekly* counts Monday as 0. A day in *exceptions* has those hours instead of
    its weekly ones; a day in *closed_days* has none, whatever the others say.
    """
    if not all(0 <= weekday <= 6 for weekday in weekly):
        raise ValueError("weekdays are 0 (Monday) to 6 (Sunday)")
    spans = []
    for day in horizon.days_list:
        if day in closed_days:
            continue
        hours = exceptions[day] if day in exceptions else weekly.get(day.weekday(), ())
        spans += [local_span(horizon.zone, day, *pair) for pair in hours]
    return mask_of_spans(horizon, spans)


def grid_mask(horizon: Horizon, minutes: int) -> int:
    """A start every *minutes* by the clock on the wall, counted from each midnight.

    Where the clock goes back, the hour that occurs twice has its starts twice.
    """
    step, rest = divmod(timedelta(minutes=minutes), CELL)
    if step < 1 or rest:
        raise ValueError(f"{minutes} minutes is not a grid of whole cells")
    ordinary_day = sum(1 << cell for cell in range(0, CELLS_PER_DAY, step))
    mask = 0
    for first, until, wall in _steady_stretches(horizon):
        mask |= (ordinary_day >> wall & span_mask(0, until - first)) << first
    return mask


def _steady_stretches(horizon: Horizon) -> Iterator[tuple[int, int, int]]:
    """Parts of days without a clock change: first bit, until bit, first wall cell."""
    for first, until in horizon.day_spans:
        change = _clock_change(horizon, first, until)
        yield first, change, _wall_cell(horizon, first)
        if change < until:
            yield change, until, _wall_cell(horizon, change)


def _clock_change(horizon: Horizon, first: int, until: int) -> int:
    """The bit at which the day's clock changes; *until* if it never does."""
    offset = _local(horizon, first).utcoffset()
    if _local(horizon, until - 1).utcoffset() == offset:
        return until
    return first + bisect_left(
        range(first, until),
        x=True,
        key=lambda bit: _local(horizon, bit).utcoffset() != offset,
    )


def _local(horizon: Horizon, bit: int) -> datetime:
    return instant_of(horizon.first_cell + bit).astimezone(horizon.zone)


def _wall_cell(horizon: Horizon, bit: int) -> int:
    local = _local(horizon, bit)
    return timedelta(hours=local.hour, minutes=local.minute) // CELL


def window_mask(horizon: Horizon, first_cell: int, until_cell: int) -> int:
    """From the least notice to the farthest day that may be booked, absolute cells."""
    return mask_of_spans(horizon, [(first_cell, until_cell)])


def day_mask(horizon: Horizon, days: Collection[date]) -> int:
    """All of those *days* that lie in the horizon."""
    spans = zip(horizon.days_list, horizon.day_spans, strict=True)
    start = horizon.first_cell
    return mask_of_spans(
        horizon,
        (
            (start + first, start + until)
            for day, (first, until) in spans
            if day in days
        ),
    )


def free_runs(mask: int, cells: int) -> int:
    """Bit i set where bits i to i + cells - 1 are all set."""
    if cells < 1:
        raise ValueError("a run has at least one cell")
    length = 1
    while 2 * length <= cells:
        mask &= mask >> length
        length *= 2
    return mask & mask >> cells - length


def starts_of(mask: int, horizon: Horizon) -> Iterator[int]:
    """Absolute cells of the set bits, in order."""
    # Searching text is one pass; shifting the mask for each bit would copy it.
    digits = f"{mask:b}"[::-1]
    bit = digits.find("1")
    while bit >= 0:
        yield horizon.first_cell + bit
        bit = digits.find("1", bit + 1)
