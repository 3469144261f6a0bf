"""Who may do what, as a manager's pages: roles given, ended and taken, invitations, what each role may do, undone."""

import re
from datetime import timedelta

import httpx
import pytest

from parvis import clock, settings
from parvis.contract.values import Role
from parvis.db import connection
from parvis.identity import actions, members, queries, rights
from parvis.identity.rules import Cell
from parvis.messages.sealing import unseal
from parvis.office.people import sharing
from parvis.territory import actions as territory
from parvis.testing.people import a_person, a_session
from parvis.web.limits import Limit

ADDRESS = "nora.schmitt@example.org"


@pytest.fixture
async def manager(office):
    await territory.add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    return await office.agent(role="manager")


@pytest.fixture
async def colleague(office, manager):
    return await a_person("agent", office.calendar.emitter, name="Élodie Weiß")


async def grant_of(emitter, person, role=None):
    return next(held for held in await members.roles_of(emitter, person) if role in (None, held.role))


async def traced(action):
    sql = "SELECT count(*) FROM parvis.audit_trace WHERE action = $1"
    async with connection() as c:
        return await c.fetchval(sql, action)


async def mailed():
    """The letters that wait, the latest first."""
    async with connection() as c:
        rows = await c.fetch("SELECT sealed, template, language FROM parvis.message ORDER BY queued_at DESC, id DESC")
    return [(row["template"], row["language"], unseal(row["sealed"])) for row in rows]


async def browser(office, person=None):
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(office.app),
        base_url=settings.current().base_url,
        headers={"accept": "text/html", "accept-language": "en", "origin": settings.current().base_url},
        cookies=await a_session(person) if person else {},
    )


async def invited(manager, **values):
    await manager.post("people/invite", **{"address": ADDRESS, "role": "agent", "language": "de", **values})
    assert manager.status == 200, manager.text
    return (await mailed())[0][2].context["link"].removeprefix(settings.current().base_url)


async def test_everybody_is_there_with_their_roles_and_since_when(manager, office, colleague):
    until = clock.now() + timedelta(days=40)
    await actions.grant(colleague, Role.ACCOUNTANT, office.calendar.emitter, until=until)
    await a_person("agent", await another_town(), name="Somebody Else")
    await manager.get("people")
    assert manager.status == 200
    for said in ("Élodie Weiß", "Accountant", "Agent", "since", "until", "Invite somebody"):
        assert said in manager.text
    assert "Somebody Else" not in manager.text


async def test_many_are_shown_by_pages_and_found_by_a_part_of_their_name(manager, office):
    for n in range(60):
        await a_person("reader", office.calendar.emitter, name=f"Agent Nº{n:02} Müller")
    await a_person("reader", office.calendar.emitter, name="Zoé Özdemir")
    await manager.get("people")
    assert "Zoé Özdemir" not in manager.text
    next_page = re.search(r'rel="next" href="([^"]+)"', manager.text)[1]
    await manager.get(next_page)
    assert "Zoé Özdemir" in manager.text
    await manager.post("people", q="ozdem")
    assert "Zoé Özdemir" in manager.text
    assert "Nº01" not in manager.text
    await manager.post("people", q="xyz")
    assert "Nobody of this name" in manager.text


async def test_what_is_taken_is_gone_at_the_next_request_and_can_be_given_back(manager, office, colleague):
    emitter = office.calendar.emitter
    async with await browser(office, colleague) as theirs:
        assert (await theirs.get(f"/office/{office.slug}/today")).status_code == 200
        held = await grant_of(emitter, colleague)
        await manager.get(f"people/{colleague}/{held.id}")
        assert "It counts at once" in manager.text
        await manager.post(f"people/{colleague}/{held.id}/end")
        assert "is taken away" in manager.text
        gone = await theirs.get(f"/office/{office.slug}/today")
        assert gone.status_code == 303
        assert gone.headers["location"].startswith("/login")
    assert not await queries.has_grant(colleague, Role.AGENT, emitter)
    await manager.post(f"people/{colleague}/give", role="agent", until="")
    assert "counts at once" in manager.text
    assert await queries.has_grant(colleague, Role.AGENT, emitter)
    assert (await traced("end-role"), await traced("give-role")) == (1, 1)


async def test_an_end_is_a_last_day_and_stops_the_role_by_itself(manager, office, colleague):
    emitter, zone = office.calendar.emitter, settings.current().zone
    held = await grant_of(emitter, colleague)
    today = clock.now().astimezone(zone).date()
    await manager.post(f"people/{colleague}/{held.id}", until=str(today))
    assert manager.status == 422
    last = today + timedelta(days=2)
    await manager.post(f"people/{colleague}/{held.id}", until=str(last))
    assert manager.status == 200
    ends = (await grant_of(emitter, colleague)).ends_at.astimezone(zone)
    assert (ends.date(), ends.hour) == (last + timedelta(days=1), 0)
    async with await browser(office, colleague) as theirs:
        clock.move(timedelta(days=1))
        theirs.cookies = await a_session(colleague)
        assert (await theirs.get(f"/office/{office.slug}/today")).status_code == 200
        clock.move(ends - clock.now())
        theirs.cookies = await a_session(colleague)
        assert (await theirs.get(f"/office/{office.slug}/today")).status_code == 404


async def test_the_last_manager_cannot_go_by_accident(manager, office, colleague):
    emitter = office.calendar.emitter
    held = await grant_of(emitter, manager.person)
    await manager.get(f"people/{manager.person}/{held.id}")
    assert "This is your own role" in manager.text
    await manager.post(f"people/{manager.person}/{held.id}/end")
    assert manager.status == 422
    assert "Nobody else would manage" in manager.text
    await manager.post(f"people/{manager.person}/{held.id}", until="2090-01-01")
    assert manager.status == 422
    await manager.post(f"people/{colleague}/give", role="manager")
    await manager.post(f"people/{manager.person}/{held.id}/end", follow=False)
    assert manager.page.headers["location"] == "/"
    assert not await queries.has_grant(manager.person, Role.MANAGER, emitter)


async def test_nobody_reaches_into_another_house(manager, office):
    elsewhere = await another_town()
    stranger = await a_person("agent", elsewhere)
    theirs = await grant_of(elsewhere, stranger)
    for path in (f"people/{stranger}", f"people/{stranger}/{theirs.id}"):
        assert (await manager.get(path)).status == 404
    for path in (f"people/{stranger}/give", f"people/{stranger}/{theirs.id}", f"people/{stranger}/{theirs.id}/end"):
        assert (await manager.post(path, role="manager")).status == 404
    own = await grant_of(office.calendar.emitter, manager.person)
    assert (await manager.post(f"people/{stranger}/{own.id}/end")).status == 404
    assert (await manager.get("/office/elsewhere/people")).status == 404
    assert (await (await office.agent(role="agent")).get("people")).status == 403


async def test_an_invitation_is_written_in_their_language_and_accepted_with_their_own_account(manager, office):
    link = await invited(manager)
    [(template, language, letter)] = await mailed()
    assert (template, language, letter.address) == ("messages/invitation", "de", ADDRESS)
    assert ADDRESS in manager.text
    person = await a_person(name="Nora Schmitt")
    async with await browser(office) as nobody:
        page = await nobody.get(link)
        assert page.status_code == 200
        assert f"/login?next={link}" in page.text
        assert (await nobody.post(link)).status_code == 303
        assert not await queries.has_grant(person, Role.AGENT, office.calendar.emitter)
    async with await browser(office, person) as theirs:
        before = {cookie.value for cookie in theirs.cookies.jar}
        assert "whatever its e-mail address" in (await theirs.get(link)).text
        assert not await queries.has_grant(person, Role.AGENT, office.calendar.emitter)
        accepted = await theirs.post(link)
        assert accepted.headers["location"] == f"/office/{office.slug}"
        theirs.cookies = {cookie.name: cookie.value for cookie in theirs.cookies.jar if cookie.value not in before}
        assert (await theirs.get(f"/office/{office.slug}/today")).status_code == 200
        again = await theirs.get(link)
        assert (again.status_code, again.headers["location"]) == (303, f"/office/{office.slug}")
    async with await browser(office, await a_person()) as other:
        for answer in (await other.get(link), await other.post(link)):
            assert answer.status_code == 410
            assert "no longer counts" in answer.text
    await manager.get("people")
    assert ADDRESS not in manager.text
    assert "Nora Schmitt" in manager.text
    assert (await traced("invite"), await traced("accept-invitation")) == (1, 1)


async def test_they_are_written_to_in_the_managers_language_unless_another_is_chosen(manager):
    await manager.get("people/invite")
    assert re.findall(r'type="radio" id="language[^"]*" name="language" value="(\w+)"( checked)?', manager.text) == [
        ("fr", ""),
        ("de", ""),
        ("en", " checked"),
    ]


async def test_it_is_sent_again_and_revoked(manager, office):
    first = await invited(manager)
    [again] = re.findall(r'action="[^"]*/people/(invitations/[^"]*/again)"', manager.text)
    await manager.post(f"people/{again}")
    second = (await mailed())[0][2].context["link"].removeprefix(settings.current().base_url)
    assert (await mailed())[0][1] == "de"
    async with await browser(office, await a_person()) as theirs:
        assert (await theirs.get(first)).status_code == 410
        assert (await theirs.get(second)).status_code == 200
        await manager.post(f"people/{again.replace('/again', '/revoke')}")
        assert "revoked" in manager.text
        assert (await theirs.post(second)).status_code == 410
    assert (await manager.post(f"people/{again}")).status == 404


async def test_a_mail_that_bounced_is_said(manager):
    await invited(manager)
    async with connection() as c:
        await c.execute("UPDATE parvis.message SET state = 'bounced', ended_at = queued_at")
    await manager.get("people")
    assert "did not arrive" in manager.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"address": "nora"}, "e-mail address in full"),
        ({"address": ""}, "Enter an e-mail address"),
        ({"role": "operator"}, "role"),
        ({"until": "2020-01-01"}, "from tomorrow on"),
        ({"until": "9999-12-31"}, "of this century"),
    ],
)
async def test_what_does_not_fit_is_said(manager, values, said):
    await manager.post("people/invite", **{"address": ADDRESS, "role": "agent", **values})
    assert manager.status == 422
    assert said in manager.text
    assert await mailed() == []


async def test_a_manager_cannot_make_us_write_to_everybody(manager, monkeypatch):
    monkeypatch.setattr(sharing, "_INVITATIONS", Limit("invitations", 2, timedelta(hours=1)))
    for n in range(3):
        await manager.post("people/invite", address=f"a{n}@example.org", role="agent")
    assert manager.status == 429
    assert len(await mailed()) == 2


def ticked(page):
    return re.findall(r'name="may" value="([^"]+)" checked', page.text)


async def publish(manager, cells, version="0"):
    """Send the page that is shown with these cells ticked."""
    if not (asked := re.findall(r'name="asked" value="([^"]+)"', manager.text)):
        await manager.get("people/roles")
        asked = re.findall(r'name="asked" value="([^"]+)"', manager.text)
    return await manager.post("people/roles", may=[*cells], asked=asked, version=version)


async def test_what_a_role_may_do_is_changed_for_those_signed_in_and_undone(manager, office, colleague):
    async with await browser(office, colleague) as theirs:
        figures, rules = f"/office/{office.slug}/figures", f"/office/{office.slug}/settings"
        assert [(await theirs.get(path)).status_code for path in (figures, rules)] == [200, 403]
        await manager.get("people/roles")
        cells = {*ticked(manager), "office.settings:agent"} - {"office.figures:agent"}
        await publish(manager, cells)
        assert "Agent: may no longer – See figures" in manager.text
        assert [(await theirs.get(path)).status_code for path in (figures, rules)] == [403, 200]
        nav = (await theirs.get(f"/office/{office.slug}/today")).text
        assert f"{office.slug}/settings" in nav
        assert f"{office.slug}/figures" not in nav
        await manager.get("people/changes/1")
        assert "Undoing it now makes" in manager.text
        await manager.post("people/changes/1")
        assert "Agent: may from now on – See figures" in manager.text
        assert [(await theirs.get(path)).status_code for path in (figures, rules)] == [200, 403]
        await manager.post("people/changes/1")
        assert "Nothing is left of it" in manager.text
    await manager.get("people/changes")
    assert "Undone" in manager.text
    assert (await traced("change-rights"), await traced("undo-rights")) == (1, 1)


async def test_nobody_is_given_what_is_fixed(manager, office):
    await manager.get("people/roles")
    shown = ticked(manager)
    assert not any(cell.startswith(("office.people", "office.plugins", "office.enter")) for cell in shown)
    forged = [*shown, "office.people:agent", "office.plugins:agent", "office.nothing:agent", "office.figures:operator"]
    await publish(manager, forged)
    assert manager.status == 422
    assert "changes nothing" in manager.text
    assert (await rights.said_at(office.calendar.emitter)) == (0, {})


async def test_two_managers_at_once_are_brought_together(manager, office):
    other = await office.agent(role="manager")
    await manager.get("people/roles")
    await other.get("people/roles")
    cells = ticked(manager)
    await publish(manager, [*cells, "office.figures:accountant"])
    await publish(other, [*cells, "office.requests:accountant"])
    said = (await rights.said_at(office.calendar.emitter))[1]
    assert said == {Cell(key, Role.ACCOUNTANT): True for key in ("office.figures", "office.requests")}


async def test_the_changes_are_there_with_who_and_when_page_by_page(manager, office, colleague):
    for _ in range(20):
        await manager.post(f"people/{colleague}/give", role="reader")
        held = await grant_of(office.calendar.emitter, colleague, Role.READER)
        await manager.post(f"people/{colleague}/{held.id}/end")
    await manager.get("people/changes")
    seen = manager.text.count("<time")
    older = re.search(r'rel="next" href="([^"]+)"', manager.text)[1]
    await manager.get(older)
    # Two for the start of manager and colleague, two for each time.
    assert seen + manager.text.count("<time") == 42
    assert "Élodie Weiß no longer has the role" in manager.text


async def another_town():
    return await territory.add_emitter("elsewhere", "Elsewhere", "municipality", latitude=47.7, longitude=7.3)


async def test_what_was_not_shown_is_not_unticked(manager, office):
    await manager.get("people/roles")
    shown = [cell for cell in ticked(manager) if not cell.startswith("idcard.")]
    asked = [key for key in re.findall(r'name="asked" value="([^"]+)"', manager.text) if not key.startswith("idcard.")]
    await manager.post("people/roles", may=[*shown, "office.figures:accountant"], asked=asked, version="0")
    said = (await rights.said_at(office.calendar.emitter))[1]
    assert said == {Cell("office.figures", Role.ACCOUNTANT): True}


@pytest.mark.parametrize("version", ["9999999999999999999999", "7"])
async def test_a_change_that_never_was_is_not_found(manager, version):
    assert (await manager.get(f"people/changes/{version}")).status == 404
    assert (await manager.post(f"people/changes/{version}")).status == 404
