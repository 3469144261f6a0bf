"""What was told in the form of a held hour, read again at each step; and whether it is for somebody else."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from litestar import Request
from litestar.datastructures import State

from parvis.errors import Invalid
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.web import forms
from parvis.web.forms import Form
from parvis_idcard.details import Details, DetailsForm, contact_of, of_form, tidied
from parvis_idcard.drafts import Draft
from parvis_idcard.permissions import BOOK_FOR_OTHERS

_Request = Request[Actor, None, State]


@dataclass(frozen=True, slots=True)
class Answers:
    """A filled-in form that was right when it was sent; only somebody else may be booked for without a contact."""

    form: DetailsForm
    details: Details
    contact: Contact | None

    @property
    def digest(self) -> bytes | None:
        """What finds the contact."""
        return self.contact.digest if self.contact else None


def answers_of(request: _Request, form: Form[DetailsForm], draft: Draft) -> Answers:
    """What was told. Raises Invalid."""
    details = tidied(of_form(form.value, draft.asked.paper))
    silent = details.silent and for_others(request, draft, form.value)
    return Answers(form.value, details, None if silent else contact_of(details))


def answers_before(request: _Request, draft: Draft) -> Answers | None:
    """What was told before, if it was right then."""
    with suppress(Invalid):
        return answers_of(request, forms.decode(DetailsForm, (draft.form or "").encode()), draft)
    return None


def may_book_for_others(request: _Request) -> bool:
    """Whether who asks may book for somebody else at all."""
    return request.user.may(BOOK_FOR_OTHERS)


def for_others(request: _Request, draft: Draft, form: DetailsForm) -> bool:
    """Whether a form is for somebody else than who fills it in, and may be."""
    return bool(draft.asked.acting) or (form.for_others and may_book_for_others(request))
