"""The manager's page of settings: plain words, limits, and who changed what."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import site_settings
from booking.models import AuditEvent, Site
from tests import builders
from tests.web.staff import sign_in, text_of

PAGE = "/desk/settings/clinic"


@pytest.fixture
def manager(client, session):
    builders.make_clinic()
    sign_in(client, "manager", name="Max Boss")
    return client


def the_site(session) -> Site:
    session.expire_all()
    return session.scalars(select(Site)).one()


def form(session, **changes):
    site = the_site(session)
    return site_settings.shown(site) | {"seen": site_settings.stamp(site)} | changes


def save(client, session, **changes):
    return client.post(PAGE, data=form(session, **changes))


def event(session):
    rows = select(AuditEvent).where(AuditEvent.action == "site.settings")
    return session.scalars(rows).one_or_none()


def test_settings_are_saved_with_old_and_new_value(manager, session):
    answer = save(
        manager,
        session,
        least_notice_minutes="60",
        horizon_days="90",
        recheck_silence="hold",
        attestation_allowed="no",
        quiet_from="21:00",
        phone="020 7946 0555",
    )

    assert answer.status_code == 303
    site = the_site(session)
    assert (site.least_notice_minutes, site.horizon_days) == (60, 90)
    assert (site.recheck_silence, site.attestation_allowed) == ("hold", False)
    assert site.quiet_from.hour == 21
    assert event(session).detail == {
        "least_notice_minutes": ["120", "60"],
        "horizon_days": ["120", "90"],
        "recheck_silence": ["call", "hold"],
        "attestation_allowed": ["yes", "no"],
        "quiet_from": ["20:00", "21:00"],
        "phone": ["020 7946 0999", "020 7946 0555"],
    }
    assert event(session).actor == "Max Boss"


def test_every_limit_is_told_and_kept(manager, session):
    page = text_of(manager.get(PAGE))
    for name, limits in site_settings.NUMBERS.items():
        assert f"From {limits.least} to {limits.most}." in page
        for bad in (str(limits.least - 1), str(limits.most + 1), "", "two", "1.5"):
            answer = save(manager, session, **{name: bad})
            assert answer.status_code == 422, (name, bad)
            assert f'id="{name}-error"' in answer.get_data(as_text=True)
            assert f"from {limits.least} to {limits.most}" in text_of(answer)
    assert event(session) is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("quiet_from", "late", "like 09:30"),
        ("quiet_from", "", "Give a time"),
        ("quiet_until", "07:03", "multiple"),
        ("recheck_silence", "shout", "one of the two"),
        ("attestation_allowed", "", "one of the two"),
        ("email", "nobody", "Write the address"),
        ("phone", " ", "Give the number"),
        ("name", "", "Give the name"),
        ("name", "x" * 101, "at most 100"),
        ("address", "1 Test\x00 Street", "ordinary letters"),
        ("online_hold_notice_hours", "24", "no time to decide"),
    ],
)
def test_a_mistake_names_its_field_and_keeps_what_was_typed(
    manager, session, name, value, words
):
    before = site_settings.shown(the_site(session))

    answer = save(manager, session, horizon_days="200", **{name: value})

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert f'href="#{name}"' in answer.get_data(as_text=True)
    assert 'value="200"' in answer.get_data(as_text=True)
    assert site_settings.shown(the_site(session)) == before


def test_who_saves_second_is_told_and_overwrites_nothing(manager, session):
    mine = form(session, horizon_days="60")
    save(manager, session, horizon_days="200", waitlist_group="3")

    answer = manager.post(PAGE, data=mine)

    assert answer.status_code == 409
    assert "Somebody else changed the settings" in text_of(answer)
    assert "Now: 200." in text_of(answer)
    assert the_site(session).horizon_days == 200


def test_saving_what_stands_leaves_no_event(manager, session):
    assert save(manager, session).status_code == 303
    assert event(session) is None


def test_what_would_break_stored_times_is_not_on_the_page(manager, session):
    save(manager, session, timezone="Asia/Tokyo", grid_minutes="7")

    site = the_site(session)
    assert (site.timezone, site.grid_minutes) == ("Europe/London", 15)
