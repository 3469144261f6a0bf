from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio

from parvis.demo.people import PEOPLE
from parvis.testing.sign_on import sign_on

SUBS = [
    "resident-1",
    "resident-2",
    "resident-3",
    "agent-mulhouse",
    "agent-illzach",
    "manager-m2a",
    "accountant-mulhouse",
    "accountant-illzach",
    "accountant-soleo",
    "agent-riedisheim",
    "helper",
    "contract-holder-1",
    "operator",
]


@pytest_asyncio.fixture
async def issuing(instance):
    async with sign_on(replace(instance, oidc_client_secret="s")) as found:
        yield found


@pytest_asyncio.fixture
async def http(issuing):
    async with httpx.AsyncClient(base_url=issuing.issuer) as client:
        yield client


def asked(issuing, **changes):
    query = {
        "response_type": "code",
        "client_id": issuing.client.client_id,
        "redirect_uri": issuing.client.redirect_uri,
        "scope": "openid",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    return "/authorize?" + urlencode({k: v for k, v in (query | changes).items() if v is not None})


def test_the_people_are_the_demos_contract():
    assert sorted(person.sub for person in PEOPLE) == sorted(SUBS)
    assert all(person.name and person.about for person in PEOPLE)
    without_mail = next(person for person in PEOPLE if person.sub == "resident-3")
    assert (without_mail.email, bool(without_mail.phone)) == ("", True)


async def test_the_page_has_one_button_for_each_person(issuing, http):
    page = await http.get(asked(issuing))
    assert page.status_code == 200
    assert [sub for sub in SUBS if f'name="sub" value="{sub}"' in page.text] == SUBS
    assert 'lang="fr"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://localhost:8000/login/callback/"},
        {"redirect_uri": "http://localhost:8000/login/callback?a=b"},
        {"redirect_uri": "https://evil.example/login/callback"},
        {"redirect_uri": None},
        {"client_id": "other"},
    ],
)
async def test_an_address_or_a_client_nobody_registered_is_not_redirected_to(issuing, http, changes):
    for answer in (await http.get(asked(issuing, **changes)), await http.post(asked(issuing, **changes))):
        assert answer.status_code == 400
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_request_out_of_order_goes_back_with_an_error(issuing, http, changes, error):
    answer = await http.get(asked(issuing, **changes))
    told = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (answer.status_code, told["error"], told["iss"]) == (303, error, issuing.issuer)
    assert told["state"] == "s-1"


async def test_a_parameter_said_twice_is_refused(issuing, http):
    assert (await http.get(asked(issuing) + "&scope=openid")).status_code == 400


async def test_nobody_else_signs_in(issuing, http):
    assert (await http.post(asked(issuing), data={"sub": "mayor"})).status_code == 400
    assert (await http.post(asked(issuing), data={})).status_code == 400


async def test_the_token_endpoint_wants_the_secret(issuing, http):
    form = {"grant_type": "authorization_code", "code": "c"}
    for proof in (None, ("parvis", "wrong"), ("other", "s")):
        assert (await http.post("/token", data=form, auth=proof)).status_code == 401
    assert (await http.post("/token", data=form, auth=("parvis", "s"))).json() == {"error": "invalid_grant"}
    answer = await http.post("/token", data={"grant_type": "password"}, auth=("parvis", "s"))
    assert answer.json() == {"error": "unsupported_grant_type"}


async def test_signing_out_needs_our_own_way_back(issuing, http):
    assert (await http.get("/logout?post_logout_redirect_uri=https://evil.example")).status_code == 400
    asks = await http.get("/logout")
    assert (asks.status_code, "Se déconnecter" in asks.text) == (200, True)
