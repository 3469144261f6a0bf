from collections.abc import Callable

import asyncpg
import httpx
import pytest
from litestar.exceptions import HTTPException, NotAuthorizedException

from parvis.errors import Conflict, NotFound, Refusal, Refused, Text, TooMany, Unavailable
from parvis.web.problems import problem_of

Visit = Callable[..., httpx.AsyncClient]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "not-found"),
        (Conflict(), 409, "conflict"),
        (TooMany(retry_after=90), 429, "too-many"),
        (Unavailable(), 503, "unavailable"),
        (Refused(Refusal("slot-full", Text("Taken."))), 409, "slot-full"),
        (NotAuthorizedException(), 401, "not-signed-in"),
        (HTTPException(status_code=418), 400, "malformed"),
        (asyncpg.ConnectionDoesNotExistError(), 503, "unavailable"),
        (asyncpg.CannotConnectNowError(), 503, "unavailable"),
        (ConnectionRefusedError(), 503, "unavailable"),
        (ZeroDivisionError(), 500, "error"),
    ],
)
def test_the_one_mapping(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/gallery", 405), ("GET", "/fails/x", 500), ("GET", "/fails/database", 503)],
)
async def test_a_browser_gets_a_page_and_a_program_a_problem(visit: Visit, method: str, path: str, status: int) -> None:
    async with visit() as browser, visit("application/json") as program:
        page = await browser.request(method, path)
        problem = await program.request(method, path)
    assert page.status_code == problem.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert 'id="main"' in page.text
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == status
    for answer in (page, problem):
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text


async def test_a_page_of_failure_gives_the_number_to_tell_us(visit: Visit) -> None:
    async with visit() as client:
        page = await client.get("/fails/x")
    assert page.headers["x-request-id"] in page.text


async def test_a_lost_database_says_what_is_kept_and_when_to_come_back(visit: Visit) -> None:
    async with visit() as client:
        page = await client.get("/fails/database")
    assert "Rien de ce que vous aviez confirmé n’est perdu" in page.text
    assert page.headers["retry-after"] == "30"


async def test_a_wrong_method_names_the_right_ones(visit: Visit) -> None:
    async with visit() as client:
        assert "POST" in (await client.delete("/gallery")).headers["allow"]


async def test_too_much_is_413(visit: Visit) -> None:
    async def endless():  # type: ignore[no-untyped-def]
        for _ in range(40):
            yield b"a" * 10_000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with visit() as client:
        assert (await client.post("/gallery", content=b"a" * 300_000, headers=headers)).status_code == 413
        assert (await client.post("/gallery", content=endless(), headers=headers)).status_code == 413


async def test_a_refusal_tells_a_program_its_code_and_field(visit: Visit) -> None:
    async with visit("application/json", **{"accept-language": "en"}) as client:
        problem = (await client.get("/api/v1/fails/full")).json()
    assert problem["code"] == "slot-full"
    assert problem["errors"] == [{"code": "slot-full", "detail": "This hour has just been taken.", "field": "slot"}]
