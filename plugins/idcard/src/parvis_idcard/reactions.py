"""What the plugin does on events: tell residents, and free what an appointment no longer needs."""

from __future__ import annotations

from uuid import UUID

from parvis.contract.values import Reaction
from parvis.dossiers import queries as dossiers
from parvis.errors import NotFound
from parvis.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingFact,
    BookingMoved,
    BookingRestored,
    DossierClosed,
    DossierTakenOver,
)
from parvis_idcard import actions, messages, queries
from parvis_idcard.ants.coordination import reactions as coordination
from parvis_idcard.queries import PLUGIN


async def tell_confirmed(event: BookingConfirmed) -> None:
    """Send the confirmation."""
    if event.dossier is not None and event.tell and await _is_ours(event):
        await messages.tell(messages.CONFIRMED, event.dossier, "confirmed")


async def tell_moved(event: BookingMoved) -> None:
    """Send the new hour and place, whoever moved it."""
    if event.dossier is not None and event.tell and await _is_ours(event):
        found = await dossiers.dossier(event.dossier)
        if found.visit is not None and found.visit.live:
            await messages.tell(messages.MOVED, event.dossier, f"moved-{found.visit.sequence}")


async def tell_cancelled(event: BookingCancelled) -> None:
    """Send the cancellation; whoever cancelled, the application numbers are free again. Not if it was undone since."""
    if event.dossier is not None and await _is_ours(event) and await _is_over(event.dossier):
        await actions.end(event.dossier)
        if event.tell:
            await messages.tell(messages.CANCELLED, event.dossier, await queries.times(event.dossier, "cancelled"))


async def tell_restored(event: BookingRestored) -> None:
    """Send the confirmation again: the appointment that was cancelled stands."""
    if event.dossier is not None and event.tell and await _is_ours(event):
        await messages.tell(messages.CONFIRMED, event.dossier, await queries.times(event.dossier, "restored"))


async def tell_taken_over(event: DossierTakenOver) -> None:
    """Send the confirmation to somebody who is reached only now that they took it into their account."""
    if event.service == PLUGIN and event.reached and not await _is_over(event.dossier):
        await messages.tell(messages.CONFIRMED, event.dossier, "taken-over")


async def free_numbers(event: DossierClosed) -> None:
    """A visit that is over no longer keeps its application numbers from another appointment."""
    if event.service == PLUGIN and await _is_over(event.dossier):
        await actions.end(event.dossier)


async def _is_over(dossier: UUID) -> bool:
    visit = (await dossiers.dossier(dossier)).visit
    return visit is None or not visit.live


async def _is_ours(event: BookingFact) -> bool:
    try:
        return event.dossier is not None and (await dossiers.dossier(event.dossier)).service == PLUGIN
    except NotFound:
        return False


REACTIONS = (
    Reaction(key="idcard.tell-confirmed", event=BookingConfirmed, handle=tell_confirmed),
    Reaction(key="idcard.tell-moved", event=BookingMoved, handle=tell_moved),
    Reaction(key="idcard.tell-cancelled", event=BookingCancelled, handle=tell_cancelled),
    Reaction(key="idcard.tell-restored", event=BookingRestored, handle=tell_restored),
    Reaction(key="idcard.tell-taken-over", event=DossierTakenOver, handle=tell_taken_over),
    Reaction(key="idcard.free-numbers", event=DossierClosed, handle=free_numbers),
    *coordination.REACTIONS,
)
