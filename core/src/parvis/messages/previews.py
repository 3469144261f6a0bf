"""Message templates tried with their samples, for `parvis check`, previews and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from jinja2 import TemplateError

from parvis.contract.values import Channel, MessageTemplate
from parvis.messages.letters import Letterhead, Written, write
from parvis.messages.sealing import Letter
from parvis.messages.sms import segments
from parvis.web.rules import LANGUAGES

_SUBJECT = 120
# The longest names of the territory's bodies are about this long.
HEAD = Letterhead(
    name="Ville de Bourgneuf-les-Deux-Rives",
    portal="Communauté de communes",
    phone="03 89 00 00 00",
    phone_hours="8 h 30 - 17 h",
    url="https://portail.example.org/e/bourgneuf",
)
_UNFILLED = re.compile(r"%\(\w+\)s|\{\{|\{%|\bNone\b")


def preview(
    template: MessageTemplate,
    channel: Channel,
    language: str,
    head: Letterhead = HEAD,
    settings: msgspec.Struct | None = None,
) -> Written:
    """A template filled in from its sample, and from an emitter's settings. Raises jinja2.TemplateError."""
    settled = template.settled(settings, language) if template.settled and settings is not None else {}
    return write(template.key, channel, language, head, Letter("sample@example.org", {**template.sample, **settled}))


def problems(template: MessageTemplate) -> list[str]:
    """What has to be mended before a template can be used, one line each; none if it is fit."""
    tried = ((channel, language) for channel in sorted(template.channels) for language in LANGUAGES)
    return [
        f"{template.key} ({channel}, {language}): {problem}"
        for channel, language in tried
        for problem in _problems(template, channel, language)
    ]


def _problems(template: MessageTemplate, channel: Channel, language: str) -> Iterator[str]:
    try:
        written = preview(template, channel, language)
    except TemplateError as error:
        yield f"{type(error).__name__}: {error.message}"
        return
    if not written.text.strip():
        yield "the text is empty"
    if _UNFILLED.search(written.subject + written.text):
        yield "a placeholder is left unfilled"
    if channel is Channel.SMS and segments(written.text) > 1:
        yield f"its sample makes {segments(written.text)} SMS; shorten it to one of 160 signs"
    if channel is Channel.MAIL and not 0 < len(written.subject) <= _SUBJECT:
        yield f"the subject has {len(written.subject)} signs; write 1 to {_SUBJECT}"
