"""What somebody tries who wants to be taken for another: tokens altered, replayed, mixed up, parameters twice."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from litestar import Litestar
from tests.core.identity.test_protocol import EXPECTED, KEY, KEYS, NOW, identity, order, read, signed

from parvis import clock, settings
from parvis.db import connection
from parvis.identity.composition import Identity
from parvis.identity.oidc.protocol import SignInRefused, UnknownKey, read_logout_token, said_once
from parvis.identity.oidc.sign_on import SignOn
from parvis.testing.sign_on import free_socket, portal, sign_in, sign_on
from parvis.web.site import Site


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def altered(token):
    """The token with each byte of each part changed in turn, a part left out, put in, or put elsewhere."""
    parts = token.split(".")
    for number, part in enumerate(parts):
        plain = raw(part)
        for at in range(len(plain)):
            changed = plain[:at] + bytes([plain[at] ^ 1]) + plain[at + 1 :]
            yield ".".join([*parts[:number], b64(changed), *parts[number + 1 :]])
        yield ".".join([*parts[:number], "", *parts[number + 1 :]])
        yield ".".join(parts[:number] + parts[number + 1 :])
    yield ".".join([*parts, parts[2]])
    yield ".".join(parts[::-1])


def refused(reading, token):
    try:
        reading(token)
    except SignInRefused:
        return True
    return False


@pytest.mark.parametrize("what", ["identity", "logout"])
def test_no_byte_of_a_token_can_be_changed(what):
    good = signed(identity()) if what == "identity" else signed(order(), typ="logout+jwt")

    def reading(token):
        if what == "identity":
            return read(token)
        return read_logout_token(token, KEYS, EXPECTED, NOW)

    assert reading(good)
    tried = list(altered(good))
    assert len(tried) > 400
    assert [token for token in tried if not refused(reading, token)] == []


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS384", "EdDSA", "A128KW"])
def test_a_header_does_not_choose_how_it_is_checked(alg):
    _, body, signature = signed(identity()).split(".")
    head = b64(json.dumps({"alg": alg, "kid": KEY.kid}).encode())
    for end in ("", signature):
        with pytest.raises(SignInRefused):
            read(f"{head}.{body}.{end}")


@pytest.mark.parametrize("where", ["jwk", "jku", "x5u", "x5c", "kid"])
def test_a_header_does_not_bring_its_own_key(where):
    own = RSAKey.generate_key(2048)
    public = own.as_dict(private=False)
    brought = {
        "jwk": {"jwk": public},
        "jku": {"jku": "https://evil.example/keys"},
        "x5u": {"x5u": "https://evil.example/cert"},
        "x5c": {"x5c": ["MIIB"]},
        "kid": {"kid": "../../dev/null"},
    }[where]
    head = b64(json.dumps({"alg": "RS256", "kid": KEY.kid} | brought).encode())
    body = b64(json.dumps(identity()).encode())
    made = jwt.encode({"alg": "RS256"}, identity(), own, algorithms=["RS256"])
    for signature in (made.split(".")[2], signed(identity()).split(".")[2]):
        with pytest.raises(SignInRefused):
            read(f"{head}.{body}.{signature}")


def test_what_a_header_calls_critical_must_be_understood():
    _, body, _ = signed(identity()).split(".")
    head = b64(json.dumps({"alg": "RS256", "kid": KEY.kid, "crit": ["odd"], "odd": 1}).encode())
    with pytest.raises(SignInRefused):
        read(f"{head}.{body}.{b64(KEY.private_key.sign(f'{head}.{body}'.encode(), PKCS1v15(), SHA256()))}")


def test_our_own_secret_signs_no_identity():
    token = jwt.encode({"alg": "HS256"}, identity(), OctKey.import_key("the client's secret" * 3), algorithms=["HS256"])
    with pytest.raises(SignInRefused):
        read(token)


def test_a_token_of_another_realm_is_refused_by_key_and_by_name():
    other = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
    with pytest.raises(UnknownKey):
        read(signed(identity(), other))
    with pytest.raises(SignInRefused) as found:
        read(signed(identity(iss="https://sign-on.example/realms/other")))
    assert found.value.reason == "iss"


def test_a_parameter_said_twice_is_refused():
    assert said_once([("code", "c"), ("state", "s")]) == {"code": "c", "state": "s"}
    with pytest.raises(SignInRefused):
        said_once([("code", "c"), ("code", "c")])


@pytest_asyncio.fixture
async def issuing(database):
    """The provider, and the portal that trusts it and no other."""
    listening, address = free_socket()
    given = replace(settings.current(), port=urlsplit(address).port, oidc_client_secret="s")
    async with sign_on(given) as found:
        settings.use(replace(given, oidc_issuer=found.issuer))
        app = Litestar([], plugins=[Site(settings.current()), Identity(settings.current(), [])])
        async with portal(app, listening):
            yield found


@pytest_asyncio.fixture
async def browser(issuing):
    headers = {"Accept": "text/html", "Origin": settings.current().base_url}
    async with httpx.AsyncClient(base_url=settings.current().base_url, headers=headers) as client:
        yield client


async def sessions():
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.session")


async def way_back(browser, sub="resident-1"):
    page = await browser.get("/login")
    chosen = await browser.post(page.headers["location"], data={"sub": sub})
    return chosen.headers["location"]


@pytest.mark.parametrize("name", ["state", "code", "iss", "next"])
@pytest.mark.parametrize("first", [True, False])
async def test_an_answer_that_says_something_twice_signs_nobody_in(issuing, browser, name, first):
    back = urlsplit(await way_back(browser))
    pairs, own = parse_qsl(back.query), dict(parse_qsl(back.query))
    twice = [(name, "another"), (name, own.get(name, "/"))]
    rest = [pair for pair in pairs if pair[0] != name]
    asked = httpx.QueryParams(rest + (twice if first else twice[::-1]))
    assert (await browser.get(f"{back.path}?{asked}")).status_code == 400
    assert await sessions() == 0


async def test_a_logout_token_said_twice_ends_nothing(issuing, browser):
    await sign_in(browser, "resident-1")
    (sid,) = issuing.sessions("resident-1")
    token = issuing.logout_token(issuing.end(sid))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for twice in ((token, "x"), ("x", token), (token, token)):
        body = str(httpx.QueryParams([("logout_token", one) for one in twice]))
        assert (await browser.post("/logout/backchannel", content=body, headers=headers)).status_code == 400
    assert await sessions() == 1


async def test_the_answer_of_another_provider_is_not_taken_to_ours(issuing, browser):
    """Mix-up: somebody is led to a second provider, whose answer comes back to us (RFC 9207)."""
    async with sign_on(settings.current()) as evil:
        own = await browser.get("/login")
        there = evil.issuer + own.headers["location"].removeprefix(issuing.issuer)
        chosen = await browser.post(there, data={"sub": "resident-1"})
        back = urlsplit(chosen.headers["location"])
        said = dict(parse_qsl(back.query))
        assert said["iss"] == evil.issuer
        without = {name: value for name, value in said.items() if name != "iss"}
        for answer in (said, without, without | {"iss": issuing.issuer}):
            assert (await browser.get(f"{back.path}?{httpx.QueryParams(answer)}")).status_code == 400
    assert await sessions() == 0


async def test_a_token_of_before_is_worth_nothing_in_another_sign_in(issuing, browser):
    kept = []
    issuing.faults.claims = lambda claims: kept.append(dict(claims)) or claims
    assert (await sign_in(browser, "resident-1")).status_code == 303
    issuing.faults.claims = lambda claims: claims | {"nonce": kept[0]["nonce"], "sub": kept[0]["sub"]}
    assert (await sign_in(browser, "agent-illzach")).status_code == 400


async def test_signing_in_asks_the_provider_twice_at_most(issuing, browser, monkeypatch):
    """Whether it is there, before anybody is sent to it, and the code for tokens; the keys are known by then."""
    asked, send = [], SignOn._send

    async def counted(self, call):
        asked.append(call)
        return await send(self, call)

    monkeypatch.setattr(SignOn, "_send", counted)
    await sign_in(browser, "resident-1")
    assert len(asked) == 3
    for seconds in (1, 11, 3601):
        clock.move(timedelta(seconds=seconds))
        asked.clear()
        async with httpx.AsyncClient(base_url=str(browser.base_url), headers=browser.headers) as fresh:
            assert (await sign_in(fresh, "agent-illzach")).status_code == 303
        assert 1 <= len(asked) <= 2
