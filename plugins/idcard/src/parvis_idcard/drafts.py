"""Drafts: what somebody has told us while their hour is held, so that nothing typed is lost.

A draft is found by whoever has the hold's secret, and stays an hour longer than the hold: after a lapse, what was
typed goes with the next hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from parvis import clock, crypto
from parvis.db import connection, transaction
from parvis.web.forms import Raw
from parvis_idcard.rules import Paper

_PURPOSE = "idcard-draft"
_LONGER = timedelta(hours=1)
_SEARCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The paper wanted, the query of the search that led here, the form as sent (url-encoded), the proof awaited."""

    paper: Paper | None
    search: str
    form: str | None
    proof: UUID | None


async def begin(hold: UUID, until: datetime, paper: Paper | None, search: str, form: str | None) -> None:
    """Begin the draft of a hold, with what was typed for an earlier one."""
    sql = "INSERT INTO idcard.draft (hold, paper, search, form, ends_at) VALUES ($1, $2, $3, $4, $5)"
    async with transaction() as c:
        await c.execute(sql, hold, paper, search[:_SEARCH], form and _sealed(form), until + _LONGER)


async def keep(hold: UUID, raw: Raw) -> None:
    """Keep what was typed, right or wrong."""
    form = urlencode([(name, typed) for name, several in raw.items() for typed in several])
    sql = "UPDATE idcard.draft SET form = $2, ends_at = greatest(ends_at, $3) WHERE hold = $1"
    async with transaction() as c:
        await c.execute(sql, hold, _sealed(form), clock.now() + _LONGER)


async def await_proof(hold: UUID, proof: UUID | None) -> None:
    """Remember which proof of the contact is on its way."""
    async with transaction() as c:
        await c.execute("UPDATE idcard.draft SET proof = $2 WHERE hold = $1", hold, proof)


async def draft(hold: UUID) -> Draft | None:
    """The draft of a hold; ask for the hold's secret first."""
    async with connection() as c:
        row = await c.fetchrow("SELECT paper, search, form, proof FROM idcard.draft WHERE hold = $1", hold)
    if row is None:
        return None
    form = row["form"] and crypto.decrypt(row["form"], _PURPOSE).decode()
    return Draft(paper=row["paper"] and Paper(row["paper"]), search=row["search"], form=form, proof=row["proof"])


async def forget(hold: UUID) -> None:
    """Forget a draft that became a booking, or was given up."""
    async with transaction() as c:
        await c.execute("DELETE FROM idcard.draft WHERE hold = $1", hold)


async def sweep() -> int:
    """Forget the drafts of holds that lapsed an hour ago; how many."""
    async with transaction() as c:
        return len(await c.fetch("DELETE FROM idcard.draft WHERE ends_at < $1 RETURNING hold", clock.now()))


def _sealed(form: str) -> bytes:
    return crypto.encrypt(form.encode(), _PURPOSE)
