"""Patients: how they name themselves, and how the clinic finds them again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import phonenumbers
from email_validator import (
    SPECIAL_USE_DOMAIN_NAMES,
    EmailNotValidError,
    validate_email,
)
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from booking.crypto import new_token
from booking.db import among, db, keys
from booking.errors import Problems
from booking.models.patient import Patient
from booking.patients import proxies

# Syntax only: whether a domain can receive mail is for the mail server to say.
SPECIAL_USE_DOMAIN_NAMES.clear()
MOST_NAME = 120
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Contact:
    """How to reach somebody.

    `details_by_mail`: send preparation and aftercare in the mail itself, at the
    patient's wish. `booked_by` and `relation`: who books for somebody else, and what
    they are to the patient; both empty for whoever books for themselves.
    """

    name: str
    email: str
    phone: str | None = None
    language: str = "en"
    details_by_mail: bool = False
    booked_by: str = ""
    relation: str = ""


def checked(contact: Contact, *, region: str = "GB") -> Contact:
    """The contact in its stored form, or InvalidRequest naming each bad field.

    Addresses are checked for syntax only, never by looking up their domain.
    """
    problems = Problems()
    name = checked_name(contact.name, problems)
    email = _email(contact.email, problems)
    phone = _phone(contact.phone, region, problems)
    booked_by = contact.booked_by.strip()
    proxies.check_relation(booked_by, contact.relation, problems)
    if booked_by:
        booked_by = checked_name(booked_by, problems, "booked_by")
    if not _LANGUAGE.fullmatch(contact.language):
        problems.add("language", "Give a language tag such as 'en' or 'cy'.")
    problems.raise_if_any()
    return replace(contact, name=name, email=email, phone=phone, booked_by=booked_by)


def checked_name(text: str, problems: Problems, field: str = "name") -> str:
    """The name with single spaces; what is wrong with it goes into *problems*."""
    name = " ".join(text.split()) if not _CONTROL.search(text) else ""
    # Invisible characters may join the letters of a name, but are none by themselves.
    if not any(character.isprintable() for character in name):
        problems.add(field, "Give your name, in ordinary letters.")
    elif len(name) > MOST_NAME:
        problems.add(field, f"Use at most {MOST_NAME} characters.")
    return name


def phone_number(text: str, *, region: str = "GB") -> str | None:
    """The number as E.164, or None if it cannot be one."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spoken_number(number: str, *, region: str = "GB") -> str:
    """A stored number as people dial and say it: 020 7946 0500."""
    try:
        known = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    at_home = known.country_code == phonenumbers.country_code_for_region(region)
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(
        known, style.NATIONAL if at_home else style.INTERNATIONAL
    )


def _email(text: str, problems: Problems) -> str:
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        problems.add("email", "Give an e-mail address such as name@example.com.")
        return ""
    if len(found.normalized) > 254:
        problems.add("email", "Use at most 254 characters.")
    return found.normalized.lower()


def _phone(text: str | None, region: str, problems: Problems) -> str | None:
    if not text or not text.strip():
        return None
    number = phone_number(text, region=region)
    if number is None:
        problems.add(
            "phone", "Give a phone number such as 020 7946 0000, or leave it out."
        )
    return number


def identity(email: str, birth_date: str | None) -> str:
    """The keyed hash by which a patient is found again: e-mail *and* birth date."""
    return keys().blind("patient", email, birth_date or "")


def add(
    contact: Contact, birth_date: str | None, *, now: datetime, established: bool
) -> Patient:
    """A new patient row.

    Never commits.
    """
    patient = Patient(
        public_id=new_token(),
        name=contact.name,
        email=contact.email,
        phone=contact.phone,
        birth_date=birth_date or "",
        identity=identity(contact.email, birth_date),
        established=established,
        language=contact.language,
        created_at=now,
    )
    db.session.add(patient)
    db.session.flush()
    return patient


def find_established(key: str) -> Patient | None:
    """The patient on file with this identity."""
    return db.session.scalar(
        select(Patient).where(Patient.identity == key, Patient.established)
    )


def rows_of_person(patient_id: int) -> list[int]:
    """The ids of the rows that may be this person: fail safe, rather too many.

    Some treatments do not ask the birth date. A row without one is taken for everybody
    with that e-mail address, so that its visits count for them and theirs for it.
    """
    return rows_of_people([patient_id])[patient_id]


def rows_of_people(patient_ids: Iterable[int]) -> dict[int, list[int]]:
    """The same for many patients, in one statement."""
    own = aliased(Patient)
    rows = db.session.execute(
        select(own.id, own.email, own.identity, Patient.id, Patient.identity)
        .join(Patient, Patient.email == own.email)
        .where(among(own.id, patient_ids))
    )
    people: dict[int, list[int]] = {}
    unknowns: dict[str, str] = {}
    for number, email, key, other, other_key in rows:
        if email not in unknowns:
            unknowns[email] = identity(email, None)
        unknown = unknowns[email]
        if key == unknown or other_key in (key, unknown):
            people.setdefault(number, []).append(other)
    return people


def at_desk(contact: Contact, birth_date: str | None, *, now: datetime) -> Patient:
    """The patient on file, locked, or a new one: staff have seen who it is.

    Never commits.
    """
    key = identity(contact.email, birth_date)
    known = select(Patient).where(Patient.identity == key, Patient.established)
    locked = known.with_for_update(key_share=True)
    found = db.session.scalar(locked)
    if found is not None:
        return found
    try:
        with db.session.begin_nested():
            return add(contact, birth_date, now=now, established=True)
    except IntegrityError:
        # Another desk has just put the same person on file.
        return db.session.scalars(locked).one()
