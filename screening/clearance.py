"""The algebra of a clearance: what is safe, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from screening.windows import Authority, Conflict, Notice, Verdict, Window, by_rule


@dataclass(frozen=True, slots=True)
class Clearance:
    """Every window and notice for one patient, treatment and area, seen from `today`.

    It speaks about `today` and later days only.
    """

    rulebook_version: str
    treatment: str
    area: str
    today: date
    windows: tuple[Window, ...] = ()
    notices: tuple[Notice, ...] = ()
    unanswered: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def verdict_on(self, day: date) -> Verdict:
        """The worst verdict over `day`."""
        verdicts = (window.verdict for window in self.windows if window.covers(day))
        return max(verdicts, default=Verdict.CLEAR)

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The windows over `day`, the worst first."""
        over = [window for window in self.windows if window.covers(day)]
        return tuple(sorted(over, key=_worst_first))

    def notices_on(self, day: date) -> tuple[Notice, ...]:
        """The advice that concerns a visit on `day`."""
        return tuple(notice for notice in self.notices if notice.covers(day))

    def reasons_on(self, day: date) -> tuple[str, ...]:
        """Why `day` is not clear, in plain words, the worst first, each once."""
        return tuple(dict.fromkeys(window.reason for window in self.windows_on(day)))

    def release_authority_on(self, day: date) -> Authority | None:
        """The strictest authority that the windows over `day` ask for."""
        over = (w.release_by for w in self.windows if w.covers(day))
        return max(over, key=lambda authority: authority.rank, default=None)

    def first_clear_day(self, after: date) -> date | None:
        """The first clear day that is `after` or later; None if there is none."""
        for day in self._changes(after):
            if self.verdict_on(day) is Verdict.CLEAR:
                return day
        return None

    def earliest_bookable_day(self, after: date) -> date | None:
        """The first day from `after` that is clear, or held for someone to decide."""
        for day in self._changes(after):
            if self.verdict_on(day) is Verdict.REFUSE:
                continue
            if self.release_authority_on(day) is not Authority.NOBODY:
                return day
        return None

    def _changes(self, after: date) -> list[date]:
        """The days from `after` on which something can get better, in order."""
        first = max(after, self.today)
        ends = {w.until_day for w in self.windows if w.until_day is not None}
        return [first, *sorted(day for day in ends if day > first)]

    def to_json(self) -> dict[str, Any]:
        """Lossless, JSON types only."""
        return {
            "rulebook": self.rulebook_version,
            "treatment": self.treatment,
            "area": self.area,
            "today": self.today.isoformat(),
            "windows": [window.to_json() for window in self.windows],
            "notices": [notice.to_json() for notice in self.notices],
            "unanswered": list(self.unanswered),
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Clearance:
        """The clearance that `to_json` wrote."""
        return cls(
            rulebook_version=data["rulebook"],
            treatment=data["treatment"],
            area=data["area"],
            today=date.fromisoformat(data["today"]),
            windows=tuple(Window.from_json(item) for item in data["windows"]),
            notices=tuple(Notice.from_json(item) for item in data["notices"]),
            unanswered=tuple(data["unanswered"]),
            conflicts=tuple(Conflict.from_json(item) for item in data["conflicts"]),
        )


def _worst_first(window: Window) -> tuple[object, ...]:
    return (-window.verdict, -window.release_by.rank, *by_rule(window))
