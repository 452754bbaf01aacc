"""Faults in an invitation are seen, and every history ends right in every calendar."""

from __future__ import annotations

import email.policy
import re
from email.headerregistry import Address
from email.message import EmailMessage

import pytest

from tests.booking import itip_check
from tests.booking.mailing import REQUEST

WORDS = ("needling", "peel", "botox")


def wrap(
    content: bytes,
    method: str = "REQUEST",
    *,
    params=None,
    attached=None,
    to=("ada@example.com",),
    sender="appointments@clinic.example",
    automatic="auto-generated",
    **headers,
) -> bytes:
    """An invitation mail around a calendar file, with whatever faults are asked for."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = Address("Test Clinic", addr_spec=sender)
    mail["To"] = [Address("", addr_spec=address) for address in to]
    mail["Date"] = "Wed, 03 Mar 2027 10:00:00 +0000"
    mail["Message-ID"] = "<1234@clinic.example>"
    mail["Subject"] = "Your appointment at Test Clinic"
    for name, value in {"Auto-Submitted": automatic, **headers}.items():
        mail[name] = value
    mail.set_content("Your appointment is booked.")
    mail.add_alternative(
        content,
        maintype="text",
        subtype="calendar",
        cte="base64",
        params=params or {"method": method, "charset": "utf-8"},
    )
    if attached != b"":
        mail.add_attachment(
            attached or content,
            maintype="application",
            subtype="ics",
            filename="invite.ics",
        )
    return mail.as_bytes()


def as_sent(text: str) -> bytes:
    """Lines folded at 75 octets and ended as they should be."""
    folded = []
    for line in text.strip().split("\n"):
        rest = line
        while len(rest.encode()) > 75:
            cut = 60
            folded.append(rest[:cut])
            rest = " " + rest[cut:]
        folded.append(rest)
    return ("\r\n".join(folded) + "\r\n").encode()


UNFOLDED = REQUEST.replace("\n ", "")
CANCEL = UNFOLDED.replace(":REQUEST", ":CANCEL").replace(":CONFIRMED", ":CANCELLED")


def test_a_right_mail_has_no_fault():
    assert itip_check.problems(wrap(as_sent(UNFOLDED)), words=WORDS) == []
    assert itip_check.problems(wrap(as_sent(CANCEL), "CANCEL"), words=WORDS) == []


LINE_FAULTS = [
    (r"METHOD:REQUEST\n", ""),
    ("METHOD:REQUEST", "METHOD:REPLY"),
    ("METHOD:REQUEST", "METHOD:PUBLISH"),
    ("METHOD:REQUEST", "METHOD:REQUEST\n"),
    (r"VERSION:2.0\n", ""),
    (r"PRODID:.*\n", ""),
    (r"UID:.*\n", ""),
    (r"UID:.*", "UID:1@clearslot"),
    (r"UID:.*", "UID:ea-c4ca4238a0b923820dcc509a6f75849b"),
    (r"(UID:.*\n)", r"\1\1"),
    (r"DTSTAMP:.*\n", ""),
    (r"(DTSTAMP:\d{8}T\d{6})Z", r"\1"),
    (r"SEQUENCE:0\n", ""),
    ("SEQUENCE:0", "SEQUENCE:-1"),
    (r"SUMMARY:.*\n", ""),
    (r"ORGANIZER.*\n", ""),
    (r"ORGANIZER(.*)mailto:", r"ORGANIZER\1"),
    ("mailto:appointments@", "mailto:noreply@"),
    (r"ATTENDEE.*\n", ""),
    (r"(ATTENDEE.*\n)", r"\1\1"),
    ("mailto:ada@example.com", "mailto:bob@example.com"),
    ("RSVP=FALSE", "RSVP=TRUE"),
    (r";PARTSTAT=NEEDS-ACTION", ""),
    (r";CUTYPE=INDIVIDUAL", ""),
    (r";ROLE=REQ-PARTICIPANT", ""),
    (r"(?s)BEGIN:VTIMEZONE.*END:VTIMEZONE\n", ""),
    ("TZID:Europe/London", "TZID:Europe/Paris"),
    ("DTSTART;TZID=Europe/London:", "DTSTART:"),
    ("DTSTART;TZID=Europe/London:", "DTSTART;UTC=:"),
    (r"TZOFFSETTO:\+0000", "TZOFFSETTO:+0100"),
    (r"TZOFFSETFROM:\+0000", "TZOFFSETFROM:0"),
    ("DTSTART:20261025T020000", "DTSTART:20271025T020000"),
    ("(?s)BEGIN:DAYLIGHT(.*)END:DAYLIGHT", r"BEGIN:STANDARD\1END:STANDARD"),
    (r"(DTEND[^:]*:)\d{8}", r"\g<1>20270323"),
    (r"DTEND.*\n", ""),
    (r"DTSTART;.*\n", ""),
    (r"CLASS:PRIVATE", "CLASS:PUBLIC"),
    (r"STATUS:CONFIRMED", "STATUS:CANCELLED"),
    (r"(LOCATION:Test Clinic)\\,", r"\1,"),
    (r"DESCRIPTION:.*", "DESCRIPTION:Call Ada on 020 7946 0001"),
    ("SUMMARY:Appointment", "SUMMARY:Needling"),
    ("END:VEVENT\n", ""),
    ("END:VEVENT", "X-COLOUR:red\nEND:VEVENT"),
    ("STATUS:CONFIRMED", "STATUS CONFIRMED"),
    ("BEGIN:VEVENT", "BEGIN:VTODO\nUID:1\nEND:VTODO\nBEGIN:VEVENT"),
]


@pytest.mark.parametrize(("pattern", "replacement"), LINE_FAULTS)
def test_a_fault_in_the_lines_is_seen(pattern, replacement):
    broken = re.sub(pattern, replacement, UNFOLDED, count=1)
    assert broken != UNFOLDED

    assert itip_check.problems(wrap(as_sent(broken)), words=WORDS) != []


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        ("STATUS:CANCELLED", "STATUS:CONFIRMED"),
        (r"ATTENDEE.*\n", ""),
        ("END:VEVENT", "BEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM\nEND:VEVENT"),
    ],
)
def test_a_fault_in_a_cancellation_is_seen(pattern, replacement):
    broken = re.sub(pattern, replacement, CANCEL, count=1)
    assert broken != CANCEL

    assert itip_check.problems(wrap(as_sent(broken), "CANCEL")) != []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\n", b"\n"),
        (b"\r\n ", b""),
        (b"END:VCALENDAR\r\n", b"END:VCALENDAR"),
        (b"Test Clinic\\,", b"Caf\xe9\\,"),
        (b"SUMMARY:Appointment", b"SUMMARY:Caf\xc3\r\n \xa9"),
    ],
)
def test_a_fault_in_the_octets_is_seen(old, new):
    content = as_sent(UNFOLDED)
    assert old in content

    assert itip_check.problems(wrap(content.replace(old, new))) != []


@pytest.mark.parametrize(
    "fault",
    [
        {"params": {"charset": "utf-8"}},
        {"params": {"method": "CANCEL", "charset": "utf-8"}},
        {"params": {"method": "REQUEST", "charset": "latin-1"}},
        {"attached": b""},
        {"attached": b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"},
        {"to": ["ada@example.com", "bob@example.com"]},
        {"to": ["bob@example.com"]},
        {"sender": "noreply@clinic.example"},
        {"Cc": "bob@example.com"},
        {"Precedence": "bulk"},
        {"automatic": "no"},
    ],
    ids=str,
)
def test_a_fault_in_the_mail_is_seen(fault):
    assert itip_check.problems(wrap(as_sent(UNFOLDED), **fault)) != []


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        ("UID:.*", "UID:99999999-0000-4000-8000-000000000009@clearslot"),
        ("SEQUENCE:1", "SEQUENCE:0"),
        ("DTSTAMP:2027", "DTSTAMP:2026"),
    ],
)
def test_a_change_that_receivers_would_miss_is_seen(pattern, replacement):
    before = wrap(as_sent(UNFOLDED))
    after = UNFOLDED.replace("SEQUENCE:0", "SEQUENCE:1")
    assert itip_check.problems(wrap(as_sent(after)), earlier=before) == []

    broken = re.sub(pattern, replacement, after, count=1)

    assert itip_check.problems(wrap(as_sent(broken)), earlier=before) != []
