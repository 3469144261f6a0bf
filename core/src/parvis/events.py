"""Facts that the core records: frozen, with identifiers only, never a name or an address of a person.

A plugin derives its own from `Event`, with a `type` that begins with its key.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A durable fact. `emitter` says whose it is; None is the instance's."""

    type: ClassVar[str] = ""

    emitter: UUID | None = None


class BookingFact(Event, frozen=True, kw_only=True):
    """What every fact about a booking carries; `start` and `end` are instants (UTC).

    Without `tell`, staff chose that the person is not written to about it.
    """

    booking: UUID
    dossier: UUID | None = None
    calendar: UUID
    start: datetime
    end: datetime
    tell: bool = True


class BookingConfirmed(BookingFact, frozen=True, kw_only=True):
    """An hour was taken for good."""

    type = "booking.confirmed"


class BookingMoved(BookingFact, frozen=True, kw_only=True):
    """A booking has a new hour or place, and keeps its id; the calendar and start it had are given too."""

    type = "booking.moved"

    previous_calendar: UUID
    previous_start: datetime


class BookingCancelled(BookingFact, frozen=True, kw_only=True):
    """A booking was cancelled; its hour returns to the public after the emitter's delay."""

    type = "booking.cancelled"


class BookingRestored(BookingFact, frozen=True, kw_only=True):
    """A cancellation was undone while the hour was still there: the booking is live again."""

    type = "booking.restored"


class HoldLapsed(BookingFact, frozen=True, kw_only=True):
    """A held hour was not confirmed in time and is free again."""

    type = "hold.lapsed"


class DossierOpened(Event, frozen=True, kw_only=True):
    """A resident's matter with a service begins."""

    type = "dossier.opened"

    dossier: UUID
    service: str


class DossierClosed(Event, frozen=True, kw_only=True):
    """A dossier has reached its end; its retention begins."""

    type = "dossier.closed"

    dossier: UUID
    service: str


class DossierTakenOver(Event, frozen=True, kw_only=True):
    """A resident took a dossier that was opened for them into their account.

    `reached`: nobody was written to about it before, and their account's contact is from now on.
    """

    type = "dossier.taken-over"

    dossier: UUID
    service: str
    reached: bool = False


class ReadingQuestioned(Event, frozen=True, kw_only=True):
    """A resident asked an emitter who read their dossier."""

    type = "reading.questioned"

    question: UUID


class ReadingAnswered(Event, frozen=True, kw_only=True):
    """An emitter's manager answered who read a dossier."""

    type = "reading.answered"

    question: UUID


class ContactCodeRequested(Event, frozen=True, kw_only=True):
    """Somebody asked for a code that proves a contact; the row named here holds address and code, encrypted."""

    type = "contact.code-requested"

    proof: UUID


class GrantsChanged(Event, frozen=True, kw_only=True):
    """What somebody may do changed, or might be mirrored elsewhere by now; what holds is read where it is needed."""

    type = "grants.changed"

    person: UUID


class BillWritten(Event, frozen=True, kw_only=True):
    """An agent asks somebody for an amount."""

    type = "bill.written"

    basket: UUID


class PaymentSettled(Event, frozen=True, kw_only=True):
    """Money came in (`cents`) and was taken: for the place (`paid`), or to be given back (`vain`, `extra`)."""

    type = "payment.settled"

    intent: UUID
    capture: UUID | None = None
    taken_as: str
    cents: int


class PaymentExpired(Event, frozen=True, kw_only=True):
    """An amount was not paid in time, or is no longer asked for: what was kept for it can be freed."""

    type = "payment.expired"

    intent: UUID


class DebitAnnounced(Event, frozen=True, kw_only=True):
    """A bank has been asked to debit a payer's account."""

    type = "debit.announced"

    debit: UUID


class DebitFailed(Event, frozen=True, kw_only=True):
    """A debit was rejected by the payer's bank, or taken back after it."""

    type = "debit.failed"

    debit: UUID


class PaymentStands(Event, frozen=True, kw_only=True):
    """A payment was entered as taken back by its payer's bank, and that was a mistake: nothing is owed of it."""

    type = "payment.stands"

    capture: UUID


class PaymentTakenBack(Event, frozen=True, kw_only=True):
    """A payer's bank took money that had come in back, all of it or so many cents: it is owed again."""

    type = "payment.taken-back"

    capture: UUID
    cents: int | None = None
    dispute: UUID | None = None


class RefundDone(Event, frozen=True, kw_only=True):
    """Money was given back."""

    type = "refund.done"

    refund: UUID
    cents: int


class MessageQueued(Event, frozen=True, kw_only=True):
    """A mail or an SMS waits to leave."""

    type = "message.queued"

    message: UUID


def event_types() -> dict[str, type[Event]]:
    """Every event type that is loaded, plugins' included, by its name."""
    found: dict[str, type[Event]] = {}
    waiting = list(Event.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.type:
            found[kind.type] = kind
    return found
