"""Four houses in the running demo: two town halls, the agglomeration, a contract holder. Each runs its own, alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from html.parser import HTMLParser

import httpx
import pytest
from tests.faults.visitors import mail, signed_in

from parvis.testing.running import RunningDemo

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("demo")]
# Who runs which house, and in what colour for a moment.
HOUSES = {
    "mulhouse": ("agent-mulhouse", "#7a1f5c"),
    "illzach": ("agent-illzach", "#1f4d7a"),
    "m2a": ("manager-m2a", "#5c3a1f"),
    "soleo": ("contract-holder-1", "#3d1f7a"),
}
PLUGIN = "payments"
PAGES = (
    "", "today", "look", "look/changes", "plugins", f"plugins/{PLUGIN}", "settings", "people",
    "people/invite", "people/roles", "people/changes", "people/second-factor", "requests", "figures", "contracts",
    "lending", "places", "tills",
)  # fmt: skip
STEPS = (
    "look", f"plugins/{PLUGIN}/enable", f"plugins/{PLUGIN}/disable", "settings/idcard", "people/invite",
    "people/second-factor", "people/roles", "places/rehearsal",
)  # fmt: skip


class _Typed(HTMLParser):
    """What the form of a page would send as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.feed(_main(page))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        kind, name = found.get("type"), found.get("name")
        chosen = kind in {"text", "hidden"} or (kind == "radio" and "checked" in found)
        if tag == "input" and name and chosen:
            self.values[name] = found.get("value") or ""


@pytest.fixture
def people(demo: RunningDemo) -> Iterator[dict[str, httpx.Client]]:
    """Who runs each house, signed in, by its short name."""
    with ExitStack() as stack:
        yield {
            slug: stack.enter_context(signed_in(demo, sub, Accept="text/html", **{"Accept-Language": "fr"}))
            for slug, (sub, _) in HOUSES.items()
        }


@pytest.mark.parametrize("slug", HOUSES)
def test_a_house_is_run_by_its_own_people_and_changes_no_other(demo, people, slug) -> None:
    own = people[slug]
    before = {other: seen(http, other) for other, http in people.items()}
    with in_colour(own, slug, HOUSES[slug][1]), switched(own, slug), invited(demo, own, slug):
        after = {other: seen(http, other) for other, http in people.items()}
    assert {other for other in HOUSES if after[other] != before[other]} == {slug}
    assert all(now != then for now, then in zip(after[slug], before[slug], strict=True)), "all three were changed"
    assert {other: seen(http, other) for other, http in people.items()} == before


@pytest.mark.parametrize("slug", HOUSES)
def test_nobody_reaches_into_another_house(people, slug) -> None:
    own = people[slug]
    opened = {path: own.get(f"/office/{slug}/{path}", follow_redirects=True).status_code for path in PAGES}
    assert opened == dict.fromkeys(PAGES, 200)
    for other in HOUSES.keys() - {slug}:
        pages = {path: own.get(f"/office/{other}/{path}").status_code for path in PAGES}
        steps = {path: own.post(f"/office/{other}/{path}", data={"read": "yes"}).status_code for path in STEPS}
        assert (pages, steps) == (dict.fromkeys(PAGES, 404), dict.fromkeys(STEPS, 404)), other


def seen(http: httpx.Client, slug: str) -> tuple[str, str, str]:
    """A house from outside and from inside: the palette that residents get, its plugins, its people."""
    [sheet] = re.findall(rf'href="(/branding/{slug}/\w+\.css)"', http.get(f"/e/{slug}").text)
    plugins, people = (http.get(f"/office/{slug}/{page}") for page in ("plugins", "people"))
    # Which are enabled; since when may be another day once they are enabled again.
    states = re.sub(r"<small>.*?</small>", "", _main(plugins.text))
    return http.get(sheet).text, states, _main(people.text)


@contextmanager
def in_colour(http: httpx.Client, slug: str, colour: str) -> Iterator[None]:
    """Another main colour, chosen and published in the editor, and afterwards the one before."""
    former = published(http, slug, colour)
    [sheet] = re.findall(rf'href="(/branding/{slug}/\w+\.css)"', http.get(f"/e/{slug}").text)
    assert colour in http.get(sheet).text
    yield
    assert published(http, slug, former) == colour


def published(http: httpx.Client, slug: str, colour: str) -> str:
    """Choose, look at the preview, publish; which colour it was before."""
    page = f"/office/{slug}/look"
    typed = _Typed(http.get(page).text).values
    files = {"logo-file": ("", b"", "application/octet-stream")}
    shown = http.post(page, data={**typed, "colour": colour, "step": "preview"}, files=files)
    answer = http.post(page, data={**_Typed(shown.text).values, "step": "publish"}, files=files)
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
    return typed["colour"]


@contextmanager
def switched(http: httpx.Client, slug: str) -> Iterator[None]:
    """A plugin enabled where it was not, or disabled where it was; and back."""
    was = switch(http, slug)
    yield
    assert switch(http, slug) is not was


def switch(http: httpx.Client, slug: str) -> bool:
    """Enable or disable it; whether it was enabled."""
    page = f"/office/{slug}/plugins/{PLUGIN}"
    shown = http.get(page).text
    enabled = f'action="{page}/disable"' in shown
    step = "disable" if enabled else "enable"
    answer = http.post(f"{page}/{step}", data={**_Typed(shown).values, "read": "yes"})
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
    return enabled


@contextmanager
def invited(demo: RunningDemo, http: httpx.Client, slug: str) -> Iterator[None]:
    """Somebody is invited and written to; afterwards the invitation is taken back."""
    address, page = f"somebody-new@{slug}.example", f"/office/{slug}/people"
    sent = http.post(f"{page}/invite", data={"address": address, "role": "agent", "language": "fr"})
    assert sent.status_code == httpx.codes.SEE_OTHER, sent.text
    assert mail(demo.folder, address, "")[0]
    yield
    [revoke] = re.findall(rf'action="({page}/invitations/[^"]+/revoke)"', http.get(page).text)
    assert http.post(revoke).status_code == httpx.codes.SEE_OTHER


def _main(page: str) -> str:
    return re.findall(r"<main.*?</main>", page, re.DOTALL)[0]
