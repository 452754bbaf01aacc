"""Mail on the wire: a real SMTP server, and the maildir of the demo."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from booking import jobs
from booking.db import db
from booking.messages import mail, plan
from booking.models import Message
from tests.booking.mailing import make_visit, parsed
from tests.builders import make_clinic
from tests.clock import NOW
from tests.smtp_sink import SmtpSink, free_port, listening

LETTER = mail.Letter(
    "<1@clinic.example>", "ada@example.com", b"Subject: x\r\n\r\n.\r\n"
)


@pytest.fixture
def sink():
    with listening(SmtpSink()) as sink:
        yield sink


def server(sink, *, scheme="smtp", login=""):
    url = f"{scheme}://{login}127.0.0.1:{sink.port}"
    return mail.Server(url, sender="appointments@clinic.example")


def book(app, visits=1):
    with app.app_context():
        site = make_clinic()
        for number in range(visits):
            starts_at = NOW + timedelta(days=60, hours=number)
            plan.follow(make_visit(site, starts_at), "confirmed", now=NOW)
        db.session.commit()


def states(app):
    with app.app_context():
        rows = db.session.query(Message).filter(Message.due_at <= NOW)
        return sorted((row.step, row.state) for row in rows)


def test_mail_reaches_a_real_server_as_it_is_stored(make_app, sink):
    app = make_app(MAIL_URL=f"smtp://127.0.0.1:{sink.port}")
    book(app, visits=3)

    assert jobs.tick_once(app)["dispatch"] == 3

    with app.app_context():
        stored = db.session.query(Message.body).filter_by(state="sent").all()
    assert sorted(sink.received) == sorted(body for (body,) in stored)
    assert parsed(sink.received[0])["To"].addresses[0].addr_spec == "ada@example.com"


def test_an_unreachable_server_loses_nothing(make_app):
    port = free_port()
    app = make_app(MAIL_URL=f"smtp://127.0.0.1:{port}")
    book(app, visits=2)

    assert jobs.tick_once(app)["dispatch"] is None
    assert states(app) == [("confirmed", "planned")] * 2

    with listening(SmtpSink(), port=port) as sink:
        assert jobs.tick_once(app)["dispatch"] == 2
    assert len(sink.received) == 2


def test_a_dot_at_the_start_of_a_line_arrives(sink):
    with server(sink) as transport:
        transport.send(LETTER)

    assert sink.received == [LETTER.body]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("450 4.2.0 greylisted", mail.Deferred),
        ("421 4.3.2 closing", mail.Deferred),
        ("550 5.4.4 unable to route", mail.Deferred),
        ("550 5.1.1 no such user", mail.Refused),
        ("552 5.2.2 mailbox full", mail.Refused),
    ],
)
@pytest.mark.parametrize("stage", ["recipients", "bodies"])
def test_a_refusal_is_told_from_a_delay(sink, stage, answer, outcome):
    getattr(sink, stage).append(answer)

    with server(sink) as transport:
        with pytest.raises(outcome, match=answer[:3]):
            transport.send(LETTER)
        transport.send(LETTER)

    assert sink.received == [LETTER.body]


def test_a_connection_lost_after_the_bytes_is_a_delay(sink):
    sink.bodies.append("hang up")

    with server(sink) as transport:
        with pytest.raises(mail.Deferred):
            transport.send(LETTER)
        transport.send(LETTER)

    assert len(sink.received) == 1


def test_a_connection_that_broke_between_mails_is_renewed():
    port = free_port()
    with listening(SmtpSink(), port=port) as first:
        transport = server(first)
        transport.send(LETTER)

    with listening(SmtpSink(), port=port) as second:
        transport.send(LETTER)
        transport.__exit__(None, None, None)

    assert (len(first.received), len(second.received)) == (1, 1)


def test_a_refused_sender_is_no_fault_of_the_letter(sink):
    sink.senders.append("553 5.1.8 not from you")

    with server(sink) as transport, pytest.raises(mail.Unreachable, match="not from"):
        transport.send(LETTER)


def test_a_password_may_hold_any_character(sink):
    with server(sink, login="desk%40clinic.example:p%40ss%20w%3Ard@") as transport:
        transport.send(LETTER)

    assert sink.logins == [(b"desk@clinic.example", b"p@ss w:rd")]


def test_a_server_with_tls_is_trusted_only_if_its_certificate_is(tmp_path, monkeypatch):
    context, certificate = _certificate(tmp_path)
    with listening(SmtpSink(), tls=context) as sink:
        with server(sink, scheme="smtps") as stranger, pytest.raises(mail.Unreachable):
            stranger.send(LETTER)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with server(sink, scheme="smtps") as known:
            known.send(LETTER)

    assert len(sink.received) == 1


def test_the_local_mailbox_keeps_each_mail_once(make_app, tmp_path):
    app = make_app(MAIL_URL=None)
    book(app)
    jobs.tick_once(app)
    [path] = (tmp_path / "mail" / "new").iterdir()

    with app.app_context():
        message = db.session.query(Message).filter_by(state="sent").one()
        again = mail.Letter(message.message_id, message.recipient, message.body)
        with mail.transport(app.config) as transport:
            transport.send(again)

    assert list((tmp_path / "mail" / "new").iterdir()) == [path]
    assert path.read_bytes() == again.body
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_a_mailbox_that_cannot_be_written_loses_nothing(make_app, tmp_path):
    app = make_app(MAIL_URL=None)
    book(app)
    (tmp_path / "mail").write_text("in the way")

    assert jobs.tick_once(app)["dispatch"] is None

    assert states(app) == [("confirmed", "planned")]


def _certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(made.public_bytes(pem))
    secret = folder / "key.pem"
    secret.write_bytes(
        key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return context, path
