"""Rows of the audit trace."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Timestamptz, Varchar
from piccolo.table import Table


class Trace(Table, tablename="audit_trace", schema="parvis"):
    """One act. No foreign keys: a trace outlives what it is about, and erasing a person leaves only an id.

    `behalf` is for whom a helper or an agent acted; `subject` and `subject_id` say on what (`dossier`, its id).
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
