"""What the pages of proxies share: whose they are, what may be chosen, how a mandate is traced and written about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request

from parvis import plugins, settings
from parvis.audit import actions as audit
from parvis.contract.values import Channel
from parvis.errors import Text
from parvis.identity import guards, mandates
from parvis.identity.actors import Actor
from parvis.identity.mandates import Mandate
from parvis.identity.terms import last_day
from parvis.identity.words import BONDS
from parvis.messages import actions as messages
from parvis.messages.reactions import MANDATE

AnyRequest = Request[Any, Any, Any]
BASE = "/account/proxies"
MINE = guards.page(guards.account(), "signed-in")
_GONE = Text("A service that is no longer offered")


def services() -> Mapping[str, Text]:
    """The services that a mandate may name."""
    return {service.key: service.name for plugin in plugins.current() for service in plugin.services}


def service_names(mandate: Mandate) -> list[Text]:
    """In which services a proxy may act, in words."""
    known = services()
    return [known.get(key, _GONE) for key in mandate.services]


async def trace(actor: Actor, action: str, found: Mandate, **facts: Any) -> None:
    """Note what became of a mandate, under both accounts."""
    about = {"mandate": str(found.id), "services": list(found.services), **facts}
    await audit.trace(actor, action, "mandate", found.id, behalf=found.resident, **about)


async def write(mandate: UUID, actor: Actor) -> None:
    """Queue the mail with the link that counts."""
    made = await mandates.of_account(mandate, actor.account)
    context = {
        "asks": made.proxy is not None,
        "by": actor.name or made.resident_name or made.proxy_name,
        "bond": BONDS[made.bond],
        "services": service_names(made),
        "until": last_day(made.ends_at),
        "last": made.expires_at,
        "link": settings.current().base_url + await mandates.link(mandate),
    }
    await messages.send(MANDATE, Channel.MAIL, made.address, made.language, None, context, made.expires_at)
