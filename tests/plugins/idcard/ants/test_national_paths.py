"""The three paths that the national search calls, over HTTP."""

import json
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest

from parvis import clock, settings
from parvis.calendars import actions as calendars
from parvis.calendars import grids, planning
from parvis.db import connection, transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.identity.contacts import code_to_send
from parvis.territory.actions import add_emitter, enable_plugin, publish
from parvis.territory.queries import emitter, place
from parvis.testing.applications import application
from parvis.testing.calendars import a_calendar, every_day
from parvis_idcard import actions, queries
from parvis_idcard.rules import Age, Applicant

PARIS = ZoneInfo("Europe/Paris")
HEADER = "x-hub-rdv-auth-token"


@pytest.fixture
async def app(town, monkeypatch):
    monkeypatch.setenv("PARVIS_IDCARD_ANTS_TOKENS", "old-token, new-token")
    whole = await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    await enable_plugin(whole, "idcard")
    await publish(whole, "idcard")
    return application()


@pytest.fixture
async def hub(app):
    base = settings.current().base_url
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=base, headers={HEADER: "new-token", "accept": "application/json"}
    ) as http:
        yield http


@pytest.fixture
async def browser(app):
    base = settings.current().base_url
    headers = {"accept": "text/html", "accept-language": "en"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, headers=headers) as http:
        yield http


async def slug_of(town):
    return (await place(town.calendar.place)).slug


async def slots(hub, town, **changed):
    day = town.calendar.day
    asked = {"meeting_point_ids": await slug_of(town), "start_date": day, "end_date": day, "reason": "CNI"} | changed
    answer = await hub.get("/ants/availableTimeSlots", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", ["getManagedMeetingPoints", "availableTimeSlots", "searchApplicationIds"])
@pytest.mark.parametrize("token", [None, "", "wrong", "new-token, old-token", "é"])
async def test_without_the_token_nobody_is_let_in(hub, path, token):
    hub.headers.pop(HEADER)
    headers = {} if token is None else {HEADER: token.encode()}
    answer = await hub.get(f"/ants/{path}", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": "X-HUB-RDV-AUTH-TOKEN header invalid"})


@pytest.mark.parametrize("token", ["old-token", "new-token"])
async def test_two_tokens_are_valid_at_a_time(hub, token):
    assert (await hub.get("/ants/getManagedMeetingPoints", headers={HEADER: token})).status_code == 200


async def test_the_headers_name_is_a_setting(town, monkeypatch):
    monkeypatch.setenv("PARVIS_IDCARD_ANTS_TOKENS", "secret")
    monkeypatch.setenv("PARVIS_IDCARD_ANTS_HEADER", "X-Other")
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url=settings.current().base_url) as http:
        assert (await http.get("/ants/getManagedMeetingPoints", headers={"x-other": "secret"})).status_code == 200
        refused = await http.get("/ants/getManagedMeetingPoints", headers={HEADER: "secret"})
        assert refused.json() == {"detail": "X-OTHER header invalid"}


async def test_a_place_is_described_as_the_search_reads_it(hub, town):
    found = await place(town.calendar.place)
    owner = await emitter(found.emitter)
    answer = await hub.get("/ants/getManagedMeetingPoints")
    assert answer.json() == [
        {
            "id": found.slug,
            "name": found.name,
            "longitude": 7.33,
            "latitude": 47.75,
            "public_entry_address": "1 rue de la Mairie",
            "zip_code": "68100",
            "city_name": found.city,
            "website": f"http://localhost:8000/e/{owner.slug}/idcard",
        }
    ]


@pytest.mark.parametrize("gone", ["inactive", "unpublished", "disabled", "another kind", "never open"])
async def test_only_active_places_with_card_or_passport_hours_are_listed(hub, town, gone):
    other = await a_calendar(weekly=[] if gone == "never open" else every_day())
    await enable_plugin(other.emitter, "idcard")
    await publish(other.emitter, "idcard")
    sql = {
        "inactive": ("UPDATE parvis.place SET active = false WHERE id = $1", other.place),
        "unpublished": ("DELETE FROM parvis.publication WHERE emitter = $1", other.emitter),
        "disabled": ("DELETE FROM parvis.enabled_plugin WHERE emitter = $1", other.emitter),
        "another kind": ("DELETE FROM parvis.calendar_kind WHERE calendar = $1", other.id),
    }
    async with transaction() as c:
        if gone in sql:
            await c.execute(*sql[gone])
    listed = (await hub.get("/ants/getManagedMeetingPoints")).json()
    assert [point["id"] for point in listed] == [await slug_of(town)]
    slug = (await place(other.place)).slug
    assert (await slots(hub, town, meeting_point_ids=slug)) == {slug: []}


async def test_hours_are_wall_clock_time_with_a_z_and_lead_to_their_page(hub, town):
    slug = await slug_of(town)
    await town.hold(9)
    found = (await slots(hub, town, reason="PASSPORT", documents_number=2))[slug]
    day = town.calendar.day
    assert [hour["datetime"] for hour in found] == [
        f"{day}T{at}Z" for at in ("09:20", "09:40", "10:00", "10:20", "10:40", "11:00", "11:20")
    ]
    assert found[0]["callback_url"] == (
        f"http://localhost:8000/e/m2a/idcard/at/{slug}/{day}T09:20?reason=PASSPORT&documents_number=2"
    )


async def test_every_place_asked_for_has_a_key_in_its_order(hub, town):
    slug = await slug_of(town)
    ids = ["nowhere", slug, 'odd"one', slug]
    assert list(await slots(hub, town, meeting_point_ids=ids)) == ["nowhere", slug, 'odd"one']


async def test_an_hour_is_there_once_though_two_desks_are_free(hub, town):
    await planning.add_desk(town.calendar.id, "Another", every_day())
    await grids.open_days(town.calendar.id)
    hours = [hour["datetime"] for hour in (await slots(hub, town))[await slug_of(town)]]
    assert len(hours) == len(set(hours)) == 9


async def test_more_people_than_a_place_takes_find_nothing(hub, town):
    assert await slots(hub, town, documents_number=9) == {await slug_of(town): []}


@pytest.mark.parametrize("change", [date(2027, 3, 28), date(2027, 10, 31)])
async def test_both_sides_of_a_clock_change_show_the_hour_on_the_wall(hub, town, change):
    before = datetime.combine(change - timedelta(days=4), time(8), PARIS)
    clock.move(before - clock.now())
    await grids.open_days(town.calendar.id)
    days = [change + timedelta(days=n) for n in (-1, 0, 1)]
    asked = {"start_date": days[0], "end_date": days[-1]}
    found = (await slots(hub, town, **asked))[await slug_of(town)]
    nine = [f"{day}T{at}Z" for day in days for at in ("09:00", "09:20")]
    assert [hour["datetime"] for hour in found if "T09:0" in hour["datetime"] or "T09:2" in hour["datetime"]] == nine
    for day in days:
        await calendars.hold(town.calendar.id, "deposit", datetime.combine(day, time(9), PARIS))
    left = (await slots(hub, town, **asked))[await slug_of(town)]
    assert {h["datetime"] for h in found} - {h["datetime"] for h in left} == {f"{day}T09:00Z" for day in days}


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("availableTimeSlots", "", "meeting_point_ids"),
        ("availableTimeSlots", "meeting_point_ids=a&start_date=2027-01-04&end_date=2027-01-05&reason=x", "reason"),
        (
            "availableTimeSlots",
            "meeting_point_ids=a&start_date=2027-01-04&end_date=2027-01-05&reason=CNI&documents_number=100000",
            "documents_number",
        ),
        ("availableTimeSlots", "meeting_point_ids=a&start_date=2027-01-04&end_date=2037-01-05&reason=CNI", "end_date"),
        ("availableTimeSlots", "meeting_point_ids=%FF", "query"),
        ("availableTimeSlots", "&".join(f"meeting_point_ids={n}" for n in range(1_500)), "query"),
        ("searchApplicationIds", "", "application_ids"),
        ("searchApplicationIds", "application_ids=1", "application_ids"),
        ("searchApplicationIds", "application_ids[]=A123456789", "application_ids"),
    ],
)
async def test_a_bad_parameter_is_400_in_the_searchs_words(hub, path, query, name):
    answer = await hub.get(f"/ants/{path}?{query}")
    assert answer.status_code == 400
    assert answer.json() == {"error": {"code": 400, "message": f"Invalid {name} param"}}


async def booked(town, numbers=("A123456789",), hour=9, **rest):
    request = await town.request(await town.hold(hour, people=len(numbers)), numbers=list(numbers), **rest)
    return await dossiers.dossier((await actions.book(request)).dossier)


async def applications(hub, *numbers):
    answer = await hub.get("/ants/searchApplicationIds", params=[("application_ids", number) for number in numbers])
    assert answer.status_code == 200
    return answer.json()


async def test_live_deposits_are_found_by_number_each_with_an_address_of_its_own(hub, town):
    await booked(town, ["A123456789", "B123456789"])
    found = await applications(hub, "a123456789", "B123456789", "C123456789")
    assert found["C123456789"] == []
    first, second = found["a123456789"][0], found["B123456789"][0]
    assert set(first) == {"meeting_point", "datetime", "management_url", "cancel_url"}
    assert first["meeting_point"] == (await place(town.calendar.place)).name
    assert first["datetime"] == second["datetime"] == f"{town.calendar.day}T09:00Z"
    assert first["management_url"] != second["management_url"]
    for told in ("A123456789", "Martin", "lea", "key=", "token"):
        assert told not in json.dumps(first)


async def test_the_address_stays_when_the_appointment_moves_and_goes_when_it_is_cancelled(hub, town):
    dossier = await booked(town)
    before = (await applications(hub, "A123456789"))["A123456789"][0]
    await actions.move(dossier, town.calendar.id, town.calendar.at(11), By("resident"))
    after = (await applications(hub, "A123456789"))["A123456789"][0]
    assert (after["management_url"], after["datetime"]) == (before["management_url"], f"{town.calendar.day}T11:00Z")
    await actions.cancel(dossier.id, By("resident"))
    assert await applications(hub, "A123456789") == {"A123456789": []}


async def test_collections_and_what_is_over_are_not_found(hub, town):
    hold = await town.hold(kind="collection")
    await actions.book(await town.request(hold, numbers=["A123456789"], reason=None))
    await booked(town, ["B123456789"], hour=10, email="paul@example.org")
    clock.move(town.calendar.at(11) - clock.now())
    assert await applications(hub, "A123456789", "B123456789") == {"A123456789": [], "B123456789": []}


async def address(hub, number="A123456789", name="management_url"):
    return urlsplit((await applications(hub, number))[number][0][name]).path


async def bookings():
    async with connection() as c:
        return await c.fetch("SELECT state, sequence FROM parvis.booking")


@pytest.mark.parametrize("name", ["management_url", "cancel_url"])
async def test_opening_the_address_shows_no_name_and_changes_nothing(hub, browser, town, name):
    dossier = await booked(town)
    before, page = await bookings(), await browser.get(await address(hub, name=name))
    assert page.status_code == 200
    for told in ("Martin", "lea@example.org", "A123456789", dossier.reference, str(dossier.id)):
        assert told not in page.text
    assert await bookings() == before


@pytest.mark.parametrize(("name", "part"), [("management_url", ""), ("cancel_url", "/cancel")])
async def test_going_on_there_needs_a_fresh_code(hub, browser, town, name, part):
    dossier = await booked(town)
    clock.move(timedelta(minutes=2))
    path = await address(hub, name=name)
    asked = await browser.post(f"{path}/code")
    assert asked.headers["location"].startswith("/contact/code?")
    async with connection() as c:
        proof = await c.fetchval("SELECT id FROM parvis.contact_proof ORDER BY asked_at DESC LIMIT 1")
    code = (await code_to_send(proof)).code
    after = httpx.URL(asked.headers["location"]).params["next"]
    assert after == f"/e/{dossier.slug}/idcard/visit/{dossier.id}{part}"
    assert (await browser.get(after)).status_code == 404
    done = await browser.post("/contact/code", data={"proof": str(proof), "code": code, "after": after})
    browser.cookies.update(done.cookies)
    assert (await browser.get(after)).status_code == 200
    assert (await browser.get(path)).headers["location"] == after


async def test_or_the_reference_and_a_name(hub, browser, town):
    dossier, other = await booked(town), await booked(town, ["B123456789"], 10, email="paul@example.org")
    path = await address(hub)
    for reference, name in (("", ""), (dossier.reference, "Durand"), (other.reference, "Martin"), ("XXXXXXXX", "M")):
        assert (await browser.post(path, data={"reference": reference, "name": name})).status_code in {404, 422}
    found = await browser.post(path, data={"reference": dossier.reference, "name": "martin"})
    assert found.status_code == 303
    assert "Martin" in (await browser.get(found.headers["location"])).text


async def test_a_flood_of_codes_is_stopped(hub, browser, town):
    await booked(town)
    path = await address(hub)
    clock.move(timedelta(minutes=2))
    assert (await browser.post(f"{path}/code")).status_code == 303
    assert (await browser.post(f"{path}/code")).status_code == 429


async def test_the_address_never_expires_before_the_appointment_and_says_when_it_is_over(hub, browser, town):
    dossier = await booked(town)
    path = await address(hub)
    clock.move(town.calendar.at(8, 59) - clock.now())
    assert "With the reference" in (await browser.get(path)).text
    await actions.cancel(dossier.id, By("resident"))
    over = await browser.get(path)
    assert over.status_code == 200
    assert "With the reference" not in over.text
    assert (await browser.get(path.replace(path[-36:], "0" * 8 + path[-28:]))).status_code == 404


async def test_a_corrected_number_is_found_at_the_same_address(hub, town):
    dossier = await booked(town)
    before = await address(hub)
    after = Applicant(given="Léa", family="Martin", age=Age.ADULT, number="Z987654321")
    await actions.correct(dossier, 0, after, By("resident"))
    assert await address(hub, "Z987654321") == before
    assert await applications(hub, "A123456789") == {"A123456789": []}
    assert (await queries.appointment(dossier.id)).applicants == (after,)
