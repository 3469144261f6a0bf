"""A message's words: its template filled in, in the reader's language and the emitter's name and colours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from parvis import settings
from parvis.branding.queries import brand_of, letter_colour
from parvis.contract.values import Channel
from parvis.messages.sealing import Letter
from parvis.messages.sms import fit, tidy
from parvis.territory.queries import emitter, emitter_by_slug
from parvis.web.rendering import render_text

_COLOUR = "#1b4f72"
_GAP = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """In whose name a message is: `portal` is empty on the portal's own; `colour` carries white text."""

    name: str
    portal: str = ""
    colour: str = _COLOUR
    phone: str = ""
    phone_hours: str = ""
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What leaves: an SMS has only a text."""

    subject: str = ""
    text: str
    html: str = ""


async def letterhead(emitter_id: UUID | None) -> Letterhead:
    """The head of an emitter's messages, or of the portal's. Raises NotFound."""
    current = settings.current()
    portal = await emitter_by_slug(current.territory)
    sender = await emitter(emitter_id) if emitter_id else portal
    own = sender.id == portal.id
    look = await brand_of(sender.slug)
    return Letterhead(
        name=look.name,
        portal="" if own else (await brand_of(portal.slug)).name,
        colour=await letter_colour(sender.slug) or _COLOUR,
        phone=sender.phone or portal.phone,
        phone_hours=sender.phone_hours or portal.phone_hours,
        url=current.base_url if own else f"{current.base_url}/e/{sender.slug}",
    )


def write(template: str, channel: Channel, language: str, head: Letterhead, letter: Letter) -> Written:
    """Fill a template in. Raises jinja2.TemplateError if it is missing or asks for what the letter lacks."""
    context = {**letter.context, "head": head, "base_url": settings.current().base_url}
    if channel is Channel.SMS:
        return Written(text=fit(tidy(render_text(_path(template, "sms"), language, **context))))
    subject = " ".join(render_text(_path(template, "subject"), language, **context).split())
    context["subject"] = subject
    text = _GAP.sub("\n\n", render_text(_path(template, "txt"), language, **context)).strip() + "\n"
    return Written(subject=subject, text=text, html=render_text(_path(template, "html"), language, **context))


def _path(template: str, ending: str) -> str:
    owner, _, name = template.partition("/")
    return f"{owner}/messages/{name}.{ending}"
