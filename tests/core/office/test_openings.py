"""Opening rules over the composed portal: seen, previewed, saved, decided about, undone, merged, refused."""

import re
from dataclasses import replace
from datetime import date, time, timedelta

import httpx
import pytest

from parvis import settings
from parvis.app import create
from parvis.audit import queries as audit
from parvis.calendars import actions as calendars
from parvis.calendars import history, planning, proofs, timetable_rows
from parvis.calendars.queries import booking
from parvis.contract.values import Channel
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries as dossier_queries
from parvis.identity.contacts import Contact
from parvis.territory import queries as territory
from parvis.testing.calendars import a_calendar, every_day
from parvis.testing.people import a_person, a_session

CONTACT = Contact(Channel.MAIL, "lea@example.org")


class Office:
    """An agent at one calendar; what they send is what the page's own fields hold, with some things changed."""

    def __init__(self, http, calendar, slug):
        self.http, self.calendar, self.slug = http, calendar, slug
        self.base = f"/office/{slug}/calendars/{calendar.id}"

    async def get(self, path="", **query):
        return await self.http.get(self.base + path, params=query)

    async def post(self, path, page=None, **changed):
        typed = filled(page.text) if page is not None else {}
        for name, value in changed.items():
            typed[name.replace("__", "-")] = value
        return await self.http.post(
            self.base + path,
            content=encoded(typed),
            headers={"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"},
        )

    async def change(self, path, **changed):
        """Open a page, change something, save it."""
        return await self.post(path, await self.get(path), step="save", **changed)

    @property
    async def kept(self):
        return await timetable_rows.read(self.calendar.id)


def encoded(typed):
    pairs = [(name, one) for name, value in typed.items() for one in (value if isinstance(value, list) else [value])]
    return str(httpx.QueryParams(pairs))


def filled(html):
    """What a browser would send of the page's form, without its buttons."""
    form = re.search(r'<form action="[^"]*" method="post" class="rules".*?</form>', html, re.S)[0]
    typed = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checked" in tag or not re.search(r'type="(checkbox|radio)"', tag)):
            typed.setdefault(name[1], []).append(value[1] if value else "")
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body) or re.search(r'<option value="([^"]*)"', body)
        typed[name] = chosen[1]
    return typed | dict(re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.S))


@pytest.fixture
async def app(database):
    return create(replace(settings.current()))


async def an_office(app, calendar, role="manager", name="Nathalie Weber"):
    slug = (await territory.emitter(calendar.emitter)).slug
    cookies = await a_session(await a_person(role, calendar.emitter, name=name))
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://localhost:8000",
        headers={"accept": "text/html", "accept-language": "en"},
        cookies=cookies,
    )
    return Office(http, calendar, slug)


@pytest.fixture
async def office(app):
    calendar = await a_calendar(desks=2)
    await planning.offer(calendar.id, "collection", 10, 5)
    return await an_office(app, calendar)


async def an_appointment(calendar, hour=9, minute=0, days=0, contact=CONTACT):
    held = await calendars.hold(calendar.id, "deposit", calendar.at(hour, minute, days=days))
    new = dossiers.NewDossier(
        service="idcard", emitter=calendar.emitter, contact=contact, names=("Léa",), language="fr", kept_days=30
    )
    opened = await dossiers.book(new, held.id, held.secret, "Town hall", dossiers.By())
    return (await dossier_queries.dossier(opened.id)).visit.booking, opened.id


def field_of(found):
    return f"decision-{found.hex}"


async def test_the_calendar_is_seen_at_a_glance(office):
    entered = await office.http.get(f"/office/{office.slug}/calendars")
    assert (entered.status_code, entered.headers["location"]) == (303, office.base)
    page = await office.get()
    assert page.status_code == 200
    for said in (
        "Desk 1",
        "Desk 2",
        "appointments a year",
        "Nothing is kept for the counter",
        "Nothing was changed yet",
    ):
        assert said in page.text
    assert page.text.count('<svg class="strip"') == 7
    assert (await office.get(week="2030-01-09")).text.count("not open yet") == 7


async def test_every_page_opens_with_what_is_kept(office):
    day, desk = office.calendar.day, office.calendar.desks[0]
    for path in ("/ahead", "/kinds/deposit", "/kinds/certification", "/desks/new", f"/desks/{desk}", "/closures/new",
                 f"/desks/{desk}/days/{day}", "/changes"):  # fmt: skip
        assert (await office.get(path)).status_code == 200, path
    page = await office.get(f"/desks/{desk}")
    typed = filled(page.text)
    assert (typed["name"], typed["lines-0-opens"], typed["lines-0-days"]) == (["Desk 1"], ["09:00"], list("1234567"))
    assert typed["lines-1-opens"] == [""]


async def test_what_is_sent_back_unchanged_changes_nothing(office):
    desk = office.calendar.desks[0]
    before = await office.kept
    for path in ("/ahead", "/kinds/deposit", f"/desks/{desk}"):
        answer = await office.change(path)
        assert (answer.status_code, "This changes nothing" in answer.text) == (422, True), path
    assert await office.kept == before


async def test_a_desk_gets_another_week_and_the_history_says_so(office):
    desk = office.calendar.desks[0]
    answer = await office.change(
        f"/desks/{desk}", name="Accueil", lines__0__days=list("12345"), lines__0__closes="12h40"
    )
    assert answer.status_code == 303
    rules = (await office.kept).timetable.desks[desk]
    assert (rules.name, {line.weekday for line in rules.weekly}) == ("Accueil", {1, 2, 3, 4, 5})
    assert {line.closes for line in rules.weekly} == {time(12, 40)}
    page = await office.http.get(answer.headers["location"])
    assert "Desk 1 is now called Accueil" in page.text
    changes = await office.get("/changes")
    assert "Nathalie Weber" in changes.text
    assert "Undo" in changes.text
    assert await proofs.unlike_rules(office.calendar.id) == []
    trail = await audit.trail("calendar", office.calendar.id)
    assert [(act.action, act.details["sort"]) for act in trail] == [("change-rules", "desk")]


async def test_a_preview_shows_the_result_and_saves_nothing(office):
    desk = office.calendar.desks[0]
    page = await office.get(f"/desks/{desk}")
    answer = await office.post(f"/desks/{desk}", page, step="preview", lines__0__closes="10:00")
    assert answer.status_code == 200
    assert "instead of" in answer.text
    assert 'class="gone"' in answer.text
    assert filled(answer.text)["lines-0-closes"] == ["10:00"]
    assert await history.changes(office.calendar.id) == []


async def test_a_line_can_be_added_without_script(office):
    page = await office.get("/desks/new")
    answer = await office.post(
        "/desks/new", page, step="more", name="Mobile", lines__0__days=["1"], lines__0__opens="8h30"
    )
    assert answer.status_code == 200
    assert "Something needs your attention" not in answer.text
    typed = filled(answer.text)
    assert (typed["name"], typed["lines-0-opens"], typed["lines-1-opens"]) == (["Mobile"], ["8h30"], [""])


async def test_a_temporary_desk_is_added(office):
    first, last = office.calendar.day, office.calendar.day + timedelta(days=2)
    answer = await office.change(
        "/desks/new",
        name="Station mobile",
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        lines__0__days=list("1234567"),
        lines__0__opens="14:00",
        lines__0__closes="16:00",
    )
    assert answer.status_code == 303
    await calendars.hold(office.calendar.id, "deposit", office.calendar.at(14))
    with pytest.raises(calendars.SlotFull):
        await calendars.hold(office.calendar.id, "deposit", office.calendar.at(14, days=3))


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"lines__0__closes": "8:00"}, "lines-0-closes", "must come after"),
        ({"lines__0__closes": "9:00"}, "lines-0-closes", "must come after"),
        ({"lines__0__closes": "midday"}, "lines-0-closes", "Write the hour"),
        ({"lines__0__closes": ""}, "lines-0-closes", "Write from when"),
        ({"lines__0__opens": "9:02"}, "lines-0-opens", "in steps of 5"),
        ({"lines__1__days": ["1"], "lines__1__opens": "11", "lines__1__closes": "13"}, "lines-1-opens", "overlaps"),
        ({"lines__1__opens": "14", "lines__1__closes": "16"}, "lines-1-days", "Choose the weekdays"),
        ({"lines__1__days": ["1"]}, "lines-1-opens", "Write the hours"),
        ({"kinds": []}, "kinds", "at least one"),
        ({"name": ""}, "name", "Give the desk a name"),
        ({"name": "desk 2"}, "name", "Another desk"),
        ({"first_day": "2027-03-01", "last_day": "2027-02-01"}, "last_day", "must not come before"),
    ],
)
async def test_bad_input_is_told_at_its_field_and_everything_is_kept(office, changed, field, said):
    desk = office.calendar.desks[0]
    before = await office.kept
    answer = await office.change(f"/desks/{desk}", **changed)
    assert answer.status_code == 422
    error = re.search(rf'id="{re.escape(field)}-error">(.*?)</p>', answer.text, re.S)
    assert error, field
    assert said in error[1]
    for name, value in changed.items():
        assert filled(answer.text).get(name.replace("__", "-"), []) == (value if isinstance(value, list) else [value])
    assert await office.kept == before


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"minutes_first": "0"}, "minutes_first"),
        ({"minutes_first": "-5"}, "minutes_first"),
        ({"minutes_first": "long"}, "minutes_first"),
        ({"minutes_further": "-1"}, "minutes_further"),
        ({"people_max": "0"}, "people_max"),
        ({"desks": []}, "desks"),
    ],
)
async def test_a_kind_with_0_minutes_is_refused(office, changed, field):
    answer = await office.change("/kinds/deposit", **changed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


async def test_a_kind_is_offered_with_its_minutes_desks_and_texts(office):
    one, two = office.calendar.desks
    await office.change(
        "/kinds/certification",
        offered="yes",
        minutes_first="12",
        desks=[two.hex],
        bring_fr="Votre téléphone",
        number="yes",
    )
    timetable = (await office.kept).timetable
    kind = timetable.kinds["certification"]
    assert (kind.minutes_first, kind.step_minutes, kind.online, kind.number) == (12, 15, False, True)
    assert kind.bring == {"fr": "Votre téléphone"}
    assert timetable.desks[one].kinds == ("deposit", "collection")
    assert timetable.desks[two].kinds == ()


async def test_a_desk_cannot_be_left_with_nothing_to_serve(office):
    await office.change("/kinds/collection", offered=[])
    one, two = office.calendar.desks
    answer = await office.change("/kinds/deposit", desks=[two.hex])
    assert answer.status_code == 422
    assert "would serve nothing" in answer.text
    assert (await office.kept).timetable.desks[one].kinds == ()


async def test_when_hours_open_is_set_and_said(office):
    answer = await office.change(
        "/ahead", mode="weekly", horizon_days="10", opens_weekday="4", opens_at="17h30", counter_percent="15"
    )
    assert answer.status_code == 303
    frame = (await office.kept).timetable.frame
    assert (frame.horizon_days, frame.opens_weekday, frame.opens_at, frame.counter_percent) == (10, 4, time(17, 30), 15)
    page = await office.get()
    assert "Thursday" in page.text
    assert "15 percent of each day is kept for the counter" in page.text


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"horizon_days": "401"}, "horizon_days"),
        ({"counter_percent": "101"}, "counter_percent"),
        ({"counter_days": "-1"}, "counter_days"),
        ({"opens_at": "25:00"}, "opens_at"),
        ({"mode": "until", "open_until": ""}, "open_until"),
        ({"first_day": "2027-03-01", "last_day": "2027-02-01"}, "last_day"),
    ],
)
async def test_an_impossible_frame_is_told_at_its_field(office, changed, field):
    answer = await office.change("/ahead", **changed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


async def test_public_holidays_are_proposed_and_one_can_be_opened(office):
    await office.change("/ahead", public_holidays="Alsace-Moselle")
    page = await office.get("/ahead")
    day = date.fromisoformat(re.search(r"what=extra&amp;day=([\d-]+)", page.text)[1])
    asked = await office.get("/closures/new", what="extra", day=day.isoformat())
    assert filled(asked.text)["first_day"] == [day.isoformat()]
    answer = await office.post("/closures/new", asked, step="save", opens="9", closes="11")
    assert answer.status_code == 303
    [special] = (await office.kept).timetable.specials.values()
    assert (special.rule.sort, special.rule.first_day) == ("extra", day)


async def test_one_day_of_one_desk_is_changed_alone_and_back_again(office):
    day, desk = office.calendar.day, office.calendar.desks[0]
    path = f"/desks/{desk}/days/{day}"
    assert (
        await office.change(path, mode="hours", lines__0__opens="10:00", lines__0__closes="11:00")
    ).status_code == 303
    page = await office.get(path)
    assert filled(page.text)["lines-0-opens"] == ["10:00"]
    assert (await office.change(path, lines__0__opens="", lines__0__closes="")).status_code == 422
    assert (await office.change(path, mode="closed")).status_code == 303
    [special] = (await office.kept).timetable.specials.values()
    assert special.rule.sort == "closed"
    assert (await office.change(path, mode="usual")).status_code == 303
    assert (await office.kept).timetable.specials == {}
    assert (await office.get(f"/desks/{desk}/days/2020-01-01")).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"first_day": ""}, "first_day"),
        ({"first_day": "2020-01-01"}, "first_day"),
        ({"last_day": "2020-01-01"}, "last_day"),
        ({"opens": "12:00", "closes": "9:00"}, "closes"),
        ({"opens": "12:00"}, "closes"),
        ({"what": "extra"}, "opens"),
    ],
)
async def test_an_impossible_closure_is_told_at_its_field(office, changed, field):
    day = {"first_day": office.calendar.day.isoformat()}
    answer = await office.change("/closures/new", **(day | changed))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


async def closing(office, **changed):
    page = await office.get("/closures/new", day=office.calendar.day.isoformat())
    return await office.post("/closures/new", page, **changed)


async def test_a_closure_over_appointments_asks_about_each_of_them(office):
    one, dossier = await an_appointment(office.calendar)
    two, other = await an_appointment(office.calendar, 9, 20)
    three, _ = await an_appointment(office.calendar, 9, 40)
    answer = await closing(office, step="save", reason="Panne")
    assert answer.status_code == 422
    assert answer.text.count("Decide what becomes of this appointment.") == 6
    assert "3 appointments fall outside" in answer.text
    move = re.search(rf'name="{field_of(one)}".*?<option value="(move [^"]*)"', answer.text, re.S)[1]
    decided = {field_of(one): move, field_of(two): "cancel", field_of(three): "keep"}
    answer = await office.post("/closures/new", answer, step="save", message="La station est en panne.", **decided)
    assert answer.status_code == 303
    assert (await booking(one)).start.isoformat() in move
    assert (await booking(two)).state == "cancelled"
    assert (await booking(three)).start == office.calendar.at(9, 40)
    assert await dossier_queries.reason_of(dossier, "booking.moved") == "La station est en panne."
    assert await dossier_queries.reason_of(other, "booking.cancelled") == "La station est en panne."
    assert await proofs.outside_undecided(office.calendar.id) == []


async def test_forty_appointments_are_decided_about_alike(office):
    calendar = office.calendar
    for days in range(-4, 1):
        for n in range(8):
            await an_appointment(
                calendar, 9 + n // 3, 20 * (n % 3), days, Contact(Channel.MAIL, f"p{days}{n}@example.org")
            )
    first = calendar.day - timedelta(days=4)
    page = await office.get("/closures/new", day=first.isoformat())
    answer = await office.post("/closures/new", page, step="preview", last_day=calendar.day.isoformat())
    assert "40 appointments fall outside" in answer.text
    answer = await office.post("/closures/new", answer, step="alike", alike="move")
    assert answer.text.count('<option value="move ') >= 80
    moved = [value for name, value in filled(answer.text).items() if name.startswith("decision-")]
    assert all(value.startswith("move ") for value in moved)
    answer = await office.post("/closures/new", answer, step="save")
    assert answer.status_code == 303
    assert await proofs.outside_undecided(calendar.id) == []
    assert await proofs.unlike_bookings() == []


async def test_an_hour_that_was_taken_meanwhile_is_asked_about_again(office):
    one, _ = await an_appointment(office.calendar)
    answer = await closing(office, step="preview")
    decided = {field_of(one): f"move {office.calendar.at(9, days=1).isoformat()}"}
    for _ in range(2):
        await an_appointment(office.calendar, 9, days=1)
    answer = await office.post("/closures/new", answer, step="save", **decided)
    assert answer.status_code == 422
    assert "no longer free" in answer.text
    assert (await booking(one)).start == office.calendar.at(9)


async def test_a_closure_is_changed_and_removed(office):
    await closing(office, step="save")
    [key] = (await office.kept).timetable.specials
    assert (await office.change(f"/closures/{key}", reason="Formation")).status_code == 303
    assert [special.reason for special in (await office.kept).timetable.specials.values()] == ["Formation"]
    assert (await office.change(f"/closures/{key}", remove="yes")).status_code == 303
    assert (await office.kept).timetable.specials == {}
    assert (await office.get(f"/closures/{key}")).status_code == 404


async def test_a_change_is_undone_as_a_change_of_its_own_with_the_same_question(office):
    desk = office.calendar.desks[0]
    saved = await office.change(f"/desks/{desk}", lines__0__closes="14:00")
    version = saved.headers["location"].partition("saved=")[2]
    one, _ = await an_appointment(office.calendar, 13)
    page = await office.get(f"/changes/{version}")
    assert "1 appointment falls outside" in page.text
    assert (await office.post(f"/changes/{version}", page, step="save")).status_code == 422
    answer = await office.post(f"/changes/{version}", page, step="save", **{field_of(one): "keep"})
    assert answer.status_code == 303
    latest = (await history.changes(office.calendar.id))[0]
    assert (latest.sort, latest.undoes) == ("undo", int(version))
    assert {line.closes for line in (await office.kept).timetable.desks[desk].weekly} == {time(12)}


async def test_the_second_of_two_agents_sees_what_changed_and_may_keep_both(office, app):
    one, two = office.calendar.desks
    theirs = await an_office(app, office.calendar, name="Karim Benali")
    page = await office.get(f"/desks/{one}")
    assert (await theirs.change(f"/desks/{two}", name="Théâtre")).status_code == 303
    answer = await office.post(f"/desks/{one}", page, step="save", name="Accueil")
    assert answer.status_code == 422
    assert "Karim Benali" in answer.text
    assert "Desk 2 is now called Théâtre" in answer.text
    assert (await office.post(f"/desks/{one}", answer, step="save", resolve="both")).status_code == 303
    names = [desk.name for desk in (await office.kept).timetable.desks.values()]
    assert names == ["Accueil", "Théâtre"]


@pytest.mark.parametrize(("resolve", "name"), [("mine", "Accueil"), ("both", "Accueil"), ("theirs", "Théâtre")])
async def test_where_both_changed_the_same_thing_the_second_chooses(office, app, resolve, name):
    desk = office.calendar.desks[0]
    theirs = await an_office(app, office.calendar)
    page = await office.get(f"/desks/{desk}")
    await theirs.change(f"/desks/{desk}", name="Théâtre")
    answer = await office.post(f"/desks/{desk}", page, step="save", name="Accueil")
    assert "You both changed" in answer.text
    assert (await office.post(f"/desks/{desk}", answer, step="save", resolve=resolve)).status_code == 303
    assert (await office.kept).timetable.desks[desk].name == name


async def test_what_changed_again_after_one_chose_is_shown_again(office, app):
    one, two = office.calendar.desks
    theirs = await an_office(app, office.calendar)
    page = await office.get(f"/desks/{one}")
    await theirs.change(f"/desks/{two}", name="Théâtre")
    answer = await office.post(f"/desks/{one}", page, step="save", name="Accueil")
    await theirs.change(f"/desks/{two}", name="Opéra")
    answer = await office.post(f"/desks/{one}", answer, step="save", resolve="both")
    assert answer.status_code == 422
    assert "Opéra" in answer.text


async def test_agents_close_and_change_single_days_but_not_the_rules(office, app):
    agent = await an_office(app, office.calendar, role="agent")
    desk = office.calendar.desks[0]
    assert (await agent.get()).status_code == 200
    assert (await agent.get("/closures/new")).status_code == 200
    assert (await agent.get(f"/desks/{desk}/days/{office.calendar.day}")).status_code == 200
    for path in ("/ahead", "/kinds/deposit", f"/desks/{desk}", "/desks/new"):
        assert (await agent.get(path)).status_code == 403, path
    saved = await office.change(f"/desks/{desk}", name="Accueil")
    version = saved.headers["location"].partition("saved=")[2]
    assert (await agent.get(f"/changes/{version}")).status_code == 403
    assert f"/changes/{version}" not in (await agent.get("/changes")).text
    assert "/ahead" not in (await agent.get()).text
    reader = await an_office(app, office.calendar, role="reader")
    assert (await reader.get()).status_code == 200
    assert (await reader.get("/closures/new")).status_code == 403


async def test_another_town_halls_calendar_is_not_there(office, app):
    foreign = await a_calendar()
    desk = foreign.desks[0]
    away = Office(office.http, foreign, office.slug)
    for path in ("", "/ahead", "/kinds/deposit", "/desks/new", f"/desks/{desk}", "/closures/new", "/changes",
                 "/changes/1", f"/desks/{desk}/days/{foreign.day}", f"/closures/{desk}"):  # fmt: skip
        assert (await away.get(path)).status_code == 404, path
        if path and path != "/changes":
            assert (await away.post(path, step="save")).status_code == 404, path
    own = Office(office.http, foreign, (await territory.emitter(foreign.emitter)).slug)
    assert (await own.get()).status_code == 404
    assert (await office.get(f"/desks/{desk}")).status_code == 404
    assert (await office.post(f"/desks/{desk}", step="save", name="x")).status_code == 404


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"version": "x", "week": "never"},
        {"version": "99999999999", "seen": "-1"},
        {"lines-0-days": "9", "lines-999999-opens": "1"},
        {"step": "save", "resolve": "?"},
    ],
)
async def test_made_up_forms_are_refused_and_nothing_breaks(office, typed):
    desk = office.calendar.desks[0]
    for path in (
        f"/desks/{desk}",
        "/kinds/deposit",
        "/ahead",
        "/closures/new",
        f"/desks/{desk}/days/{office.calendar.day}",
    ):
        assert (await office.post(path, **typed)).status_code in (200, 422), path
    assert await history.changes(office.calendar.id) == []


async def test_without_a_calendar_the_page_says_so(app, database):
    calendar = await a_calendar()
    office = await an_office(app, calendar)
    other = await a_calendar(place=(calendar.place, calendar.emitter), service="nursery", weekly=every_day())
    page = await office.http.get(f"/office/{office.slug}/calendars")
    assert page.status_code == 200
    assert str(other.id) in page.text
