"""A till's accounts at its providers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from parvis import crypto
from parvis.db import connection, transaction
from parvis.errors import Conflict, Invalid, NotFound, Refusal, Text
from parvis.payments.books.postings import BANK, CASH, CREDIT, PAID_OVER, clearing

_KEY = re.compile(r"[a-z0-9._-]{1,50}")
OFFLINE, SEPA = "offline", "sepa"
# Where nobody is led to a page of a provider.
BY_OURSELVES = (OFFLINE, SEPA)
_DETAILS = "payment-account"
S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Account:
    """A till's account at a provider (its key); `gives_back` is how refunds leave, `label` what a payer reads of it."""

    key: str
    till: UUID
    provider: str
    gives_back: str
    label: str = ""

    @property
    def collects_into(self) -> str:
        """The till's own account in its books that money from here goes into."""
        return {OFFLINE: CASH, SEPA: BANK}.get(self.provider) or clearing(self.key)

    def pays_from(self, method: str, *, own: bool = False) -> str:
        """The account that a refund by `method` leaves from.

        The public accountant pays by mandate out of what was handed over; a till of the emitter's `own` money has none.
        """
        if method == "mandate" and not own:
            return PAID_OVER
        return {"provider": self.collects_into, "cash": CASH, "credit": CREDIT}.get(method, BANK)


async def add_account(key: str, till: UUID, provider: str, gives_back: str = "provider") -> Account:
    """Let a till collect through a provider. Raises Invalid for an unfit key, Conflict if another till has it."""
    if not _KEY.fullmatch(key):
        text = Text("The name of an account has small letters, figures, dots, dashes: at most 50.")
        raise Invalid(Refusal("account-key", text, "key"))
    sql = (
        "INSERT INTO parvis.provider_account AS kept (key, till, provider, gives_back) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (key) DO UPDATE SET gives_back = excluded.gives_back "
        "WHERE kept.till = excluded.till AND kept.provider = excluded.provider "
        "RETURNING key, till, provider, gives_back"
    )
    async with transaction() as c:
        row = await c.fetchrow(sql, key, till, provider, gives_back)
    if row is None:
        raise Conflict(Text("Another till has an account of this name."))
    return Account(**row)


async def account(key: str) -> Account:
    """An account. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(
            "SELECT key, till, provider, gives_back FROM parvis.provider_account WHERE key = $1", key
        )
    if row is None:
        raise NotFound
    return Account(**row)


async def accounts_of(till: UUID) -> list[Account]:
    """A till's accounts, as they are offered: in the till's order."""
    sql = (
        "SELECT key, till, provider, gives_back, label FROM parvis.provider_account WHERE till = $1 ORDER BY rank, key"
    )
    async with connection() as c:
        return [Account(**row) for row in await c.fetch(sql, till)]


async def accounts_at(provider: str) -> list[Account]:
    """Every till's account at a provider, by key."""
    sql = "SELECT key, till, provider, gives_back FROM parvis.provider_account WHERE provider = $1 ORDER BY key"
    async with connection() as c:
        return [Account(**row) for row in await c.fetch(sql, provider)]


async def collects_since(account: str) -> datetime | None:
    """When the first money came in at an account (UTC), None while none has."""
    async with connection() as c:
        first: datetime | None = await c.fetchval("SELECT min(at) FROM parvis.capture WHERE account = $1", account)
    return first


async def offer(account: str, till: UUID, label: str, *, first: bool = False) -> None:
    """Say what a payer reads of a till's account, and offer it before the others. Raises NotFound."""
    sql = (
        "UPDATE parvis.provider_account SET label = $3, rank = CASE WHEN $4 THEN "
        "(SELECT min(rank) - 1 FROM parvis.provider_account WHERE till = $2) ELSE rank END "
        "WHERE key = $1 AND till = $2 RETURNING key"
    )
    async with transaction() as c:
        if await c.fetchval(sql, account, till, label, first) is None:
            raise NotFound


async def keep_details(account: str, details: msgspec.Struct) -> None:
    """Keep what a till says of its account at a provider, encrypted. Raises NotFound."""
    sealed = crypto.encrypt(msgspec.json.encode(details), _DETAILS)
    sql = "UPDATE parvis.provider_account SET details = $2 WHERE key = $1 RETURNING key"
    async with transaction() as c:
        if await c.fetchval(sql, account, sealed) is None:
            raise NotFound


async def account_details(account: str, kind: type[S]) -> S:
    """What a till says of its account, by default what `kind` has. Raises NotFound for an account nobody has."""
    async with connection() as c:
        row = await c.fetchrow("SELECT details FROM parvis.provider_account WHERE key = $1", account)
    if row is None:
        raise NotFound
    return msgspec.json.decode(crypto.decrypt(row["details"], _DETAILS), type=kind) if row["details"] else kind()
