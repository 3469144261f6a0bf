"""Whether an hour that is held may still be booked here: its town hall may have taken the service back meanwhile."""

from __future__ import annotations

from parvis.calendars import offering
from parvis.calendars.queries import BookingInfo
from parvis.calendars.slots import UnknownSlot
from parvis.errors import Refusal, Refused, Text
from parvis.territory import queries as territory
from parvis_idcard.queries import PLUGIN

_NOT_OFFERED = Refusal(
    "not-offered", Text("This town hall no longer takes appointments here. Please choose another one.")
)


async def check(held: BookingInfo, for_others: bool) -> None:
    """Refuse what was taken back meanwhile; staff may book what is not published. Raises Refused."""
    if not await territory.is_enabled(PLUGIN, held.emitter):
        raise Refused(_NOT_OFFERED)
    if not for_others:
        try:
            await offering.one(held.calendar, held.start)
        except UnknownSlot as error:
            raise Refused(_NOT_OFFERED) from error
