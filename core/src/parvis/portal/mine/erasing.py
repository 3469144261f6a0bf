"""What is erased because somebody asks for it, and what stays, with the reason why."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from parvis.audit import actions as audit
from parvis.contract.values import PersonalData
from parvis.db import transaction
from parvis.dossiers import personal as dossiers
from parvis.dossiers.erasing import erase_asked, why_kept
from parvis.dossiers.queries import DossierInfo
from parvis.errors import Text
from parvis.identity import personal as identity
from parvis.identity.actors import Actor
from parvis.payments import payers
from parvis.payments.debits import personal as debits
from parvis.portal.mine.gathering import owners

OPEN = Text("Its appointment is not over: cancel it first, or come back after it.")
WORKED = Text("You work here, or did within the last year: who had which role is kept as long as the trace.")
WITH_PAYMENTS = Text("It stays while something is still to be paid, or to be given back to you.")
WITH_REQUESTS = Text("It stays while one of your requests does.")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which requests go and which stay, each with its reason; why the account stays, None if it goes too.

    `mandates`: how many direct debit mandates end.
    """

    gone: tuple[DossierInfo, ...]
    kept: tuple[tuple[DossierInfo, Text], ...]
    account: Text | None
    mandates: int

    @property
    def does_something(self) -> bool:
        """Whether there is anything to erase."""
        return bool(self.gone or self.mandates or self.account is None)


async def plan(actor: Actor, person: UUID) -> Plan:
    """What erasing would do now."""
    found, known = await dossiers.of_person(actor), owners()
    why = {one.id: await _why(one, known) for one in found}
    gone = tuple(one for one in found if why[one.id] is None)
    kept = tuple((one, reason) for one in found if (reason := why[one.id]) is not None)
    return Plan(gone, kept, await _account(actor, person, bool(kept)), len(await debits.standing(actor)))


async def erase(actor: Actor, person: UUID) -> Plan:
    """Erase what can be, all or nothing; the trace says that it was asked for. What it did."""
    async with transaction():
        asked = await plan(actor, person)
        erased = set(await erase_asked([one.id for one in asked.gone], owners()))
        # What has changed since the plan was made stays, and the account with it.
        kept = (*asked.kept, *((one, OPEN) for one in asked.gone if one.id not in erased))
        gone = tuple(one for one in asked.gone if one.id in erased)
        done = Plan(gone, kept, await _account(actor, person, bool(kept)), await debits.erase(actor))
        await audit.trace(actor, "erase", "person", person, requests=len(done.gone), account=done.account is None)
        await payers.erase(actor)
        if done.account is None:
            await identity.close(person)
    return done


async def _why(found: DossierInfo, known: list[PersonalData]) -> Text | None:
    return OPEN if found.state == "open" else await why_kept(found.id, known)


async def _account(actor: Actor, person: UUID, kept: bool) -> Text | None:
    if await identity.has_worked(person):
        return WORKED
    if await payers.under_way(actor):
        return WITH_PAYMENTS
    return WITH_REQUESTS if kept else None
