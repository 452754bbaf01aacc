"""The demo's patients: names nobody has, addresses that reach nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import screening
from booking import rulebooks
from booking.models.clinic import Site
from booking.patients import Contact

FIRST_NAMES = (
    "Ada",
    "Bob",
    "Carla",
    "Dinesh",
    "Edie",
    "Farah",
    "Gwen",
    "Hugo",
    "Iris",
    "Jonas",
    "Kezia",
    "Leon",
    "Mina",
    "Noor",
    "Owen",
    "Petra",
    "Quentin",
    "Rosa",
    "Sefton",
    "Tilda",
    "Uma",
    "Victor",
    "Wren",
    "Yusuf",
)
LAST_NAMES = (
    "Fairweather",
    "Quillfeather",
    "Nightingrove",
    "Marlowick",
    "Thistlewood",
    "Brightwater",
    "Applegarth",
    "Larkspur",
    "Dunmorrow",
    "Whitlockley",
    "Hollowayside",
    "Sparrowmere",
    "Oakshott",
    "Wintergreen",
    "Fernsby",
    "Goldfinch",
    "Ashdownley",
    "Hartwellow",
    "Marshmellow",
    "Bramblewick",
    "Kestrelby",
    "Halewood",
    "Copperfield",
    "Penrosely",
)
MOST = len(FIRST_NAMES) * len(LAST_NAMES)
_YOUNGEST_BORN = date(2000, 5, 14)


@dataclass(frozen=True)
class Person:
    """One of the demo's people, by number; different numbers have different names."""

    number: int

    @property
    def name(self) -> str:
        row, column = divmod(self.number, len(FIRST_NAMES))
        last = LAST_NAMES[(column + 5 * row) % len(LAST_NAMES)]
        return f"{FIRST_NAMES[column]} {last}"

    @property
    def birth_date(self) -> date:
        return _YOUNGEST_BORN - timedelta(days=self.number * 4211 % 14_000)

    @property
    def contact(self) -> Contact:
        return Contact(
            name=self.name,
            email=f"{self.name.lower().replace(' ', '.')}@example.com",
            # Ofcom keeps these numbers for fiction.
            phone=f"020 7946 0{self.number % 1000:03}",
            details_by_mail=self.number % 3 == 0,
        )

    def clear_answers(self, site: Site, treatment: str, area: str) -> dict[str, Any]:
        """The answers that raise nothing."""
        asked = screening.questionnaire(rulebooks.current(site), treatment, area)
        answers: dict[str, Any] = {
            question.id: question.clear_answer
            for question in asked
            if not question.asked_if
        }
        if "date_of_birth" in answers:
            answers["date_of_birth"] = self.birth_date.isoformat()
        return answers
