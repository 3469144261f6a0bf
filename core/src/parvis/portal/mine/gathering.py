"""Everything of one person, from the core's domains and from every plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from parvis import clock, plugins
from parvis.attendance import queries as attendance
from parvis.audit import queries as audit
from parvis.contract.values import PersonalData
from parvis.dossiers import personal as dossiers
from parvis.dossiers.queries import DossierInfo
from parvis.earlier import queries as earlier
from parvis.errors import NotFound, Text
from parvis.identity import personal as identity
from parvis.identity.actors import Actor
from parvis.messages import queries as messages
from parvis.payments import payers
from parvis.payments.debits import personal as debits


def owners() -> list[PersonalData]:
    """How every installed plugin exports and erases what it keeps."""
    return [owner for plugin in plugins.current() for owner in plugin.personal_data]


async def gather(actor: Actor, person: UUID) -> dict[str, Any]:
    """What is kept of somebody signed in: account, requests with all that hangs on them, trace."""
    return {
        "made_at": clock.now(),
        "account": await identity.export(person),
        "requests": [await _request(found) for found in await dossiers.of_person(actor)],
        "payments": await payers.export(actor),
        "debit_mandates": await debits.export(actor),
        "acts": await audit.acts_of(person),
    }


def words() -> Mapping[str, Text]:
    """What the plugins call the keys and values of what they export."""
    return {key: text for owner in owners() for key, text in owner.words.items()}


async def _request(found: DossierInfo) -> dict[str, Any]:
    told = await messages.of_dossier(found.id)
    return {
        **await dossiers.export(found),
        "messages": [
            {"template": one.template, "channel": one.channel, "state": one.state, "queued_at": one.queued_at}
            for one in told
        ],
        **(await _day(found.visit.booking) if found.visit else {}),
        "earlier": await _earlier(found.id),
        "plugins": {owner.key: kept for owner in owners() if (kept := await _of_plugin(owner, found.id))},
    }


async def _day(booking: UUID) -> dict[str, Any]:
    """What was noted of a visit on its day."""
    sheet = await attendance.sheet(booking)
    steps = [{"step": done.step, "at": done.at, "by": done.by} for done in await attendance.steps_of(booking)]
    return {"steps": steps, "note": sheet.note, "brought": sorted(sheet.ticks)}


async def _earlier(dossier: UUID) -> dict[str, Any] | None:
    """Which earlier hours somebody would take instead of theirs."""
    found = await earlier.asked(dossier)
    if found is None:
        return None
    return {"asked_at": found.asked_at, "wish": found.wish, "offers": found.offers, "ended": found.ended}


async def _of_plugin(owner: PersonalData, dossier: UUID) -> Mapping[str, Any]:
    try:
        return await owner.export(dossier)
    except NotFound:
        return {}
