"""People who are known elsewhere: another provider behind Keycloak, here the demo's."""

import asyncio
import html
import re
from dataclasses import replace

import pytest
from tests.keycloak.realms import a_realm, provision
from tests.keycloak.serving import serve

from parvis.identity.keycloak.files import KeycloakFile, ProviderEntry
from parvis.testing.sign_on import sign_on

pytestmark = [pytest.mark.keycloak, pytest.mark.xdist_group("keycloak")]


async def test_somebody_known_elsewhere_signs_in_through_keycloak(keycloak, provisioned, database, monkeypatch):
    monkeypatch.setenv("UPSTREAM", "the broker's")
    given = replace(provisioned, oidc_issuer=a_realm(keycloak), oidc_client_secret="s")
    async with sign_on(given) as issuing:
        # Keycloak is that provider's client, at an address of its own.
        broker = f"{given.oidc_issuer}/broker/upstream/endpoint"
        issuing.client = replace(issuing.client, secret="the broker's", redirect_uri=broker)
        discovery = f"{issuing.issuer}/.well-known/openid-configuration"
        who = {"alias": "upstream", "name": "FranceConnect", "client_id": "parvis", "secret_env": "UPSTREAM"}
        file = KeycloakFile(first_factor="key", provider=(ProviderEntry(**who, discovery=discovery),))
        await asyncio.to_thread(provision, given, file)
        async with serve(given) as browser:
            page = await browser.http.get((await browser.http.get("/login")).headers["location"])
            link = html.unescape(re.search(r'href="(/realms/[^"]*/broker/upstream/[^"]*)"', page.text)[1])
            there = await browser.http.get(keycloak.url + link)
            chosen = await browser.http.post(there.headers["location"], data={"sub": "resident-1"})
            await browser.http.get(chosen.headers["location"], follow_redirects=True)
            assert "Sophie Keller" in (await browser.http.get("/account")).text
            stepping = await browser.http.get("/login/second-factor", params={"next": "/account"})
            setting_up = await browser.http.get(stepping.headers["location"], follow_redirects=True)
            assert 'id="registerWebAuthn"' in setting_up.text
