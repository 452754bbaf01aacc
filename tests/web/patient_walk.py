"""A patient's way through the pages: posts their forms, as a browser without script."""

from __future__ import annotations

import html
import re

import pytest

from tests.builders import make_clinic, screen

ABOUT = {
    "date_of_birth-day": "17",
    "date_of_birth-month": "5",
    "date_of_birth-year": "1990",
    "skin_type": "II",
    "concern": "fine_lines",
}
ADA = {"name": "Ada Fair", "email": "ada@example.com"}


def words(answer) -> str:
    """What a page says: its main part without tags, with single spaces."""
    body = answer.get_data(as_text=True)
    main = re.search(r"<main.*?</main>", body, re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", main.group() if main else body)
    spaced = re.sub(r"\s+", " ", html.unescape(text)).strip()
    return re.sub(r" ([.,;:])", r"\1", spaced)


def title(answer) -> str:
    return html.unescape(
        re.search(r"<title>(.*?)</title>", answer.get_data(as_text=True)).group(1)
    )


class Walk:
    """One browser. `ticked`: question ids, with the form fields of their follow-ups."""

    def __init__(self, client, site):
        self.client = client
        self.site = site
        self.key = ""

    def start(self, treatment="microneedling", area="face"):
        answer = self.client.post(f"/book/{treatment}/{area}")
        assert answer.status_code == 303
        self.key = answer.location.split("/")[2]
        return answer

    def get(self, path):
        return self.client.get(f"/booking/{self.key}/{path}")

    def post(self, path, data=None):
        return self.client.post(f"/booking/{self.key}/{path}", data=data or {})

    def answer(self, ticked=None):
        """Answer every page; what is not in *ticked* does not apply."""
        ticked = ticked or {}
        place = self.post("questions/about", ABOUT | {"tick": list(ticked)}).location
        while "/questions/" in place:
            if place.endswith("/more"):
                fields = {k: v for form in ticked.values() for k, v in form.items()}
                answer = self.client.post(place, data=fields)
            else:
                answer = self.client.post(place, data={"tick": list(ticked)})
            assert answer.status_code == 303, words(answer)
            place = answer.location
        assert place.endswith("/check")

    def screened(self, treatment="microneedling", **answers):
        """Start, with clear answers but for *answers*, as if the pages had asked."""
        self.start(treatment)
        stored = screen(self.site, treatment, **answers)
        with self.client.session_transaction() as cookie:
            cookie["journeys"][self.key]["screening"] = stored.token
            cookie.modified = True

    def choose(self, start: str, **more):
        return self.post("time", {"start": start} | more)

    def book(self, start: str, contact=None):
        """Keep the time and confirm; the visit's path."""
        kept = self.choose(start)
        assert kept.status_code == 303, words(kept)
        with self.post("details", contact or ADA) as answer:
            assert answer.status_code == 303, words(answer)
            return answer.location.split("?")[0]


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def walk(client, site) -> Walk:
    return Walk(client, site)


def on(name: str, day: str) -> dict[str, str]:
    """The fields that answer a question with a date, YYYY-MM-DD."""
    year, month, number = day.split("-")
    return {
        name: "day",
        f"{name}-day": number,
        f"{name}-month": month,
        f"{name}-year": year,
    }
