"""The demo's own pages, and that nobody else has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from parvis import clock, plugins, settings
from parvis.demo import faults
from parvis.demo.routes import HANDLERS
from parvis.plugins import registry
from parvis.settings import Settings
from parvis.web import folders, pages
from parvis.web.site import Site


@pytest.fixture
def client(instance: Settings, tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    settings.use(replace(instance, env="demo"))
    folders.use([])
    plugins.use(registry.of([]))
    pages.provide_frame(None)
    with TestClient(Litestar(HANDLERS, plugins=[Site(settings.current())], openapi_config=None)) as found:
        found.headers["Accept-Language"] = "en"
        yield found


def test_the_index_leads_to_everything(client: TestClient[Litestar]) -> None:
    page = client.get("/demo").text
    for address in ("/demo/mailbox", "/demo/faults", "/demo/clock", "/login"):
        assert f'href="{address}"' in page
    assert "contract-holder-1" in page


@pytest.mark.parametrize(("language", "word"), [("fr", "Pannes à la demande"), ("de", "Störungen auf Wunsch")])
def test_pages_speak_the_three_languages(client: TestClient[Litestar], language: str, word: str) -> None:
    assert word in client.get("/demo/faults", headers={"Accept-Language": language}).text


def test_a_fault_is_switched_on_and_off_for_every_process(client: TestClient[Litestar], tmp_path: Path) -> None:
    done = client.post("/demo/faults", data={"fault": "smtp-down", "state": "on"}, follow_redirects=False)
    assert done.status_code == 303
    assert faults.active(tmp_path) == {faults.SMTP_DOWN}
    assert "Switch it off" in client.get("/demo/faults").text
    client.post("/demo/faults", data={"fault": "smtp-down", "state": "off"})
    assert faults.active(tmp_path) == frozenset()


def test_an_unknown_fault_is_not_there(client: TestClient[Litestar]) -> None:
    assert client.post("/demo/faults", data={"fault": "earthquake", "state": "on"}).status_code == 404


def test_a_spoilt_file_of_faults_means_none(tmp_path: Path) -> None:
    (tmp_path / "faults.json").write_text("[")
    assert faults.active(tmp_path) == frozenset()


def test_the_clock_moves_forward_and_says_so(client: TestClient[Litestar]) -> None:
    assert client.post("/demo/clock", data={"hours": "24"}, follow_redirects=False).status_code == 303
    assert clock.shift() == timedelta(hours=24)
    assert "24 hours ahead" in client.get("/demo/clock").text


@pytest.mark.parametrize("typed", ["", "-3", "0", "soon", "1000000", "9" * 500])
def test_it_never_goes_back_nor_anywhere_strange(client: TestClient[Litestar], typed: str) -> None:
    done = client.post("/demo/clock", data={"hours": typed})
    assert done.status_code == 422
    assert 'aria-invalid="true"' in done.text
    assert clock.shift() == timedelta()
