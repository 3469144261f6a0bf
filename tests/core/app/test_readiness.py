"""A process answers at once and serves once it can."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from parvis import settings
from parvis.app import create
from parvis.db import close_pool


@pytest.fixture
async def client(database):
    """The composed portal, started and stopped as a server would."""
    await close_pool()
    yield _client
    await close_pool()


def _client(**changes):
    app = create(replace(settings.current(), **changes))
    transport = httpx.ASGITransport(app=app)
    return app, httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")


async def until_ready(web: httpx.AsyncClient) -> httpx.Response:
    for _ in range(200):
        answer = await web.get("/health/ready")
        if answer.status_code == 200:
            return answer
        await asyncio.sleep(0.02)
    return answer


async def test_it_serves_once_the_database_answers(client):
    app, web = client()
    async with app.lifespan(), web:
        assert (await until_ready(web)).json() == {"status": "ready"}


async def test_it_lives_and_says_what_is_missing_while_the_database_is_away(client):
    app, web = client(database_url="postgresql://parvis@127.0.0.1:1/none")
    async with app.lifespan(), web:
        assert (await web.get("/health/live")).status_code == 200
        await asyncio.sleep(0)
        answer = await web.get("/health/ready", headers={"accept": "application/json"})
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("application/problem+json")
        page = await web.get("/", headers={"accept": "text/html"})
        assert page.status_code == 503
        assert "Traceback" not in page.text


async def test_a_new_instance_says_what_to_do_first(client):
    app, web = client()
    async with app.lifespan(), web:
        await until_ready(web)
        page = await web.get("/", headers={"accept": "text/html"})
        assert page.status_code == 200
        assert "PARVIS_TERRITORY" in page.text
