"""What messages do on events: send what is queued, and the codes that prove a contact."""

from __future__ import annotations

from parvis.contract.values import Channel, MessageTemplate, Reaction
from parvis.db import transaction
from parvis.errors import Text
from parvis.events import ContactCodeRequested, MessageQueued
from parvis.identity.contacts import code_to_send
from parvis.messages.actions import send
from parvis.messages.delivery import deliver

CONTACT_CODE = "messages/contact-code"


def reactions() -> tuple[Reaction, ...]:
    """The messages' own reactions."""
    return (
        Reaction(key="messages.deliver", event=MessageQueued, handle=deliver),
        Reaction(key="messages.contact-code", event=ContactCodeRequested, handle=send_contact_code),
    )


def templates() -> tuple[MessageTemplate, ...]:
    """The core's own messages."""
    channels = frozenset({Channel.MAIL, Channel.SMS})
    name, sample = Text("Code for a contact"), {"code": "048213"}
    return (MessageTemplate(key=CONTACT_CODE, name=name, channels=channels, sample=sample),)


async def send_contact_code(event: ContactCodeRequested) -> None:
    """Queue the code that somebody asked for; a second time there is none to send."""
    async with transaction():
        code = await code_to_send(event.proof)
        if code is not None:
            to = code.contact
            await send(CONTACT_CODE, to.kind, to.address, code.language, None, {"code": code.code}, code.until)
