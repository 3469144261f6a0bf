"""What coordination does on events: an appointment that changed is compared, what is due is tried until it is done."""

from __future__ import annotations

from parvis.contract.values import Reaction
from parvis.events import BookingCancelled, BookingConfirmed, BookingFact, BookingMoved, BookingRestored
from parvis_idcard.ants.coordination import actions
from parvis_idcard.events import ApplicantsChanged, DeclarationDue


async def follow_booking(event: BookingFact) -> None:
    """An hour was taken, moved, cancelled or taken back: what is declared follows."""
    if event.dossier is not None:
        await actions.reconcile(event.dossier)


async def follow_applicants(event: ApplicantsChanged) -> None:
    """A number was corrected, or somebody came or left."""
    await actions.reconcile(event.dossier)


async def declare(event: DeclarationDue) -> None:
    """Try it; raises Later until it is done."""
    await actions.attempt(event.declaration)


REACTIONS = (
    Reaction(key="idcard.declare-confirmed", event=BookingConfirmed, handle=follow_booking),
    Reaction(key="idcard.declare-moved", event=BookingMoved, handle=follow_booking),
    Reaction(key="idcard.declare-cancelled", event=BookingCancelled, handle=follow_booking),
    Reaction(key="idcard.declare-restored", event=BookingRestored, handle=follow_booking),
    Reaction(key="idcard.declare-applicants", event=ApplicantsChanged, handle=follow_applicants),
    Reaction(key="idcard.declare", event=DeclarationDue, handle=declare),
)
