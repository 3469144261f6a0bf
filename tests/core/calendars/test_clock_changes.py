"""Hours taken through PostgreSQL around the clock's changes: its idea of a local day is ours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from parvis import clock
from parvis.calendars import actions, proofs, queries, search
from parvis.testing.calendars import a_calendar, every_day

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Martinique", "Pacific/Noumea"])
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2028-02-29"])
async def test_every_hour_found_around_a_change_is_taken_where_it_was_found(zone: str, day: str):
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    clock.move(noon - timedelta(days=2) - clock.now())
    calendar = await a_calendar(zone=zone, weekly=every_day(time(0), time(5)), horizon_days=4)
    wanted = search.Wanted(service="idcard", kind="deposit", since=noon.date(), until=noon.date())
    found = (await search.search(wanted, limit=100)).items
    assert len(found) == (12 if (zone, day) == ("Europe/Paris", "2026-03-29") else 15)
    for slot in found:
        held = await actions.hold(calendar.id, "deposit", slot.start)
        booked = await queries.held(held.id, held.secret)
        assert (booked.start, booked.end) == (slot.start, slot.end)
        assert slot.start.astimezone(ZoneInfo(zone)).minute in (0, 20, 40)
    assert (await search.search(wanted)).items == []
    assert await proofs.unlike_bookings() == []
    assert await proofs.unlike_rules(calendar.id) == []
