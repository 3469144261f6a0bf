"""What the worker does for payments: ask what became of them, give up what is late, give back, reconcile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from parvis import clock, settings
from parvis.contract.payments import OutcomeUnknown, Provider
from parvis.db import connection
from parvis.errors import Refused
from parvis.jobs import Timer
from parvis.payments import attempts, expiring, hearing, payers, polling, providers, refund_sending, rounds
from parvis.payments.accounts import BY_OURSELVES
from parvis.payments.attempts import ProviderOf
from parvis.payments.debits import orders, personal, watching
from parvis.payments.statements import keeping, reconciling
from parvis.payments.tariffs import quotes

log = structlog.get_logger()
_Act: TypeAlias = Callable[[UUID, Provider], Awaitable[object]]
# A statement of a day is read once it is surely complete, so many days in one run: the next run goes on.
_COMPLETE_FROM = 4
_DAYS = 31
_UNANSWERED = timedelta(minutes=10)
_BATCH = 100
# So many of each account: a backlog of one leaves room for the others.
_OF_EACH = (
    "SELECT id, account FROM (SELECT r.id, c.account, r.changed, "
    "row_number() OVER (PARTITION BY c.account ORDER BY r.changed) AS turn "
    "FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture WHERE r.method = 'provider' AND "
)
_IN_TURN = ") AS due WHERE turn <= $1 ORDER BY changed"
_APPROVED = _OF_EACH + "r.state = 'approved'" + _IN_TURN
_ASKED = _OF_EACH + "r.state IN ('sent', 'unknown') AND r.changed <= $2" + _IN_TURN
# A new account begins with its first money, whoever was away meanwhile.
_ACCOUNTS = """
SELECT a.key AS account, coalesce(max(s.day),
    (SELECT min(c.day) - 1 FROM parvis.capture c WHERE c.account = a.key)) AS last
FROM parvis.provider_account a LEFT JOIN parvis.statement s ON s.account = a.key
WHERE a.provider <> ALL ($1) GROUP BY a.key ORDER BY a.key
"""


def timers() -> tuple[Timer, ...]:
    """Look and give up every half minute, give back every minute, reconcile and watch every hour, forget payers,
    mandates, banks' orders, statements, and what was asked of tariffs or told by providers once a day."""
    return (
        Timer("payments.look", timedelta(seconds=30), _look),
        Timer("payments.expire", timedelta(seconds=30), _expire),
        Timer("payments.refund", timedelta(minutes=1), _refund),
        Timer("payments.reconcile", timedelta(hours=1), reconcile),
        Timer("payments.forget", timedelta(days=1), payers.forget_old),
        Timer("payments.forget-asks", timedelta(days=1), quotes.forget_asks),
        Timer("payments.forget-events", timedelta(days=1), hearing.forget_old),
        Timer("payments.forget-statements", timedelta(days=1), keeping.forget_old),
        Timer("payments.forget-mandates", timedelta(days=1), personal.forget_old),
        Timer("payments.forget-orders", timedelta(days=1), orders.forget_old),
        Timer("payments.watch", timedelta(hours=1), watching.note_waiting),
    )


async def _look() -> int:
    await attempts.lose_unanswered()
    return await polling.look_due(await providers.every())


async def _expire() -> int:
    return await expiring.expire_due(await providers.every())


async def _refund() -> None:
    known = await providers.every()
    await send_refunds(known)
    await ask_again(known)


async def send_refunds(provider_of: ProviderOf) -> int:
    """Send what was approved and leaves through its provider; how many."""
    return await _each(_APPROVED, provider_of, refund_sending.send)


async def ask_again(provider_of: ProviderOf) -> int:
    """Ask about what was sent ten minutes ago and not answered, or whose sender died; how many."""
    return await _each(_ASKED, provider_of, refund_sending.ask_again, clock.now() - _UNANSWERED)


async def _each(sql: str, provider_of: ProviderOf, act: _Act, *values: object) -> int:
    async with connection() as c:
        rows = await c.fetch(sql, _BATCH, *values)
    return await rounds.each("refund", rows, partial(_one, provider_of, act))


async def _one(provider_of: ProviderOf, act: _Act, row: asyncpg.Record) -> bool:
    try:
        await act(row["id"], provider_of(row["account"]))
    except Refused:
        # Another worker, or an accountant, was quicker.
        log.info("refund.passed-by", refund=str(row["id"]))
        return False
    return True


async def reconcile() -> int:
    """Read the statements of the days that are over, and note what waits too long; how many statements."""
    async with connection() as c:
        rows = await c.fetch(_ACCOUNTS, list(BY_OURSELVES))
    return await rounds.each("reconcile", rows, partial(_read, await providers.every()))


async def _read(provider_of: ProviderOf, row: asyncpg.Record) -> int:
    try:
        return await _catch_up(provider_of(row["account"]), row["account"], row["last"])
    except (OutcomeUnknown, Refused):
        log.warning("statement.unread", account=row["account"])
        return 0
    finally:
        await reconciling.note_waiting(row["account"])


async def _catch_up(provider: Provider, account: str, last: date | None) -> int:
    if not provider.caps(account).rows:
        return 0
    days = _days(last, clock.now().astimezone(settings.current().zone))
    for day in days:
        await reconciling.reconcile_day(provider, account, day)
    return len(days)


def _days(last: date | None, now: datetime) -> list[date]:
    """The days to read after the last one that was, the oldest first, as many as one run reads."""
    until = now.date() - timedelta(days=1 if now.hour >= _COMPLETE_FROM else 2)
    since = until - timedelta(days=1) if last is None else last
    return [since + timedelta(days=n) for n in range(1, min((until - since).days, _DAYS) + 1)]
