import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from parvis.identity.oidc.protocol import (
    Attempt,
    Expected,
    SignInRefused,
    UnknownKey,
    half_hash,
    read_answer,
    read_id_token,
    read_logout_token,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER, CLIENT = "https://sign-on.example/realms/m2a", "parvis"
EXPECTED = Expected(ISSUER, CLIENT)
KEY = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
KEYS = KeySet([RSAKey.import_key(KEY.as_dict(private=False))])
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def identity(**changes):
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "azp": CLIENT,
        "sub": "s-1",
        "iat": AT,
        "exp": AT + 300,
        "nonce": "n-1",
        "at_hash": half_hash("access"),
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def signed(claims, key=KEY, **header):
    head = {"alg": "RS256", "kid": key.kid, **header}
    return jwt.encode(head, claims, key, algorithms=[head["alg"]])


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(token, nonce="n-1", now=NOW):
    return read_id_token(token, KEYS, EXPECTED, nonce, "access", now)


def test_a_token_in_order_is_read():
    assert read(signed(identity()))["sub"] == "s-1"


def test_a_token_for_several_audiences_counts_if_it_was_issued_to_us():
    assert read(signed(identity(aud=["other", CLIENT])))["sub"] == "s-1"


def test_a_refreshed_token_has_no_nonce():
    assert read(signed(identity(nonce=None)), nonce=None)["sub"] == "s-1"


def test_thirty_seconds_of_drift_are_forgiven():
    assert read(signed(identity(exp=AT - 29)))
    assert read(signed(identity(iat=AT + 29)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ["other"]}, "aud"),
        ({"aud": ["other", CLIENT], "azp": None}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"exp": AT - 31}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"iat": AT + 60}, "iat"),
        ({"iat": AT - 601}, "iat"),
        ({"iat": None}, "iat"),
        ({"nonce": "other"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"at_hash": half_hash("another token")}, "at_hash"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
    ],
)
def test_a_changed_claim_is_refused(changes, reason):
    with pytest.raises(SignInRefused) as refused:
        read(signed(identity(**changes)))
    assert reason in refused.value.reason or refused.value.reason == "MissingClaimError"


def test_the_token_does_not_choose_its_algorithm():
    # The classic: our public key as the secret of a symmetric signature.
    head, body = (b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": KEY.kid}, identity()))
    mac = hmac.digest(KEY.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    with pytest.raises(SignInRefused):
        read(f"{head}.{body}.{b64(mac)}")
    head, body, _ = signed(identity()).split(".")
    unsigned = jwt.encode({"alg": "none"}, identity(), OctKey.generate_key(256), algorithms=["none"])
    for token in (unsigned, f"{head}.{body}.", "", "a.b.c"):
        with pytest.raises(SignInRefused):
            read(token)


def test_another_key_of_the_same_name_is_refused_and_an_unknown_one_is_told_apart():
    other = RSAKey.generate_key(2048, {"use": "sig", "kid": KEY.kid})
    with pytest.raises(SignInRefused) as refused:
        read(signed(identity(), other))
    assert not isinstance(refused.value, UnknownKey)
    with pytest.raises(UnknownKey):
        read(signed(identity(), RSAKey.generate_key(2048, auto_kid=True)))


def test_a_logout_token_is_no_identity():
    with pytest.raises(SignInRefused):
        read(signed(identity(), typ="logout+jwt"))


def order(**changes):
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "iat": AT,
        "exp": AT + 120,
        "jti": "j-1",
        "sub": "s-1",
        "sid": "session-1",
        "typ": "Logout",
        "events": {EVENT: {}, "revoke_offline_access": True},
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def ordered(claims, **header):
    return read_logout_token(signed(claims, **{"typ": "logout+jwt", **header}), KEYS, EXPECTED, NOW)


def test_keycloaks_logout_token_is_read():
    found = ordered(order())
    assert (found.sid, found.sub, found.jti) == ("session-1", "s-1", "j-1")
    assert found.until > NOW + timedelta(seconds=120)


def test_either_session_or_person_is_enough():
    assert ordered(order(sid=None)).sub == "s-1"
    assert ordered(order(sub=None)).sid == "session-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"iat": None},
        {"iat": AT + 90},
        {"exp": AT - 31},
        {"exp": None},
        {"jti": None},
        {"jti": 7},
        {"events": None},
        {"events": {}},
        {"events": {EVENT: True}},
        {"events": [EVENT]},
        {"nonce": "n-1"},
        {"sid": None, "sub": None},
        {"sid": ["a"]},
    ],
)
def test_a_logout_token_out_of_order_is_refused(changes):
    with pytest.raises(SignInRefused):
        ordered(order(**changes))


def test_an_identity_token_orders_no_logout():
    with pytest.raises(SignInRefused):
        ordered(order(), typ="JWT")


def test_only_the_answer_to_our_own_attempt_counts():
    attempt = Attempt.begin("/", NOW)
    answer = {"state": attempt.state, "iss": ISSUER, "code": "c-1"}
    assert read_answer(attempt, answer, ISSUER, NOW) == "c-1"
    wrong = [
        (None, answer, NOW),
        (attempt, answer | {"state": "other"}, NOW),
        (attempt, {"iss": ISSUER, "code": "c-1"}, NOW),
        (attempt, answer | {"iss": "https://evil.example"}, NOW),
        (attempt, {"state": attempt.state, "code": "c-1"}, NOW),
        (attempt, answer | {"error": "access_denied"}, NOW),
        (attempt, answer | {"code": ""}, NOW),
        (attempt, answer, NOW + timedelta(minutes=16)),
    ]
    for given, said, instant in wrong:
        with pytest.raises(SignInRefused):
            read_answer(given, said, ISSUER, instant)


def test_attempts_share_nothing():
    one, other = Attempt.begin("/", NOW), Attempt.begin("/", NOW)
    secrets = {one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}
    assert len(secrets) == 6
    assert min(map(len, secrets)) >= 43
