"""Whose look somebody looks at, and what a chosen one would make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request

from parvis.branding import history
from parvis.branding.history import Version
from parvis.branding.looks import Look, differences
from parvis.branding.queries import address
from parvis.branding.rules import Pair, pairs
from parvis.errors import Text
from parvis.identity import guards
from parvis.identity import queries as people
from parvis.identity.actors import Actor
from parvis.office.permissions import LOOK
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import uploads

_AnyRequest = Request[Any, Any, Any]
SEE = guards.page(guards.staff(LOOK), "manager")
PUBLISH = guards.page(guards.staff(LOOK), "manager", status_code=200, request_max_body_size=uploads.BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """An emitter's look as it is worn now, and which version that is; 0 where none was chosen yet."""

    emitter: EmitterInfo
    look: Look
    version: int
    actor: Actor

    @property
    def base(self) -> str:
        """The address of the look."""
        return f"/office/{self.emitter.slug}/look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be published: what differs, every pair of colours measured, and the query that shows samples."""

    look: Look
    said: Sequence[Text]
    pairs: Sequence[Pair]
    query: str
    icon: str

    @property
    def corrected(self) -> list[Pair]:
        """The pairs where a colour gives way, on light pages and in mails."""
        return [pair for pair in self.pairs if pair.corrected and not pair.dark]

    @property
    def corrected_in_the_dark(self) -> list[Pair]:
        """The pairs where a colour gives way in the dark scheme, as most do: it was chosen on a light page."""
        return [pair for pair in self.pairs if pair.corrected and pair.dark]


async def here(request: _AnyRequest, slug: str) -> Here:
    """The look that counts at an emitter. Raises NotFound."""
    emitter = await territory.emitter_by_slug(slug)
    version, look = await history.worn(emitter.id, emitter.name)
    return Here(emitter=emitter, look=look, version=version, actor=guards.actor_of(request))


def preview(at: Here, chosen: Look) -> Preview:
    """What publishing this look would make."""
    icon = chosen.icon or chosen.logo
    return Preview(
        look=chosen,
        said=[text for _, text in differences(at.look, chosen)],
        pairs=list(pairs(chosen.palette, chosen.mail_asked)),
        query=urlencode({name: value for name, value in msgspec.to_builtins(chosen).items() if value}),
        icon=address(at.emitter.slug, icon) if icon else "",
    )


async def with_names(versions: Sequence[Version]) -> list[tuple[Version, str]]:
    """Versions with the names of who made them, empty where the platform did or the account was erased."""
    names = await people.names([version.person for version in versions if version.person])
    return [(version, names.get(version.person, "") if version.person else "") for version in versions]
