"""What the plugin does on events: tell residents, and free what an appointment no longer needs."""

from __future__ import annotations

from parvis.contract.values import Reaction
from parvis.dossiers import queries as dossiers
from parvis.errors import NotFound
from parvis.events import BookingCancelled, BookingConfirmed, BookingFact, BookingMoved, DossierClosed
from parvis_idcard import actions, messages
from parvis_idcard.queries import PLUGIN


async def tell_confirmed(event: BookingConfirmed) -> None:
    """Send the confirmation."""
    if event.dossier is not None and await _is_ours(event):
        await messages.tell(messages.CONFIRMED, event.dossier, "confirmed")


async def tell_moved(event: BookingMoved) -> None:
    """Send the new hour and place, whoever moved it."""
    if event.dossier is not None and await _is_ours(event):
        found = await dossiers.dossier(event.dossier)
        if found.visit is not None and found.visit.live:
            await messages.tell(messages.MOVED, event.dossier, f"moved-{found.visit.sequence}")


async def tell_cancelled(event: BookingCancelled) -> None:
    """Send the cancellation; whoever cancelled, the application numbers are free again."""
    if event.dossier is not None and await _is_ours(event):
        await actions.end(event.dossier)
        await messages.tell(messages.CANCELLED, event.dossier, "cancelled")


async def free_numbers(event: DossierClosed) -> None:
    """A visit that is over no longer keeps its application numbers from another appointment."""
    if event.service == PLUGIN:
        await actions.end(event.dossier)


async def _is_ours(event: BookingFact) -> bool:
    try:
        return event.dossier is not None and (await dossiers.dossier(event.dossier)).service == PLUGIN
    except NotFound:
        return False


REACTIONS = (
    Reaction(key="idcard.tell-confirmed", event=BookingConfirmed, handle=tell_confirmed),
    Reaction(key="idcard.tell-moved", event=BookingMoved, handle=tell_moved),
    Reaction(key="idcard.tell-cancelled", event=BookingCancelled, handle=tell_cancelled),
    Reaction(key="idcard.free-numbers", event=DossierClosed, handle=free_numbers),
)
