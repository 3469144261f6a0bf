"""Who is written to about a step: the managers of the other side of the contract."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from parvis import clock, settings
from parvis.contract.values import Channel, MessageTemplate
from parvis.errors import Text
from parvis.identity import members
from parvis.messages import actions as messages
from parvis.office.contracts import words
from parvis.office.contracts.looking import Offered
from parvis.territory.publishing.rules import Act
from parvis.web.rules import LANGUAGES

STEP = "office/contract-step"
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
TEMPLATES = (
    MessageTemplate(
        key=STEP, name=Text("A service under contract: a step"), channels=frozenset({Channel.MAIL}), sample=_SAMPLE
    ),
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
    for address in await members.manager_addresses(theirs):
        await messages.send(STEP, Channel.MAIL, address, LANGUAGES[0], theirs, context, clock.now() + _USE_BY)
