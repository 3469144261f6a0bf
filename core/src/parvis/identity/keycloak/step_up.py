"""The two flows of stepping up: a password is level 1; a key, or a code of a telephone's app, is level 2.

Whoever has set up either is asked for it, and may take the other where they have both. Whoever has neither sets one
up, and only they do: a part of its own, as somebody who fails with theirs must not be offered a new one.

A flow is a list of steps; a step is `{provider, requirement, config}`, or with steps of its own
`{flow, requirement, steps}`. That is also how `flows` reads one from Keycloak, so that the two compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from parvis.identity.keycloak.files import Factor

BROWSER = "parvis-browser"
AFTER_BROKER = "parvis-after-broker"

Step = dict[str, Any]

_FACTORS: Mapping[Factor, str] = MappingProxyType({"key": "webauthn-authenticator", "app": "auth-otp-form"})


def browser(seconds: int, first: Factor) -> list[Step]:
    """Signing in at Keycloak's own page; each level holds for so many seconds. `first` is what newcomers set up."""
    return [
        _step("auth-cookie", "ALTERNATIVE"),
        _step("identity-provider-redirector", "ALTERNATIVE"),
        _part(
            f"{BROWSER}-forms",
            "ALTERNATIVE",
            _level(BROWSER, 1, seconds, _step("auth-username-password-form", "REQUIRED")),
            _level(BROWSER, 2, seconds, *_second_factor(BROWSER, first)),
        ),
    ]


def after_broker(seconds: int, first: Factor) -> list[Step]:
    """What follows a sign-in elsewhere: level 1 is reached, level 2 is asked for here."""
    return [
        _level(AFTER_BROKER, 1, seconds, _step("allow-access-authenticator", "REQUIRED")),
        _level(AFTER_BROKER, 2, seconds, *_second_factor(AFTER_BROKER, first)),
    ]


def _level(flow: str, level: int, seconds: int, *steps: Step) -> Step:
    config = {"loa-condition-level": str(level), "loa-max-age": str(seconds)}
    condition = _step("conditional-level-of-authentication", "REQUIRED", **config)
    return _part(f"{flow}-level-{level}", "CONDITIONAL", condition, *steps)


def _second_factor(flow: str, first: Factor) -> tuple[Step, Step]:
    known = f"{flow}-own-factor"
    has_one = _step("conditional-user-configured", "REQUIRED")
    has_none = _step("conditional-sub-flow-executed", "REQUIRED", flow_to_check=known, check_result="not-executed")
    either = (_step(provider, "ALTERNATIVE") for provider in _FACTORS.values())
    return (
        _part(known, "CONDITIONAL", has_one, *either),
        _part(f"{flow}-first-factor", "CONDITIONAL", has_none, _step(_FACTORS[first], "REQUIRED")),
    )


def _step(provider: str, requirement: str, **config: str) -> Step:
    return {"provider": provider, "requirement": requirement, "config": config}


def _part(name: str, requirement: str, *steps: Step) -> Step:
    return {"flow": name, "requirement": requirement, "steps": list(steps)}
