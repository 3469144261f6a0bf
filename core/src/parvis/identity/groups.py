"""Grants pushed to Keycloak's groups, for the other applications of the territory: after each change, and once a day.

Every push reads what holds now and what is there now, so it may come late, twice, or out of order. Parvis itself
never asks the groups for a right: through a claim they can only take one away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import structlog

from parvis import clock, crypto, outbox, settings
from parvis.contract.values import Reaction
from parvis.db import connection
from parvis.errors import ConfigurationError
from parvis.events import GrantsChanged
from parvis.identity import rules
from parvis.identity.keycloak.access import GroupsAccess
from parvis.identity.keycloak.memberships import KeycloakDown, Memberships
from parvis.identity.rules import Mirrored, Move
from parvis.outbox import Later

log = structlog.get_logger()
_AGAIN_AFTER = timedelta(minutes=1)
_PATIENCE = 10.0
_ROUNDS = 3
_HELD = (
    "SELECT '/emitters/' || slug || '/' || role AS path, EXISTS (SELECT FROM parvis.mailed_factor AS chosen "
    "WHERE chosen.emitter = held.emitter) AS mailed FROM parvis.role_grant AS held "
    "JOIN parvis.emitter ON emitter.id = held.emitter WHERE person = $1 AND ended_at IS NULL "
    "AND (ends_at IS NULL OR ends_at > $2)"
)
_EVERYBODY = (
    "SELECT person.id, subject FROM parvis.person WHERE issuer = $1 AND EXISTS "
    "(SELECT FROM parvis.role_grant AS held WHERE held.person = person.id AND emitter IS NOT NULL) ORDER BY person.id"
)


async def changed(person: UUID) -> None:
    """Note, in the caller's transaction, that what somebody may do changed; nothing for people of another sign-on."""
    if await _subject(person) is not None:
        await outbox.record(GrantsChanged(person=person))


async def push(event: GrantsChanged) -> None:
    """Bring the groups of one person in line. While Keycloak is down it waits, and is never given up."""
    subject = await _subject(event.person)
    async with _memberships() as there:
        if there is None or subject is None:
            return
        try:
            await bring_in_line(there, event.person, subject)
        except KeycloakDown as down:
            raise Later(clock.now() + _AGAIN_AFTER) from down


async def compare() -> int:
    """Bring the groups of everybody in line who has or had a role; how many moves that took."""
    async with _memberships() as there:
        if there is None:
            return 0
        moved = 0
        for person, subject in await _everybody():
            try:
                moved += len(await bring_in_line(there, person, subject))
            except ConfigurationError as error:
                # One emitter without groups keeps nobody else waiting.
                log.warning("groups.missing", person=str(person), detail=str(error))
    log.info("groups.compared", moves=moved)
    return moved


async def plan(told: Callable[[str, Move], Any], apply: bool) -> int:
    """Say what differs for everybody, by their subject at Keycloak, and change it if told so; how many moves.

    Raises ConfigurationError, KeycloakDown.
    """
    count = 0
    async with _memberships() as there:
        if there is None:
            raise ConfigurationError("PARVIS_GROUPS_CLIENT_ID is missing: who is to fill the groups?")
        for person, subject in await _everybody():
            moves = await (bring_in_line if apply else _moves)(there, person, subject)
            for move in moves:
                told(subject, move)
            count += len(moves)
    return count


async def bring_in_line(there: Memberships, person: UUID, subject: str) -> list[Move]:
    """Join and leave until nothing differs, and what was done: a role may end while its group is being joined."""
    done: list[Move] = []
    for _ in range(_ROUNDS):
        moves = await _moves(there, person, subject)
        for move in moves:
            await (there.join if move.joins else there.leave)(subject, move.path)
        done += moves
        if not moves:
            break
    return done


async def _moves(there: Memberships, person: UUID, subject: str) -> list[Move]:
    found = await there.of(subject)
    if found is None:
        return []
    async with connection() as c:
        held = [Mirrored(**row) for row in await c.fetch(_HELD, person, clock.now())]
    asks = any(rules.waits_for_factor(one, found) for one in held)
    return rules.moves(held, found, has_factor=asks and await there.has_factor(subject))


@asynccontextmanager
async def _memberships() -> AsyncIterator[Memberships | None]:
    access = settings.provided(GroupsAccess)
    if not access.client_id:
        yield None
        return
    async with httpx.AsyncClient(verify=crypto.trust(), timeout=_PATIENCE) as http:
        yield Memberships(access, settings.current().oidc_issuer, http)


async def _subject(person: UUID) -> str | None:
    sql = "SELECT subject FROM parvis.person WHERE id = $1 AND issuer = $2"
    async with connection() as c:
        found: str | None = await c.fetchval(sql, person, settings.current().oidc_issuer)
    return found


async def _everybody() -> list[tuple[UUID, str]]:
    async with connection() as c:
        return [(row["id"], row["subject"]) for row in await c.fetch(_EVERYBODY, settings.current().oidc_issuer)]


REACTIONS = (Reaction(key="identity.groups", event=GrantsChanged, handle=push),)
