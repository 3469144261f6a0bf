"""Proving a contact by a code, for whoever books without an account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from parvis.api.bodies.bookings import ContactAsked, NewContact, TypedCode
from parvis.api.routes.offering import offered
from parvis.contract.values import Channel
from parvis.errors import Invalid, NotFound, Refusal, Text
from parvis.identity import contacts
from parvis.identity.contacts import Contact
from parvis.identity.shares import count_claim, count_code
from parvis.web import fields
from parvis.web.exchange import Operation, answer, nothing, read_body
from parvis.web.i18n import language

_AnyRequest = Request[Any, Any, Any]
_ASK = Operation(
    summary="Ask for a code",
    description="Six figures are sent to the contact; they are worth something for fifteen minutes. "
    "Another one can be asked for after a minute.",
    tag="Contacts",
    body=NewContact,
    answer=ContactAsked,
    status=201,
    answered="The code is on its way.",
    refusals=(Invalid,),
)
_PROVE = Operation(
    summary="Prove a contact",
    description="After five wrong attempts a new code has to be asked for.",
    tag="Contacts",
    body=TypedCode,
    status=204,
    answered="The contact is proved: bookings take `proof` for it.",
    refusals=(Invalid, NotFound),
)


@post("/api/v1/contacts", **offered(_ASK))
async def ask(request: _AnyRequest) -> Response[bytes]:
    """Send a code to a contact. Raises Invalid, TooMany."""
    count_claim(request)
    asked = await read_body(request, NewContact)
    count_code(request)
    proof = await contacts.ask(_contact(asked), asked.language or language(request))
    return answer(201, ContactAsked(proof=proof))


@post("/api/v1/contacts/{proof:uuid}/code", **offered(_PROVE))
async def prove(request: _AnyRequest, proof: FromPath[UUID]) -> Response[None]:
    """Compare a code. Raises Invalid."""
    count_claim(request)
    await contacts.prove(proof, (await read_body(request, TypedCode)).code, None)
    return nothing()


def _contact(asked: NewContact) -> Contact:
    if (asked.email is None) == (asked.phone is None):
        raise Invalid(Refusal("contact-missing", Text("Give an e-mail address or a telephone number, one of the two.")))
    kind, read = (Channel.MAIL, fields.email) if asked.email else (Channel.SMS, fields.phone)
    address = read(asked.email or asked.phone or "")
    if isinstance(address, Text):
        raise Invalid(Refusal("contact-invalid", address, "email" if asked.email else "phone"))
    return Contact(kind, address)
