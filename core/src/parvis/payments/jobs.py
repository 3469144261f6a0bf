"""What the worker does for payments: ask what became of them, give up what is late, give back, reconcile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TypeAlias
from uuid import UUID

import structlog

from parvis import clock, settings
from parvis.contract.payments import OutcomeUnknown, Provider
from parvis.db import connection
from parvis.errors import Refused
from parvis.jobs import Timer
from parvis.payments import expiring, hearing, payers, polling, providers, refund_sending
from parvis.payments.accounts import BY_OURSELVES
from parvis.payments.debits import personal
from parvis.payments.expiring import ProviderOf
from parvis.payments.statements import reconciling
from parvis.payments.tariffs import quotes

log = structlog.get_logger()
_Act: TypeAlias = Callable[[UUID, Provider], Awaitable[object]]
# A statement of a day is read once it is surely complete, and asked for again for so many days.
_COMPLETE_FROM = 4
_DAYS = 31
_UNANSWERED = timedelta(minutes=10)
_APPROVED = (
    "SELECT r.id, c.account FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture "
    "WHERE r.state = 'approved' AND r.method = 'provider' ORDER BY r.changed LIMIT 100"
)
_ASKED = (
    "SELECT r.id, c.account FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture "
    "WHERE r.state IN ('sent', 'unknown') AND r.method = 'provider' AND r.changed <= $1 ORDER BY r.changed LIMIT 100"
)
_READ = (
    "SELECT a.key, max(s.day) AS last FROM parvis.provider_account a LEFT JOIN parvis.statement s ON s.account = a.key "
    "WHERE a.provider <> ALL ($1) GROUP BY a.key ORDER BY a.key"
)


def timers() -> tuple[Timer, ...]:
    """Look and give up every half minute, give back every minute, reconcile every hour, forget payers,
    mandates, and what was asked of tariffs or told by providers once a day."""
    return (
        Timer("payments.look", timedelta(seconds=30), _look),
        Timer("payments.expire", timedelta(seconds=30), _expire),
        Timer("payments.refund", timedelta(minutes=1), _refund),
        Timer("payments.reconcile", timedelta(hours=1), reconcile),
        Timer("payments.forget", timedelta(days=1), payers.forget_old),
        Timer("payments.forget-asks", timedelta(days=1), quotes.forget_asks),
        Timer("payments.forget-events", timedelta(days=1), hearing.forget_old),
        Timer("payments.forget-mandates", timedelta(days=1), personal.forget_old),
    )


async def _look() -> int:
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
        rows = await c.fetch(sql, *values)
    done = 0
    for row in rows:
        try:
            await act(row["id"], provider_of(row["account"]))
            done += 1
        except Refused:
            # Another worker, or an accountant, was quicker.
            log.info("refund.passed-by", refund=str(row["id"]))
    return done


async def reconcile() -> int:
    """Read the statements of the days that are over, and note what waits too long; how many statements."""
    async with connection() as c:
        rows = await c.fetch(_READ, list(BY_OURSELVES))
    known, now = await providers.every(), clock.now().astimezone(settings.current().zone)
    until = now.date() - timedelta(days=1 if now.hour >= _COMPLETE_FROM else 2)
    read = 0
    for row in rows:
        read += await _catch_up(known(row["key"]), row["key"], row["last"] or until - timedelta(days=1), until)
        await reconciling.note_waiting(row["key"])
    return read


async def _catch_up(provider: Provider, account: str, last: date, until: date) -> int:
    try:
        if not provider.caps(account).rows:
            return 0
        days = min((until - last).days, _DAYS)
        for ahead in range(days - 1, -1, -1):
            await reconciling.reconcile_day(provider, account, until - timedelta(days=ahead))
    except (OutcomeUnknown, Refused):
        log.warning("statement.unread", account=account)
        return 0
    return max(days, 0)
