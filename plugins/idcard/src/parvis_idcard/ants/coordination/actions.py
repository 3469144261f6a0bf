"""Writes of coordination: rows brought in line with a dossier, and the service brought in line with the rows.

An attempt first reads what the service has, then withdraws and declares what is missing: so an answer that was lost,
or a second worker, changes nothing. The calls are made outside any transaction.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from parvis import clock, crypto, outbox
from parvis.db import Connection, new_id, transaction
from parvis.dossiers import queries as dossiers
from parvis.errors import NotFound
from parvis_idcard.ants.coordination import client, queries, rules
from parvis_idcard.ants.coordination.client import Coordination, NotTaken
from parvis_idcard.ants.coordination.queries import NUMBER, Declaration, Needed
from parvis_idcard.ants.coordination.rules import Declared, Standing, State, Status
from parvis_idcard.ants.queries import address_of
from parvis_idcard.events import DeclarationDue

_BUSY = timedelta(seconds=60)
_AGAIN_REFUSED = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How an attempt ended: the new state, what the service has of us, what the number is worth."""

    state: State
    told: Declared | None = None
    status: Status | None = None


async def reconcile(dossier: UUID) -> int:
    """Bring a dossier's declarations in line with what it needs; how many are to be tried. Nothing where it is off."""
    if client.current() is None:
        return 0
    async with transaction() as c:
        # One at a time: two events of one dossier may be delivered at once.
        await c.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"idcard.declaration {dossier}")
        try:
            found = await dossiers.dossier(dossier)
        except NotFound:
            return 0
        needed = await queries.needed(found)
        if needed is None:
            return 0
        known = {row.digest: row for row in await queries.of_dossier(dossier)}
        due = [await _add(c, dossier, found.emitter, digest, needed[digest]) for digest in needed.keys() - known.keys()]
        for digest, row in known.items():
            await _keep_up(c, row, found.emitter, needed.get(digest))
            if row.state is not State.DUE and _differs(row, needed.get(digest)):
                due.append(row.id)
        await _arm(c, found.emitter, due)
    return len(due)


async def try_again(declarations: Sequence[Declaration]) -> None:
    """Let these be tried at once, whatever they wait for."""
    async with transaction() as c:
        for row in declarations:
            await _arm(c, row.emitter, [row.id])


async def override(declaration: Declaration, person: UUID | None, reason: str) -> None:
    """An agent says why an appointment stands whatever the number's status is; it is declared if that is allowed."""
    sql = "UPDATE idcard.declaration SET reason = $2, reason_by = $3, answered = true WHERE id = $1"
    async with transaction() as c:
        await c.execute(sql, declaration.id, reason, person)
        if declaration.status is not Status.CONSUMED:
            await _arm(c, declaration.emitter, [declaration.id])


async def keep_hour(dossier: UUID) -> None:
    """A resident says that they come, though a number is worth nothing: nobody frees their hour."""
    sql = "UPDATE idcard.declaration SET answered = true WHERE dossier = $1 AND asked_at IS NOT NULL"
    async with transaction() as c:
        await c.execute(sql, dossier)


async def check_again(declarations: Sequence[Declaration]) -> None:
    """Ask again what the numbers of these are worth; what is declared stays declared meanwhile."""
    async with transaction() as c:
        for row in declarations:
            await _arm(c, row.emitter, [row.id], State.CHECK if row.state is State.DECLARED else State.DUE)


async def note_asked(declaration: UUID, at: datetime, until: datetime) -> None:
    """Note when the resident was asked about a number, and until when they may answer."""
    sql = "UPDATE idcard.declaration SET asked_at = $2, answer_by = $3 WHERE id = $1"
    async with transaction() as c:
        await c.execute(sql, declaration, at, until)


async def attempt(declaration: UUID) -> Declaration | None:
    """Try to bring the service in line; the row afterwards, None if there was nothing to do.

    Raises Later when it is to be tried again: never given up.
    """
    service = client.current()
    row = await _claim(declaration) if service is not None else None
    if service is None or row is None:
        return None
    try:
        needed = await queries.needed(await dossiers.dossier(row.dossier))
        wanted = needed.get(row.digest) if needed is not None else None
        ended = await _carry_out(service, row, wanted) if needed is not None else _Ended(State.OVER, row.told)
    except NotTaken as error:
        raise outbox.Later(await _put_off(row, error.reason)) from error
    if await _settle(row, wanted, ended):
        return await queries.declaration(declaration)
    raise outbox.Later(clock.now())


async def _carry_out(service: Coordination, row: Declaration, wanted: Needed | None) -> _Ended:
    """The calls themselves. Raises NotTaken."""
    declared, own = (wanted.declared, wanted.declared.url) if wanted else (None, address_of(row.applicant))
    standing = await _standing(service, row.number, declared.place_id if declared else row.place_id)
    do = rules.steps(declared, row.told, standing, own, row.reason is not None)
    for there in do.withdraw:
        await service.withdraw(row.number, row.place_id, there)
    if do.declare and declared:
        await _note_place(row, declared.place_id)
        await _declare(service, row.number, declared)
    if service.rehearses:
        return _Ended(State.REHEARSED)
    if do.refused:
        return _Ended(State.REFUSED, row.told, standing.status)
    return _Ended(State.DECLARED if declared else State.WITHDRAWN, declared, standing.status)


async def _standing(service: Coordination, number: str, place_id: str) -> Standing:
    found = (await service.status([number], place_id)).get(number)
    if service.rehearses:
        return Standing(status=Status.VALIDATED)
    if found is None:
        raise NotTaken("unreadable")
    return found


async def _note_place(row: Declaration, place_id: str) -> None:
    """Keep where it is being declared: if no answer comes, it may have to be withdrawn from there."""
    async with transaction() as c:
        await c.execute("UPDATE idcard.declaration SET told_place = $2 WHERE id = $1", row.id, place_id)


async def _declare(service: Coordination, number: str, declared: Declared) -> None:
    try:
        await service.declare(number, declared)
    except NotTaken as error:
        # An answer that was lost is found now: what is there already was declared.
        if error.reason != "refused":
            raise
        standing = (await service.status([number], declared.place_id)).get(number)
        if standing is None or not any(declared.is_(there) for there in standing.appointments):
            raise


async def _claim(declaration: UUID) -> Declaration | None:
    """Take a row that is due, for a minute; None if it is settled or gone. Raises Later while another worker has it."""
    sql = (
        "UPDATE idcard.declaration SET busy_until = $2 WHERE id = $1 AND state IN ('due', 'check') "
        "AND (busy_until IS NULL OR busy_until <= $3) RETURNING id"
    )
    now = clock.now()
    async with transaction() as c:
        taken = await c.fetchval(sql, declaration, now + _BUSY, now)
    try:
        row = await queries.declaration(declaration)
    except NotFound:
        return None
    if taken is None and row.state in {State.DUE, State.CHECK}:
        raise outbox.Later(row.busy_until or now)
    return row if taken else None


async def _put_off(row: Declaration, reason: str) -> datetime:
    sql = (
        "UPDATE idcard.declaration SET attempts = least(attempts + 1, 30000), due = $2, error = $3, busy_until = NULL "
        "WHERE id = $1"
    )
    until = clock.now() + rules.pause(row.attempts + 1, random.random())  # noqa: S311 - spreads load, guards nothing
    async with transaction() as c:
        await c.execute(sql, row.id, until, reason)
    return until


async def _settle(row: Declaration, wanted: Needed | None, ended: _Ended) -> bool:
    """Write how it ended; False if something else is wanted by now, and it has to be tried again."""
    sql = (
        "UPDATE idcard.declaration SET state = $2, told_place = coalesce($3, told_place), told_name = $4, "
        "told_at = $5, told_url = $6, "
        "status = coalesce($7, status), checked_at = CASE WHEN $7::varchar IS NULL THEN checked_at ELSE $8 END, "
        "asked_at = CASE WHEN $7 = 'validated' THEN NULL ELSE asked_at END, "
        "answer_by = CASE WHEN $7 = 'validated' THEN NULL ELSE answer_by END, "
        "attempts = 0, error = $9, busy_until = NULL, due = $10 WHERE id = $1"
    )
    async with transaction() as c:
        await c.execute("SELECT 1 FROM idcard.declaration WHERE id = $1 FOR UPDATE", row.id)
        needed = await queries.needed(await dossiers.dossier(row.dossier))
        same = needed is None or needed.get(row.digest) == wanted
        told, now, refused = ended.told, clock.now(), ended.state is State.REFUSED
        values = (told.place_id, told.place, told.at, told.url) if told else (None,) * 4
        again = now + _AGAIN_REFUSED if refused else now
        error = f"status-{ended.status}" if refused else ""
        await c.execute(sql, row.id, ended.state if same else State.DUE, *values, ended.status, now, error, again)
    return same


async def _add(c: Connection, dossier: UUID, emitter: UUID, digest: bytes, needed: Needed) -> UUID:
    sql = (
        "INSERT INTO idcard.declaration (id, dossier, emitter, applicant, number, number_digest, state, due) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'due', $7)"
    )
    added, sealed = new_id(), crypto.encrypt(needed.number.encode(), NUMBER)
    await c.execute(sql, added, dossier, emitter, needed.applicant, sealed, digest, clock.now())
    return added


async def _keep_up(c: Connection, row: Declaration, emitter: UUID, needed: Needed | None) -> None:
    """Whose it is now: an appointment moves between town halls, a number between applicants."""
    applicant = needed.applicant if needed else row.applicant
    if (row.emitter, row.applicant) != (emitter, applicant):
        sql = "UPDATE idcard.declaration SET emitter = $2, applicant = $3 WHERE id = $1"
        await c.execute(sql, row.id, emitter, applicant)


def _differs(row: Declaration, needed: Needed | None) -> bool:
    if row.state is State.WITHDRAWN:
        return needed is not None
    return needed is None or row.state is State.REFUSED or row.told != needed.declared


async def _arm(c: Connection, emitter: UUID, declarations: Sequence[UUID], state: State = State.DUE) -> None:
    """Let declarations be tried now, and a worker hear of it."""
    sql = "UPDATE idcard.declaration SET state = $3, due = $2, attempts = 0, error = '' WHERE id = $1"
    for declaration in declarations:
        await c.execute(sql, declaration, clock.now(), state)
        await outbox.record(DeclarationDue(emitter=emitter, declaration=declaration))
