"""Links to a visit: what each may show, and to whom."""

from __future__ import annotations

import pytest

from booking import appointments, links
from booking.errors import NotAllowed, NotFound
from tests.builders import RECEPTION, at, book, make_clinic
from tests.clock import NOW


def test_both_links_open_the_visit(session):
    visit = book(make_clinic(), at(6)).appointment

    shown = links.open_visit(links.visit_token(visit))
    mailed = links.open_visit(links.mailed_token(visit))

    assert (shown.appointment.id, shown.mailed) == (visit.id, False)
    assert (mailed.appointment.id, mailed.mailed) == (visit.id, True)


def test_raising_the_version_revokes_every_link(session):
    visit = book(make_clinic(), at(6)).appointment
    tokens = links.visit_token(visit), links.mailed_token(visit)
    visit.link_version += 1
    session.commit()

    for token in tokens:
        with pytest.raises(NotFound):
            links.open_visit(token)


@pytest.mark.parametrize("token", ["", "x", "a.b", "WyJ2Il0.x" * 50])
def test_a_foreign_token_opens_nothing(session, token):
    with pytest.raises(NotFound):
        links.open_visit(token)


def test_what_staff_were_told_is_not_for_the_link_shown_at_booking(session):
    visit = book(make_clinic(), at(20)).appointment
    appointments.change_answers(
        visit, {"cold_sore_history": "yes"}, now=NOW, actor=RECEPTION
    )

    assert links.open_visit(links.visit_token(visit)).is_private
    assert not links.open_visit(links.mailed_token(visit)).is_private
    with pytest.raises(NotAllowed):
        links.open_to_change(links.visit_token(visit))
