"""Forms of names and addresses: their checks, and their errors in one list."""

from __future__ import annotations

from typing import Any, Self

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    RadioField,
    SelectChoice,
    StringField,
    TelField,
)

from booking import patients
from booking.errors import InvalidRequest
from booking.models.call_back import GoodTime
from booking.models.patient import Patient
from booking.patients import Contact
from booking.patients.proxies import RELATIONS
from booking.tasks import call_backs
from booking.tasks.call_backs import Wish
from booking.web.questions import Problem


class BaseForm(FlaskForm):
    """A form whose errors can be listed at the top of its page."""

    @property
    def problems(self) -> list[Problem]:
        """The first error of each field, in the order of the page."""
        return [
            Problem(field.name, str(field.errors[0]), field.name)
            for field in self
            if field.errors
        ]

    def refuse(self, refusal: InvalidRequest) -> None:
        """Put the problems of a refused use case beside the fields that they name."""
        for problem in refusal.problems:
            self[problem.field].errors = [problem.message]


class CheckedForm(BaseForm):
    """A form that the use case itself checks, so that both say the same."""

    def check(self) -> None:
        """InvalidRequest if the use case would refuse what was typed."""
        raise NotImplementedError

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        try:
            self.check()
        except InvalidRequest as refusal:
            self.refuse(refusal)
            return False
        return True


class DetailsForm(CheckedForm):
    """Who comes, and where to write to."""

    name = StringField("Your name")
    email = EmailField(
        "E-mail address",
        description="We send the confirmation there, and a link to change the visit.",
    )
    phone = TelField(
        "Phone number",
        description="Only for questions about this visit.",
    )
    booked_by = StringField("Your own name")
    relation = RadioField(
        "Who are you to them?",
        choices=[SelectChoice(value, label) for value, label in RELATIONS.items()],
        validate_choice=False,
    )
    details_by_mail = BooleanField(
        "Write in the e-mails themselves how to prepare and what to do afterwards",
        description=(
            "Otherwise our e-mails only say that you have a visit, and the advice "
            "waits behind a private link."
        ),
    )

    @classmethod
    def of(cls, contact: dict[str, Any], owner: Patient | None) -> Self:
        """With what was typed before; an owner's own name and address stay theirs."""
        form = cls(data=contact)
        if owner is not None:
            form.name.data, form.email.data = owner.name, owner.email
            form.phone.data = owner.phone
        return form

    @property
    def contact(self) -> Contact:
        """What was typed, unchecked."""
        return Contact(
            name=self.name.data or "",
            email=self.email.data or "",
            phone=self.phone.data or None,
            details_by_mail=bool(self.details_by_mail.data),
            booked_by=self.booked_by.data or "",
            relation=self.relation.data or "",
        )

    def check(self) -> None:
        patients.checked(self.contact)


class WaiterForm(CheckedForm):
    """Who waits, and where to write to."""

    name = StringField("Your name")
    email = EmailField(
        "E-mail address",
        description="We first send a link there: with it you confirm your wish.",
    )
    phone = TelField("Phone number", description="Only for questions about this.")

    @property
    def contact(self) -> Contact:
        """What was typed, unchecked."""
        return Contact(
            name=self.name.data or "",
            email=self.email.data or "",
            phone=self.phone.data or None,
        )

    def check(self) -> None:
        patients.checked(self.contact)


class CallForm(CheckedForm):
    """Whom to call, on what number, and when."""

    name = StringField("Your name")
    phone = TelField("Phone number")
    good_time = RadioField(
        "When is a good time?",
        choices=[
            SelectChoice(GoodTime.ANY, "Any time"),
            SelectChoice(GoodTime.MORNING, "In the morning"),
            SelectChoice(GoodTime.AFTERNOON, "In the afternoon"),
        ],
        default=GoodTime.ANY,
        validate_choice=False,
    )

    @property
    def wish(self) -> Wish:
        """What was typed, unchecked."""
        return Wish(
            name=self.name.data or "",
            phone=self.phone.data or "",
            good_time=self.good_time.data or GoodTime.ANY,
        )

    def check(self) -> None:
        call_backs.checked(self.wish)
