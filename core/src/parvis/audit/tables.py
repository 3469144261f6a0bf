"""Rows of the audit trace, and of the chain that shows whether one was changed."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, BigSerial, Bytea, Date, Timestamptz, Varchar
from piccolo.table import Table


class Trace(Table, tablename="audit_trace", schema="parvis"):
    """One act. No foreign keys: a trace outlives what it is about, and erasing a person leaves only an id.

    `behalf` is for whom a helper or an agent acted; `subject` and `subject_id` say on what (`dossier`, its id).
    `stamp` proves that the instance wrote it; traces from before there were stamps have none.
    """

    id = UUID(primary_key=True, default=None)
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    behalf = UUID(null=True, default=None)
    emitter = UUID(null=True, default=None)
    action = Varchar(length=60)
    subject = Varchar(length=30)
    subject_id = UUID(null=True, default=None)
    details = JSONB()
    seq = BigSerial()
    stamp = Varchar(length=120, null=True, default=None)


class Link(Table, tablename="audit_link", schema="parvis"):
    """A trace's place in the chain: lines are numbered from 1 without a gap, `hash` covers the trace and the hash
    before. `head` is the instance's signature, on the last link of a month and of each round of chaining."""

    number = BigInt(primary_key=True, default=None)
    seq = BigInt(unique=True)
    month = Date(default=None)
    hash = Bytea()
    head = Varchar(length=120, null=True, default=None)
