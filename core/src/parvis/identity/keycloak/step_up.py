"""The two flows of stepping up: a password is level 1, a code of a telephone's app level 2.

A flow is a list of steps; a step is `{provider, requirement, config}`, or with steps of its own
`{flow, requirement, steps}`. That is also how `flows` reads one from Keycloak, so that the two compare.
"""

from __future__ import annotations

from typing import Any

BROWSER = "parvis-browser"
AFTER_BROKER = "parvis-after-broker"

Step = dict[str, Any]


def browser(seconds: int) -> list[Step]:
    """Signing in at Keycloak's own page; each level holds for so many seconds."""
    return [
        _step("auth-cookie", "ALTERNATIVE"),
        _step("identity-provider-redirector", "ALTERNATIVE"),
        _part(
            f"{BROWSER}-forms",
            "ALTERNATIVE",
            _level(BROWSER, 1, seconds, "auth-username-password-form"),
            _level(BROWSER, 2, seconds, "auth-otp-form"),
        ),
    ]


def after_broker(seconds: int) -> list[Step]:
    """What follows a sign-in elsewhere: level 1 is reached, level 2 is asked for here."""
    return [
        _level(AFTER_BROKER, 1, seconds, "allow-access-authenticator"),
        _level(AFTER_BROKER, 2, seconds, "auth-otp-form"),
    ]


def _level(flow: str, level: int, seconds: int, provider: str) -> Step:
    config = {"loa-condition-level": str(level), "loa-max-age": str(seconds)}
    condition = _step("conditional-level-of-authentication", "REQUIRED", **config)
    return _part(f"{flow}-level-{level}", "CONDITIONAL", condition, _step(provider, "REQUIRED"))


def _step(provider: str, requirement: str, **config: str) -> Step:
    return {"provider": provider, "requirement": requirement, "config": config}


def _part(name: str, requirement: str, *steps: Step) -> Step:
    return {"flow": name, "requirement": requirement, "steps": list(steps)}
