"""The browser harness itself notices what it promises to notice."""

from __future__ import annotations

import time

import pytest
from flask import Response, request

from tests.browser.accessibility import assert_accessible

PAGE = "<!doctype html><html lang=en><title>A page</title><main><h1>Hello</h1>{}</main>"


@pytest.fixture
def app(make_app, live_server):
    """One of each test's own, which it may teach to answer otherwise."""
    return make_app(BASE_URL=live_server)


def test_a_plain_page_is_accessible(page):
    page.set_content(PAGE.format("<a href=/x>A link in words</a>"))

    assert_accessible(page)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<input>", "label"),
        ("<p style='color:#bbb'>Too pale</p>", "color-contrast"),
        (
            "<button style='all:unset;width:9px;height:9px' aria-label=a></button>" * 3,
            "target-size",
        ),
        ("<img src=data:,>", "image-alt"),
    ],
    ids=["no label", "too pale", "too small", "no description"],
)
def test_axe_reports_what_a_person_would_stumble_over(page, body, rule):
    page.set_content(PAGE.format(body))

    with pytest.raises(AssertionError, match=rule):
        assert_accessible(page)


def test_a_page_that_comes_slowly_is_looked_at_when_all_of_it_is_there(app, page):
    def slowly():
        yield ""  # the head of the answer, for which a click waits
        time.sleep(0.5)
        yield PAGE.format("<p>Nearly there</p>")
        time.sleep(0.5)
        yield "<input>"

    def answer():
        late = request.path == "/late"
        return Response(slowly()) if late else PAGE.format("<a href=/late>Go on</a>")

    app.before_request(answer)
    page.goto("/")
    page.get_by_role("link", name="Go on").click()

    with pytest.raises(AssertionError, match="label"):
        assert_accessible(page)


def test_the_browser_lives_in_the_time_of_the_server(app, page, now):
    app.before_request(lambda: PAGE.format("<p>Waiting</p>"))

    page.goto("/")

    assert abs(page.evaluate("Date.now()") / 1000 - now.timestamp()) < 60
    page.evaluate("setTimeout(() => document.body.append('Time passes'), 50)")
    page.get_by_text("Time passes").wait_for()
