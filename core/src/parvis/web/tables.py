"""Rows of the web: what was answered under an idempotency key, what was tried how often, which challenges are spent."""

from __future__ import annotations

from piccolo.columns import UUID, Bytea, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from parvis.db.sealed import Sealed


class KeptAnswer(Table, tablename="kept_answer", schema="parvis"):
    """An answer kept for a retry: digests of client and key, and of the request; the body encrypted."""

    key = Bytea(primary_key=True, default=None)
    request = Bytea(default=None)
    status = SmallInt()
    location = Varchar(length=200)
    body = Sealed("kept-answer", default=None)
    created = Timestamptz(default=None)


class Attempt(Table, tablename="attempt", schema="parvis"):
    """An attempt at something that is guarded: a keyed digest of what, and when."""

    id = UUID(primary_key=True, default=None)
    subject = Bytea(default=None)
    at = Timestamptz(default=None)


class SpentChallenge(Table, tablename="spent_challenge", schema="parvis"):
    """A challenge whose answer was taken; kept until it has expired anyway."""

    id = UUID(primary_key=True, default=None)
    until = Timestamptz(default=None)
