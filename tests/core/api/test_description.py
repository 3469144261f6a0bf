"""What the API says of itself, to programs and to people."""

import re

import msgspec
import pytest

from parvis import api
from parvis.web.exchange import Operation

UNDESCRIBED = {"/api/v1/openapi.json", "/api/v1/docs"}


@pytest.fixture
async def described(client):
    return (await client.get("/api/v1/openapi.json")).json()


def test_every_route_describes_itself():
    bare = {path for handler in api.HANDLERS for path in handler.paths if "operation" not in handler.opt}
    assert bare - api.HANDLERS[0].paths == UNDESCRIBED


async def test_every_example_fits_its_schema(described):
    shapes = {handler.opt["operation"] for handler in api.HANDLERS if "operation" in handler.opt}
    bodies = {operation.body.__name__: operation.body for operation in shapes if operation.body}
    checked = 0
    for methods in described["paths"].values():
        for told in methods.values():
            content = told.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                shape = bodies[content["schema"]["$ref"].rpartition("/")[2]]
                msgspec.json.decode(msgspec.json.encode(content["example"]), type=shape)
                checked += 1
    assert checked == 5


async def test_the_main_job_comes_first_and_its_example_is_whole(described):
    tags = [told["tags"][0] for methods in described["paths"].values() for told in methods.values()]
    assert list(dict.fromkeys(tags)) == ["Hours", "Holds", "Contacts", "Bookings", "Catalogue"]
    body = described["paths"]["/api/v1/bookings"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"]["details"]["name"]


async def test_the_page_says_defaults_as_json_has_them(client):
    page = (await client.get("/api/v1/docs", headers={"Accept": "text/html"})).text
    assert "<code>20</code> if left out" in page
    assert "False" not in page
    assert "()" not in page


async def test_references_lead_somewhere(described):
    text = msgspec.json.encode(described).decode()
    names = set(re.findall(r"#/components/schemas/([^\"]+)", text))
    assert names
    assert names <= set(described["components"]["schemas"])


async def test_errors_are_problems_everywhere(described):
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            bad = [response for status, response in told["responses"].items() if status >= "400"]
            assert bad, (path, method)
            assert all(set(response["content"]) == {"application/problem+json"} for response in bad)


async def test_operations_have_names_of_their_own(described):
    names = [told["operationId"] for methods in described["paths"].values() for told in methods.values()]
    assert len(names) == len(set(names)) == 14


@pytest.mark.parametrize("language", ["fr", "de", "en"])
async def test_the_page_loads_nothing_from_elsewhere(client, described, language):
    answer = await client.get("/api/v1/docs", headers={"Accept": "text/html", "Accept-Language": language})
    assert answer.status_code == 200
    loaded = re.findall(r"(?:src|href)=\"(https?:)?//[^\"]*\"", answer.text)
    assert loaded == []
    assert "<script>" not in answer.text
    assert 'style="' not in answer.text
    for path in described["paths"]:
        assert path in answer.text


def test_an_operation_is_said_once():
    summaries = [h.opt["operation"].summary for h in api.HANDLERS if isinstance(h.opt.get("operation"), Operation)]
    assert len(set(summaries)) == len(summaries)
