"""What messages do on events: send what is queued, and the codes that prove a contact."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from parvis.contract.values import Channel, MessageTemplate, Reaction, Role
from parvis.db import transaction
from parvis.errors import Text
from parvis.events import ContactCodeRequested, MessageQueued
from parvis.identity.contacts import code_to_send
from parvis.identity.mandates import Bond
from parvis.identity.words import BONDS, ROLES
from parvis.messages.actions import send
from parvis.messages.delivery import deliver

CONTACT_CODE = "messages/contact-code"
INVITATION = "messages/invitation"
MANDATE = "messages/mandate"
_MANDATE: dict[str, Any] = {
    "asks": False,
    "by": "Yvonne Schmitt",
    "bond": BONDS[Bond.SOCIAL],
    "services": [Text("Identity cards and passports")],
    "until": date(2027, 6, 30),
    "last": datetime(2027, 1, 11, 9, tzinfo=UTC),
    "link": "https://portal.example.org/mandate/k1.1767258000.MDE5.c2lnbmF0dXJl",
}


def reactions() -> tuple[Reaction, ...]:
    """The messages' own reactions."""
    return (
        Reaction(key="messages.deliver", event=MessageQueued, handle=deliver),
        Reaction(key="messages.contact-code", event=ContactCodeRequested, handle=send_contact_code),
    )


def templates() -> tuple[MessageTemplate, ...]:
    """The core's own messages."""
    return (
        MessageTemplate(
            key=CONTACT_CODE,
            name=Text("Code for a contact"),
            channels=frozenset({Channel.MAIL, Channel.SMS}),
            sample={"code": "048213"},
        ),
        MessageTemplate(
            key=INVITATION,
            name=Text("Invitation of a colleague"),
            channels=frozenset({Channel.MAIL}),
            sample={
                "by": "Claire Muller",
                "role": ROLES[Role.AGENT],
                "until": date(2027, 6, 30),
                "last": datetime(2027, 1, 11, 9, tzinfo=UTC),
                "link": "https://portal.example.org/invitation/k1.1767258000.MDE5.c2lnbmF0dXJl",
            },
        ),
        MessageTemplate(
            key=MANDATE,
            name=Text("Acting for somebody"),
            channels=frozenset({Channel.MAIL}),
            sample=_MANDATE,
        ),
    )


async def send_contact_code(event: ContactCodeRequested) -> None:
    """Queue the code that somebody asked for; a second time there is none to send."""
    async with transaction():
        code = await code_to_send(event.proof)
        if code is not None:
            to = code.contact
            await send(CONTACT_CODE, to.kind, to.address, code.language, None, {"code": code.code}, code.until)
