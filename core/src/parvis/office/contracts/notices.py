"""What managers are written about a contract: a step of the other side, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from parvis import clock, settings
from parvis.contract.values import Channel, MessageTemplate
from parvis.errors import Text
from parvis.identity import members
from parvis.identity.members import Addressee
from parvis.messages import actions as messages
from parvis.office.contracts import words
from parvis.office.contracts.looking import Offered
from parvis.territory.publishing.rules import Act

STEP, END = "office/contract-step", "office/contract-end"
_USE_BY = timedelta(days=7)
_SILENT = frozenset({Act.SAVE, Act.DROP, Act.WITHDRAW})
_SAMPLE: dict[str, Any] = {
    "done": words.DONE[Act.SUBMIT],
    "service": "Carte d’identité et passeport",
    "contract": "Accueil de la mairie annexe",
    "emitter": "Soléo",
    "comment": "Les horaires d’été sont compris.",
    "url": "https://portal.example/office/m2a/contracts/1/idcard",
}
_SAMPLE_OF_END: dict[str, Any] = {
    "contract": "Accueil de la mairie annexe",
    "authority": "Mulhouse Alsace Agglomération",
    "holder": "Soléo",
    "services": ["Carte d’identité et passeport"],
    "last_day": date(2027, 6, 30),
    "over": False,
    "ours": True,
    "left": 3,
    "url": "https://portal.example/office/m2a/contracts/1",
}
TEMPLATES = (
    MessageTemplate(
        key=STEP, name=Text("A service under contract: a step"), channels=frozenset({Channel.MAIL}), sample=_SAMPLE
    ),
    MessageTemplate(key=END, name=Text("A contract ends"), channels=frozenset({Channel.MAIL}), sample=_SAMPLE_OF_END),
)


async def tell(at: Offered, act: Act, comment: str) -> None:
    """Queue a mail to each manager of the other side, in the caller's transaction. Raises OutsideTransaction."""
    if act in _SILENT:
        return
    here, contract = at.here, at.here.contract
    theirs = contract.holder if here.is_authority else contract.authority
    slug = contract.holder_slug if here.is_authority else contract.authority_slug
    path = f"/office/{slug}/contracts/{contract.id}/{at.offer.service}"
    context = {
        "done": words.DONE[act],
        "service": at.name,
        "contract": contract.title,
        "emitter": here.emitter.name,
        "comment": comment,
        "url": f"{settings.current().base_url}{path}",
    }
    for to in await members.managers_to_write_to(theirs):
        await messages.send(STEP, Channel.MAIL, to.address, to.language, theirs, context, clock.now() + _USE_BY)


async def tell_of_end(emitter: UUID, to: Addressee, context: Mapping[str, Any]) -> None:
    """Queue a mail about a contract's end, in the caller's transaction. Raises OutsideTransaction."""
    await messages.send(END, Channel.MAIL, to.address, to.language, emitter, context, clock.now() + _USE_BY)
