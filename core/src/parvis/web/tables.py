"""Rows of the web: what was answered under an idempotency key."""

from __future__ import annotations

from piccolo.columns import Bytea, SmallInt, Timestamptz, Varchar
from piccolo.table import Table


class KeptAnswer(Table, tablename="kept_answer", schema="parvis"):
    """An answer kept for a retry: digests of client and key, and of the request; the body encrypted."""

    key = Bytea(primary_key=True, default=None)
    request = Bytea(default=None)
    status = SmallInt()
    location = Varchar(length=200)
    body = Bytea(default=None)
    created = Timestamptz(default=None)
