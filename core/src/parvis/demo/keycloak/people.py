"""The demo's people as Keycloak is told of them: a password that everybody knows, and for who works a code app."""

from __future__ import annotations

import hashlib
import hmac
import struct
from datetime import datetime
from typing import Any

import msgspec

from parvis.demo.people import PEOPLE, DemoPerson

PASSWORD = "parvis-demonstration"  # noqa: S105 - shown on the demo's page of how to sign in
STEP_SECONDS = 30
_SEED = "parvis-demonstration"


def code_at(instant: datetime) -> str:
    """What the code app of everybody who works shows then (RFC 6238: SHA-1, six figures, 30 seconds).

    >>> from datetime import UTC
    >>> code_at(datetime(2027, 1, 4, 8, tzinfo=UTC)) == code_at(datetime(2027, 1, 4, 8, 0, 29, tzinfo=UTC))
    True
    """
    counter = int(instant.timestamp()) // STEP_SECONDS
    digest = hmac.digest(_SEED.encode(), struct.pack(">Q", counter), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def users() -> list[dict[str, Any]]:
    """Everybody, with the identifiers that the demo promises: Keycloak keeps them for people who come with a realm."""
    return [_user(person) for person in PEOPLE]


def _user(person: DemoPerson) -> dict[str, Any]:
    first, _, last = person.name.partition(" ")
    phone = {"phoneNumber": [person.phone], "phoneNumberVerified": ["true"]} if person.phone else {}
    password = {"type": "password", "value": PASSWORD, "temporary": False}
    return {
        "id": person.sub,
        "username": person.sub,
        "firstName": first,
        "lastName": last,
        "email": person.email or None,
        "emailVerified": bool(person.email),
        "enabled": True,
        "attributes": phone,
        "credentials": [password, *([app()] if person.key else [])],
    }


def app() -> dict[str, str]:
    """A code app, set up with the seed that everybody knows."""
    data = {"subType": "totp", "digits": 6, "counter": 0, "period": STEP_SECONDS, "algorithm": "HmacSHA1"}
    secret = {"value": _SEED}
    told = {"secretData": secret, "credentialData": data}
    return {"type": "otp", "userLabel": "Demo", **{key: msgspec.json.encode(v).decode() for key, v in told.items()}}
