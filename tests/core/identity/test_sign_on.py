from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc.jwk import RSAKey

from parvis import clock, settings
from parvis.errors import ConfigurationError
from parvis.identity.oidc.protocol import Attempt, SignInRefused
from parvis.identity.oidc.sign_on import GrantEnded, SignOn, SignOnDown


async def test_somebody_signs_in_and_the_claims_are_theirs(provider):
    found = await provider.sign_in("agent-illzach")
    assert (found.claims["sub"], found.claims["iss"]) == ("agent-illzach", provider.issuing.issuer)
    assert found.tokens.refresh_token


async def test_a_refresh_rotates_the_token_and_the_old_one_ends_the_session(provider):
    first = await provider.sign_in("resident-1")
    second = await provider.ours.refresh(first.tokens.refresh_token)
    assert second.claims["sub"] == "resident-1"
    assert "nonce" not in second.claims
    assert second.tokens.refresh_token != first.tokens.refresh_token
    with pytest.raises(GrantEnded):
        await provider.ours.refresh(first.tokens.refresh_token)
    with pytest.raises(GrantEnded):
        await provider.ours.refresh(second.tokens.refresh_token)


async def test_a_disabled_account_ends_at_the_next_refresh(provider):
    found = await provider.sign_in("resident-1")
    provider.issuing.faults.disabled.add("resident-1")
    with pytest.raises(GrantEnded):
        await provider.ours.refresh(found.tokens.refresh_token)


async def test_a_code_is_for_one_use_and_one_verifier(provider):
    attempt, other = Attempt.begin("/", clock.now()), Attempt.begin("/", clock.now())
    answer = await provider.choose("resident-1", attempt)
    with pytest.raises(GrantEnded):
        await provider.ours.redeem(answer["code"], other)
    answer = await provider.choose("resident-1", attempt)
    await provider.ours.redeem(answer["code"], attempt)
    with pytest.raises(GrantEnded):
        await provider.ours.redeem(answer["code"], attempt)


async def test_a_code_lapses(provider):
    attempt = Attempt.begin("/", clock.now())
    answer = await provider.choose("resident-1", attempt)
    clock.move(timedelta(seconds=61))
    with pytest.raises(GrantEnded):
        await provider.ours.redeem(answer["code"], attempt)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"azp": "other"},
        {"nonce": "other"},
        {"at_hash": "other"},
        {"exp": 1},
    ],
)
async def test_a_token_with_a_changed_claim_signs_nobody_in(provider, changes):
    provider.issuing.faults.claims = lambda claims: claims | changes
    with pytest.raises(SignInRefused):
        await provider.sign_in("resident-1")


async def test_a_token_signed_by_somebody_else_signs_nobody_in(provider):
    provider.issuing.faults.signing_key = RSAKey.generate_key(2048, auto_kid=True)
    with pytest.raises(SignInRefused):
        await provider.sign_in("resident-1")


async def test_new_keys_are_fetched_once_a_minute_at_most(provider):
    await provider.sign_in("resident-1")
    provider.issuing.rotate_keys()
    with pytest.raises(SignInRefused):
        await provider.sign_in("resident-1")
    clock.move(timedelta(seconds=61))
    assert (await provider.sign_in("resident-1")).claims["sub"] == "resident-1"


async def test_a_token_of_the_key_before_still_counts(provider):
    found = await provider.sign_in("resident-1")
    provider.issuing.rotate_keys()
    clock.move(timedelta(seconds=61))
    assert (await provider.ours.refresh(found.tokens.refresh_token)).claims["sub"] == "resident-1"


async def test_a_provider_that_is_down_is_told_apart_from_one_that_refuses(provider):
    found = await provider.sign_in("resident-1")
    provider.issuing.faults.down = True
    with pytest.raises(SignOnDown):
        await provider.ours.refresh(found.tokens.refresh_token)
    nowhere = replace(settings.current(), oidc_issuer="http://localhost:9")
    with pytest.raises(SignOnDown):
        await SignOn(nowhere, provider.http).metadata()
    provider.issuing.faults.down = False
    assert await provider.ours.refresh(found.tokens.refresh_token)


async def test_another_issuer_in_the_discovery_document_is_refused(provider):
    ours = SignOn(replace(settings.current(), oidc_issuer=provider.issuing.issuer + "/"), provider.http)
    with pytest.raises(SignOnDown):
        await ours.metadata()


def test_production_needs_https(instance):
    production = replace(instance, env="production", keys="k", oidc_issuer="http://sign-on.example")
    with pytest.raises(ConfigurationError):
        SignOn(production, None)


async def test_a_logout_token_of_the_provider_is_in_order(provider):
    found = await provider.sign_in("resident-1")
    login = provider.issuing.end(found.claims["sid"])
    order = await provider.ours.logout_order(provider.issuing.logout_token(login))
    assert (order.sid, order.sub) == (found.claims["sid"], "resident-1")
