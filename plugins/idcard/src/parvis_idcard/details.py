"""What a resident tells for a visit, as a form and as a value, tidied the same way for pages and the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated

import msgspec

from parvis.contract.values import Channel
from parvis.errors import Invalid, Refusal, Text
from parvis.identity.contacts import Contact
from parvis.web import fields
from parvis.web.forms import Form
from parvis_idcard.rules import NO_NUMBER, PEOPLE, Age, Applicant, Paper, Situation, read_number

_GIVEN = fields.Missing(Text("Write the given name, as on the birth certificate."))
_FAMILY = fields.Missing(Text("Write the family name, as on the birth certificate."))
_AGE = fields.Missing(Text("Say how old this person is: it changes what to bring."))
_NO_EMAIL = Text("Write your e-mail address, or choose to be told by SMS.")
_NO_PHONE = Text("Write your mobile telephone number, or choose to be told by e-mail.")
_ON_THE_PAGE = ("given", "family", "age", "situation", "number", "channel", "email", "phone")


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """One contact, the people of the visit, and the paper they come for (none for collecting).

    `silent`: nobody is written to; only who books for others may say so, and hands over a printed slip instead.
    """

    applicants: Annotated[tuple[Applicant, ...], msgspec.Meta(min_length=1, max_length=PEOPLE)]
    reason: Annotated[Paper, msgspec.Meta(examples=[Paper.CARD.value])] | None = None
    channel: Channel = Channel.MAIL
    email: Annotated[str, msgspec.Meta(max_length=254, examples=["lea.martin@example.org"])] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    silent: bool = False


class Told(StrEnum):
    """How somebody is told, as a form says it; not at all where whoever books for others hands over a slip."""

    MAIL = "mail"
    SMS = "sms"
    NOT = "none"


class ApplicantForm(msgspec.Struct, frozen=True, kw_only=True):
    """One person, as typed."""

    given: Annotated[fields.Line, _GIVEN]
    family: Annotated[fields.Line, _FAMILY]
    age: Annotated[Age, _AGE]
    situation: Situation | None = None
    number: Annotated[str, fields.Reader(read_number)] | None = None
    cleared: bool = False


class DetailsForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a visit, as typed; `for_others` is for agents and helpers."""

    applicants: tuple[ApplicantForm, ...]
    channel: Told = Told.MAIL
    email: fields.Email | None = None
    phone: fields.Phone | None = None
    for_others: bool = False


def of_form(form: DetailsForm, reason: Paper | None) -> Details:
    """The value of a form without errors."""
    people = tuple(Applicant(**msgspec.structs.asdict(person)) for person in form.applicants)
    channel = Channel.SMS if form.channel is Told.SMS else Channel.MAIL
    silent = form.channel is Told.NOT
    told = Details(applicants=people, reason=reason, channel=channel, email=form.email, phone=form.phone, silent=silent)
    return msgspec.structs.replace(told, email=None) if silent else told


def tidied(details: Details) -> Details:
    """The same, read as a form would: spaces, capitals, control signs. Raises Invalid, one refusal a field."""
    wrong: list[Refusal] = []
    people = tuple(_tidy_applicant(n, person, wrong) for n, person in enumerate(details.applicants))
    email = _read(fields.email, details.email, "email", wrong)
    phone = _read(fields.phone, details.phone, "phone", wrong)
    if wrong:
        raise Invalid(wrong)
    return msgspec.structs.replace(details, applicants=people, email=email, phone=phone)


def contact_of(details: Details) -> Contact:
    """The one contact. Raises Invalid if it is missing, or cannot receive an SMS."""
    if details.channel is Channel.MAIL:
        if not details.email:
            raise Invalid(Refusal("contact-missing", _NO_EMAIL, "email"))
        return Contact(Channel.MAIL, details.email)
    if not details.phone:
        raise Invalid(Refusal("contact-missing", _NO_PHONE, "phone"))
    if not _takes_sms(details.phone):
        text = Text("An SMS needs a mobile number: one that begins with 06 or 07.")
        raise Invalid(Refusal("contact-no-mobile", text, "phone"))
    return Contact(Channel.SMS, details.phone)


def told_by(details: Details) -> Contact | None:
    """How somebody is told for whom staff books: as was chosen, else how it is possible, else not at all."""
    if details.silent:
        return None
    mail = Contact(Channel.MAIL, details.email) if details.email else None
    sms = Contact(Channel.SMS, details.phone) if details.phone and _takes_sms(details.phone) else None
    return (sms or mail) if details.channel is Channel.SMS else (mail or sms)


def untold(form: Form[DetailsForm], people: int, *, numbers: bool) -> Iterator[Refusal]:
    """What was left out that no type asks for: the numbers, if they are asked for, and the contact.

    So that a form says at once all that it lacks, and not one thing after the other.
    """
    for n in range(people):
        if numbers and not form.text(f"applicants-{n}-number").strip():
            yield Refusal("number-missing", NO_NUMBER, f"applicants-{n}-number")
    if form.text("channel") == Told.NOT:
        return
    field, text = ("phone", _NO_PHONE) if form.text("channel") == Channel.SMS else ("email", _NO_EMAIL)
    if not form.text(field).strip():
        yield Refusal("contact-missing", text, field)


def in_order(errors: Mapping[str, Text]) -> dict[str, Text]:
    """What is wrong with a form, in the order of its page."""
    return dict(sorted(errors.items(), key=lambda error: _position(error[0])))


def _position(field: str) -> tuple[int, int]:
    """Where a field stands: person by person, then the contact; what is about no field comes first.

    >>> sorted(["email", "applicants-1-given", "applicants-0-age", "", "applicants-0-family"], key=_position)
    ['', 'applicants-0-family', 'applicants-0-age', 'applicants-1-given', 'email']
    """
    person = re.match(r"applicants-(\d+)-", field)
    name = field.rpartition("-")[2]
    place = _ON_THE_PAGE.index(name) if name in _ON_THE_PAGE else -1
    return (int(person[1]) if person else PEOPLE * (place >= 0), place)


def _takes_sms(phone: str) -> bool:
    """Whether a number can receive an SMS: of French ones, mobiles only."""
    return not phone.startswith("+33") or phone[3] in "67"


def _tidy_applicant(n: int, person: Applicant, wrong: list[Refusal]) -> Applicant:
    prefix = f"applicants-{n}-"
    given = _read(fields.line, person.given, f"{prefix}given", wrong) or _missing(_GIVEN, f"{prefix}given", wrong)
    family = _read(fields.line, person.family, f"{prefix}family", wrong) or _missing(_FAMILY, f"{prefix}family", wrong)
    number = _read(read_number, person.number, f"{prefix}number", wrong)
    return msgspec.structs.replace(person, given=given, family=family, number=number)


def _read(read: Callable[..., str | Text], raw: str | None, field: str, wrong: list[Refusal]) -> str | None:
    if raw is None or not raw.strip():
        return None
    found = read(raw)
    if isinstance(found, Text):
        if not any(refusal.field == field for refusal in wrong):
            wrong.append(Refusal("invalid", found, field))
        return raw
    return found


def _missing(missing: fields.Missing, field: str, wrong: list[Refusal]) -> str:
    wrong.append(Refusal("missing", missing.text, field))
    return ""
