"""Rows of the dossiers."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Array, Bytea, ForeignKey, Integer, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from parvis.calendars.tables import Booking
from parvis.db.sealed import Sealed
from parvis.identity.tables import Person
from parvis.territory.tables import Emitter


class Dossier(Table, tablename="dossier", schema="parvis"):
    """A resident's matter with one service of one emitter.

    `contact`, `phone` and `names` (a JSON list) are encrypted; the digests find what belongs to a proved contact, to a
    telephone number, and names however they are spelt (`searching`).
    `kept_days` counts from `closed_at`; then everything personal is null and `state` is erased. `home` is the INSEE
    code of the municipality they said they come from; it stays for the figures.
    """

    id = UUID(primary_key=True, default=None)
    reference = Varchar(length=8, unique=True)
    service = Varchar(length=40)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    person = ForeignKey(Person, null=True, default=None, on_delete=OnDelete.set_null)
    contact_kind = Varchar(length=4, null=True, default=None)
    contact = Sealed("dossier-contact", null=True, default=None)
    contact_digest = Bytea(null=True, default=None)
    phone = Sealed("dossier-contact", null=True, default=None)
    phone_digest = Bytea(null=True, default=None)
    names = Sealed("dossier-names", null=True, default=None)
    name_digests = Array(base_column=Integer(), null=True, default=None)
    language = Varchar(length=2)
    state = Varchar(length=10, default="open")
    booking = ForeignKey(Booking, null=True, default=None, on_delete=OnDelete.set_null)
    kept_days = SmallInt()
    home = Varchar(length=5, null=True, default=None)
    opened_at = Timestamptz(default=None)
    closed_at = Timestamptz(null=True, default=None)


class TimelineRow(Table, tablename="timeline", schema="parvis"):
    """What happened to a dossier: a fixed `event` key, its data without personal data, and who did it.

    `emitter` is the one that staff acted for.
    """

    id = UUID(primary_key=True, default=None)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade)
    at = Timestamptz(default=None)
    event = Varchar(length=40)
    data = JSONB()
    by = Varchar(length=10, default="system")
    actor = UUID(null=True, default=None)
    emitter = ForeignKey(Emitter, null=True, default=None, on_delete=OnDelete.set_null)


class TakeoverCode(Table, tablename="takeover_code", schema="parvis"):
    """A code with which a resident takes a dossier over: a keyed digest, for the `way` (slip, mail) it travels.

    `over_at` is set once it was used (`used_by` an account), or another took its place.
    """

    id = UUID(primary_key=True, default=None)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade)
    digest = Bytea(unique=True)
    way = Varchar(length=4)
    made_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    over_at = Timestamptz(null=True, default=None)
    used_by = UUID(null=True, default=None)


class ReadingQuestion(Table, tablename="reading_question", schema="parvis"):
    """A resident asks who read their dossier: `reading` is the trace's id, `emitter` who has to answer.

    `answer` is encrypted, as it may name somebody. `told_at` and `answer_told_at` say that the mail was queued.
    """

    id = UUID(primary_key=True, default=None)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade)
    reading = UUID(default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    asked_at = Timestamptz(default=None)
    told_at = Timestamptz(null=True, default=None)
    answer = Sealed("reading-answer", null=True, default=None)
    answered_at = Timestamptz(null=True, default=None)
    answered_by = UUID(null=True, default=None)
    answer_told_at = Timestamptz(null=True, default=None)
