"""The mails: one of each kind read whole, and nothing clinical in any of them.

`CLEARSLOT_WRITE_GOLDEN=1 pytest tests/booking/test_messages_mails.py` writes the files
in tests/golden/mail anew; read the difference before committing it.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from itsdangerous import URLSafeSerializer

from booking import appointments, rulebooks
from booking.db import db
from booking.messages import render
from booking.messages.kinds import AFTERCARE_LATE, COURSE, FITS, PREP_LATE, kind_of
from booking.messages.plan import together
from booking.models import Appointment, Course, CourseSession, Message
from screening import Authority, Clearance, Verdict, Window
from tests.booking import itip_check
from tests.booking.mailing import hold, make_visit, parsed
from tests.builders import RECEPTION, at, book_at_desk, clear_answers, make_clinic
from tests.clock import NOW

GOLDEN = Path(__file__).parent.parent / "golden" / "mail"
VISIT = datetime(2027, 4, 21, 13, 0, tzinfo=UTC)
STATUS = {kind: min(statuses) for kind, statuses in FITS.items()}
NOTICES = [k for k in FITS if k not in ("prep", "recheck", "aftercare", "checkin")]
# The steps of a treatment that go out by themselves, besides the notices.
STEPS = ["prep-14d", "recheck-3d", "after-0h", "checkin-72h", PREP_LATE, AFTERCARE_LATE]
LATE = {
    PREP_LATE: VISIT - timedelta(days=3),
    AFTERCARE_LATE: VISIT + timedelta(days=2),
}
KEPT_UP = ["held", "reheld", "rescreen_refused", "cancelled", "declined", "expired"]


@pytest.fixture
def site(session):
    return make_clinic()


def write(site, step, **options):
    """The bytes of a message of this step, as the outbox would have them written."""
    [(_, body)] = write_all(site, [step], **options)
    return body


def write_all(site, steps, *, treatment="microneedling", details=False, invited=False):
    """Each step with its bytes, all of them about one visit."""
    plan = rulebooks.current(site).plan(treatment)
    visit = make_visit(site, VISIT, treatment=treatment, details_by_mail=details)
    visit.screening.clearance = sunburnt(treatment).to_json()
    if "sunburn" in (clear := clear_answers(site, treatment)):
        visit.screening.answers = clear | {"sunburn": NOW.date().isoformat()}
    hold(visit, decide_by=NOW + timedelta(hours=24))
    if invited:
        add(visit, "confirmed", state="sent")
        visit.sequence = 1
    for step in steps:
        kind = kind_of(step, plan)
        visit.status = STATUS[kind]
        if kind == COURSE:
            put_into_course(site, visit)
        message = add(visit, step)
        if step.startswith("staff"):
            message.audience, message.recipient = "staff", site.email
        message.due_at = LATE.get(step, NOW)
        yield step, render.letter(message, kind, now=NOW).body


def put_into_course(site, visit):
    """Two more sessions after this one, the last of them held."""
    later = [
        make_visit(site, VISIT + timedelta(days=35), treatment=visit.treatment),
        make_visit(
            site, VISIT + timedelta(days=70), treatment=visit.treatment, status="held"
        ),
    ]
    course = Course(
        public_id=f"course-{visit.id}",
        site_id=site.id,
        treatment=visit.treatment,
        area="face",
        least_days=30,
        greatest_days=42,
        created_at=NOW,
    )
    db.session.add(course)
    db.session.flush()
    db.session.add_all(
        CourseSession(course_id=course.id, appointment_id=one.id, number=number)
        for number, one in enumerate([visit, *later], start=1)
    )
    db.session.flush()


def add(visit, step, state="planned"):
    message = Message(
        appointment=visit,
        step=step,
        channel="mail",
        sequence=visit.sequence,
        audience="patient",
        state=state,
        due_at=NOW,
        created_at=NOW,
    )
    db.session.add(message)
    db.session.flush()
    return message


def sunburnt(treatment):
    window = Window(
        "R-18",
        Verdict.REFUSE,
        NOW.date(),
        NOW.date() + timedelta(days=14),
        "Your skin is sunburnt.",
        Authority.NOBODY,
    )
    return Clearance("test", treatment, "face", NOW.date(), (window,))


def readable(body: bytes) -> str:
    """A mail as a person reads it, without what chance has put into it."""
    mail = parsed(body)
    lines = [f"{name}: {value}" for name, value in mail.items()]
    for part in mail.walk():
        if part.is_multipart():
            continue
        name = part.get_filename()
        lines += ["", f"--- {part['Content-Type'].content_type} {name or ''}".rstrip()]
        lines.append(part.get_payload(decode=True).decode().replace("\r\n", "\n"))
    text = re.sub(r"(/visit/)[\w.-]+", r"\1TOKEN", "\n".join(lines).replace("\n ", ""))
    text = re.sub(r"<\w{32}@", "<MESSAGE-ID@", text)
    return re.sub(r"Content-Type: multipart[^\n]*\n", "", text).rstrip() + "\n"


@pytest.mark.parametrize(
    ("steps", "suffix", "options"),
    [
        (NOTICES, "", {}),
        (STEPS, "", {}),
        (STEPS, "-details", {"details": True}),
        (["held", "cancelled"], "-invited", {"invited": True}),
    ],
)
def test_mails_read_as_they_were_last_read(site, steps, suffix, options):
    for step in steps:
        text = readable(write(site, step, **options))
        db.session.rollback()

        golden = GOLDEN / f"{step}{suffix}.txt"
        if os.environ.get("CLEARSLOT_WRITE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(text)
        assert text == golden.read_text(), golden.name


def test_an_invitation_is_without_fault(site):
    words = rulebooks.current(site).clinical_words

    for step in ("confirmed", "moved"):
        assert itip_check.problems(write(site, step), words=words) == []


def test_the_mail_about_a_move_says_which_visit_moved(site):
    visit = book_at_desk(site, at(20)).appointment
    appointments.move(visit, at(22), None, now=NOW, actor=RECEPTION)
    message = db.session.query(Message).filter_by(step="moved").one()

    mail = readable(render.letter(message, "moved", now=NOW).body)

    assert "Your appointment of Tuesday 23 March 2027 at 10:00 GMT has moved" in mail


def test_the_mail_about_a_course_has_every_visit_in_one_file(site):
    parts = list(parsed(write(site, "course")).walk())

    (file,) = [part for part in parts if part.get_content_type() == "text/calendar"]
    assert file.get_content_disposition() == "attachment"
    calendar = Calendar.from_ical(file.get_payload(decode=True))
    events = calendar.walk("VEVENT")
    assert len({event["UID"] for event in events}) == 3
    assert calendar["METHOD"] == "PUBLISH"
    assert [str(event.get("STATUS")) for event in events] == [
        "CONFIRMED",
        "CONFIRMED",
        "TENTATIVE",
    ]


def test_a_session_told_of_in_the_course_mail_is_taken_out_of_the_calendar(site):
    for _, body in write_all(site, ["course"]):
        assert body
    first = db.session.query(Message).filter_by(step="course").one()
    first.state = "sent"
    (second,) = db.session.query(Appointment).filter_by(public_id="visit-0002")
    second.status = "cancelled"
    message = add(second, "cancelled")

    mail = parsed(render.letter(message, "cancelled", now=NOW).body)

    assert any("CANCEL" in str(part) for part in mail.walk() if not part.is_multipart())


def test_what_was_invited_is_kept_up_without_fault(site):
    before = write(site, "confirmed")

    for step in KEPT_UP:
        db.session.rollback()  # so that it is the same visit
        after = write(site, step, invited=True)
        assert itip_check.problems(after, earlier=before) == [], step


def test_what_was_never_invited_is_not_put_into_a_calendar(site):
    for step in KEPT_UP:
        mail = parsed(write(site, step))

        parts = [part for part in mail.walk() if not part.is_multipart()]
        types = [part.get_content_type() for part in parts]
        assert types == ["text/plain", "text/html"], step


def test_no_mail_says_what_the_visit_is_for(site):
    rulebook = rulebooks.current(site)
    pattern = clinical(rulebook)
    for treatment in rulebook.treatments:
        steps = [*NOTICES, *(step.id for step in rulebook.plan(treatment)), *LATE]
        for step, body in write_all(site, steps, treatment=treatment, invited=True):
            assert pattern.findall(everything(parsed(body))) == [], (treatment, step)


def test_details_stand_in_the_body_alone_and_only_by_choice(site):
    rulebook = rulebooks.current(site)
    pattern = clinical(rulebook)
    for treatment in rulebook.treatments:
        plan = {group[0].id: group[0] for group in together(rulebook.plan(treatment))}
        for step, body in write_all(site, plan, treatment=treatment, details=True):
            mail = parsed(body)
            assert pattern.findall(around(mail)) == [], (treatment, step)
            assert plan[step].title in mail.get_body(("plain",)).get_content()


def test_a_link_names_the_visit_and_nothing_else(site, app):
    text = parsed(write(site, "confirmed")).get_body(("plain",)).get_content()

    tokens = set(re.findall(r"/visit/([\w.-]+)", text))
    assert len(tokens) == 1
    serializer = URLSafeSerializer(app.config["SECRET_KEY"], salt="visit")
    assert serializer.loads(tokens.pop()) == ["m", "visit-0001", 1]


def test_a_hold_that_waits_for_the_patient_says_so(site):
    visit = make_visit(site, VISIT)
    hold(visit, decide_by=NOW + timedelta(hours=24), owner="answer")

    for kind in ("held", "reheld"):
        body = render.letter(add(visit, kind), kind, now=NOW).body
        text = parsed(body).get_body(("plain",)).get_content()
        assert "answer by Thursday 4 March 2027 at 10:00 GMT" in text
        assert "We will answer" not in text


def test_staff_mail_names_nobody(site):
    for step in ("staff_hold", "staff_urgent"):
        mail = parsed(write(site, step))
        assert "Ada" not in everything(mail)
        assert "/visit/" not in everything(mail)


def test_every_mail_has_one_recipient_and_wants_no_machine_to_answer(site):
    for step in (*NOTICES, *STEPS):
        mail = parsed(write(site, step))

        assert len(mail["To"].addresses) == 1
        assert mail["Cc"] is None
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["From"].addresses[0].addr_spec == "appointments@clinic.example"
        assert mail["Date"].datetime == NOW
        assert re.fullmatch(r"<\w{32}@clinic\.example>", mail["Message-ID"])


def test_a_name_cannot_write_headers_or_html(site):
    visit = make_visit(site, VISIT)
    visit.patient.name = 'Ada "<b>" Fair, Bob'
    message = add(visit, "confirmed")

    mail = parsed(render.letter(message, "confirmed", now=NOW).body)

    assert len(mail["To"].addresses) == 1
    assert "<b>" not in mail.get_body(("html",)).get_content()


def clinical(rulebook):
    words = "|".join(map(re.escape, sorted(rulebook.clinical_words)))
    return re.compile(rf"\b(?:{words})\w*", re.IGNORECASE)


def around(mail) -> str:
    """Everything but what the patient reads: headers, addresses, names, calendars."""
    texts = [f"{name}: {value}" for name, value in mail.items()]
    for part in mail.walk():
        texts += [str(value) for value in part.values()]
        if part.get_content_type() in ("text/calendar", "application/ics"):
            texts.append(part.get_payload(decode=True).decode().replace("\r\n ", ""))
    return without_tokens("\n".join(texts))


def everything(mail) -> str:
    bodies = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return without_tokens("\n".join([around(mail), *bodies]))


def without_tokens(text: str) -> str:
    return re.sub(r"/visit/[\w.-]+", "/visit/", text)
