"""How a mail is put together: what goes in comes out of a parser again, and no more."""

from __future__ import annotations

import email
from email.header import decode_header, make_header
from email.utils import parseaddr

from hypothesis import example, given
from hypothesis import strategies as st

from booking.messages import mime
from tests.booking.mailing import parsed

lines = st.text(st.characters(codec="utf-8"), max_size=200)
bodies = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])),
    max_size=20,
).map("\n".join)
INVITATION = mime.CalendarFile(
    "invite.ics", "REQUEST", b"BEGIN:VCALENDAR\r\nX:1\r\n", is_invitation=True
)
PUBLISHED = mime.CalendarFile(
    "appointment.ics", "PUBLISH", b"BEGIN:VCALENDAR\r\n", is_invitation=False
)


def compose(name="Ada", subject="Hello", text="Text", page="<p>", calendar=None):
    head = [("To", mime.address(name, "ada@example.com"))]
    head.append(("Subject", mime.one_line(subject)))
    return mime.compose(head, text, page, calendar)


@given(name=lines, subject=lines)
@example(name="Ada\r\nBcc: eve@example.org", subject="Hello\nX-Evil: 1")
@example(name='Eve <eve@example.org>, "Ada', subject="=?utf-8?q?x?=" * 20)
@example(name="Ä" * 120, subject="Ä" * 300)
def test_nothing_in_a_name_or_subject_adds_a_header(name, subject):
    mail = parsed(compose(name, subject))

    assert [address.addr_spec for address in mail["To"].addresses] == [
        "ada@example.com"
    ]
    assert set(mail.keys()) == {"To", "Subject", "Content-Type", "MIME-Version"}


@given(name=lines)
def test_a_name_arrives_as_it_was_written(name):
    mail = email.message_from_bytes(compose(name=f"Ada {name} Fair"))

    # Not the newer parser: it puts a space between the two halves of a long word.
    encoded, _ = parseaddr(mail["To"].replace("\r\n", ""))
    shown = str(make_header(decode_header(encoded)))
    assert shown.split() == mime.one_line(f"Ada {name} Fair").split()


@given(text=bodies, page=bodies)
@example(text=".\n..\nFrom here", page="=3D\n" + "long " * 300)
def test_a_body_arrives_as_it_was_written(text, page):
    mail = parsed(compose(text=text, page=page, calendar=INVITATION))

    for kind, written in (("plain", text), ("html", page)):
        arrived = mail.get_body((kind,)).get_content().replace("\r\n", "\n")
        assert arrived.rstrip("\n") == written.rstrip("\n")


@given(text=bodies, subject=lines)
def test_every_line_fits_and_ends_as_it_should(text, subject):
    body = compose(subject=subject, text=text, calendar=INVITATION)

    assert body.isascii()
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert b"\r" not in body.replace(b"\r\n", b"")
    assert max(len(line) for line in body.split(b"\r\n")) <= 998


def test_an_invitation_is_an_alternative_and_a_file():
    mail = parsed(compose(calendar=INVITATION))

    alternative, attached = mail.iter_parts()
    types = [part.get_content_type() for part in alternative.iter_parts()]
    assert types == ["text/plain", "text/html", "text/calendar"]
    invitation = list(alternative.iter_parts())[-1]
    assert invitation["Content-Type"].params == {
        "method": "REQUEST",
        "charset": "utf-8",
    }
    assert invitation.get_payload(decode=True) == INVITATION.content
    assert attached.get_content() == INVITATION.content
    assert attached.get_filename() == "invite.ics"


def test_a_published_file_is_only_attached():
    mail = parsed(compose(calendar=PUBLISHED))

    _, attached = mail.iter_parts()
    assert attached["Content-Type"].params["method"] == "PUBLISH"
    assert attached.get_filename() == "appointment.ics"
    assert attached.get_payload(decode=True) == PUBLISHED.content
