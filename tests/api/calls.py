"""The API as a program calls it; bodies are valid unless a test says otherwise."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from tests import builders

V1 = "/api/v1"
JSON = "application/json"
_keys = itertools.count(1)


class Api:
    """Calls of one client. Every answer is closed, so that what follows it has run."""

    def __init__(self, client, site):
        self.client, self.site = client, site

    def get(self, path, **options):
        return self.client.get(V1 + path, buffered=True, **options)

    def post(self, path, json=None, **options):
        return self.client.post(V1 + path, json=json, buffered=True, **options)

    def answers(self, treatment="microneedling", area="face", **changes):
        return builders.clear_answers(self.site, treatment, area, **changes)

    def clearance(self, treatment="microneedling", area="face", **changes):
        answers = self.answers(treatment, area, **changes)
        body = {"treatment": treatment, "area": area, "answers": answers}
        found = self.post("/clearances", body)
        assert found.status_code == 200, found.text
        return found.json["clearance"]

    def slots(self, clearance, first_day: date | int = 0, days=1, **more):
        if isinstance(first_day, int):
            first_day = builders.TODAY + timedelta(days=first_day)
        query = {"clearance": clearance, "site": self.site.id, "from": first_day}
        return self.get("/slots", query_string=query | {"days": days} | more)

    def booking(self, clearance, start, **changes):
        """The body of a booking."""
        body = {
            "clearance": clearance,
            "site": self.site.id,
            "start": start.isoformat(),
            "patient": {"name": "Ada Fair", "email": "ada@example.com"},
        }
        return body | changes

    def book(self, clearance, start, *, key=None, **changes):
        headers = {"Idempotency-Key": key or f"key-{next(_keys)}"}
        body = self.booking(clearance, start, **changes)
        return self.post("/appointments", body, headers=headers)


def fields(answer):
    """The fields that a 422 names."""
    return [error["field"] for error in answer.json["errors"]]
