"""The outbox: a fact is recorded with the change that caused it, and delivered to each reaction at least once.

async with transaction():
    ...
    await outbox.record(BookingConfirmed(...))
"""

from parvis.outbox.actions import OutsideTransaction, record
from parvis.outbox.rules import Later

__all__ = ["Later", "OutsideTransaction", "record"]
