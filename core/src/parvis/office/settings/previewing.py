"""What settings make before they are published: what differs, and the messages as people would get them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from parvis.contract.values import Channel, MessageTemplate
from parvis.errors import NotFound, Text
from parvis.merging import Path
from parvis.messages import previews
from parvis.messages.letters import Letterhead, Written, letterhead
from parvis.office.settings.asking import differences
from parvis.office.settings.looking import Here
from parvis.web.rules import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A mail with invented people, in one language, as these settings make it; `key` asks for it with its look."""

    key: str
    name: Text
    language: str
    written: Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be published: what differs from what is kept, the mails, and the mark of just these settings."""

    said: Sequence[tuple[Path, Text]]
    samples: Sequence[Sample]
    mark: str


async def preview(here: Here, proposed: msgspec.Struct) -> Preview:
    """What these settings would make."""
    head = await letterhead(here.emitter.id)
    samples = [_sample(found, language, head, proposed) for found in here.templates for language in LANGUAGES]
    return Preview(said=differences(here.settings, proposed), samples=samples, mark=mark(proposed))


async def sample(here: Here, proposed: msgspec.Struct, key: str) -> Sample:
    """The mail of a key `<template>:<language>`. Raises NotFound."""
    name, _, language = key.rpartition(":")
    found = next((template for template in here.templates if template.key == name), None)
    if found is None or language not in LANGUAGES:
        raise NotFound
    return _sample(found, language, await letterhead(here.emitter.id), proposed)


def mark(settings: msgspec.Struct) -> str:
    """What tells these settings from others: a page that was previewed carries it."""
    return sha256(msgspec.json.encode(settings)).hexdigest()[:16]


def _sample(template: MessageTemplate, language: str, head: Letterhead, settings: msgspec.Struct) -> Sample:
    written = previews.preview(template, Channel.MAIL, language, head, settings)
    return Sample(key=f"{template.key}:{language}", name=template.name, language=language, written=written)
