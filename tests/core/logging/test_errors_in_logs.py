"""An error nobody foresaw is logged with where it happened, and with nothing of the person it happened to."""

import json
import sys
from dataclasses import replace

import httpx
import pytest
import structlog
from litestar import Litestar, get
from litestar.params import FromPath

from parvis import logging, settings
from parvis.web.site import Site


@get("/access/{token:str}", opt={"public": True})
async def breaks(token: FromPath[str]) -> None:
    try:
        raise KeyError("lea@example.org")
    except KeyError as error:
        raise ValueError("Key (name)=(Lea Martin) already exists.") from error


@pytest.fixture
def logged(instance):
    before = structlog.get_config()
    logging.configure(replace(instance))
    yield
    structlog.configure(**before)


async def test_the_log_of_an_error_names_no_person_and_no_link(instance, logged, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    app = Litestar([breaks], plugins=[Site(instance)])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=settings.current().base_url) as http:
        assert (await http.get("/access/a-secret-of-a-link?email=lea@example.org")).status_code == 500
    written = capsys.readouterr().err
    (line,) = [json.loads(line) for line in written.splitlines() if "request.failed" in line]
    assert line["route"] == "/access/{token}"
    places = line["exception"].splitlines()
    assert [place for place in places if not place.startswith(" ")] == ["KeyError", "ValueError"]
    assert places[-1].endswith(" breaks")
    for personal in ("lea@", "Martin", "a-secret-of-a-link"):
        assert personal not in written


def test_an_error_being_handled_is_meant_by_true():
    try:
        raise ValueError("Lea Martin")
    except ValueError:
        line = logging.where_it_happened(None, "error", {"event": "x", "exc_info": True})
    assert line["exception"].startswith("ValueError")
    assert "Martin" not in line["exception"]
    assert logging.where_it_happened(None, "info", {"event": "x"}) == {"event": "x"}
