"""What an operator sets for the ways to pay, once for the instance."""

from __future__ import annotations

from dataclasses import dataclass

from parvis.settings import setting

STRIPE = "https://api.stripe.com"


def _address(raw: str) -> str:
    if raw and not raw.startswith(("http://", "https://")):
        raise ValueError("say an address that begins with https://")
    return raw.rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Addresses. Numbers and modes are each till's own, kept encrypted."""

    payfip: str = setting("https://www.payfip.gouv.fr/tpa", "where PayFiP answers", _address)
    stripe: str = setting(STRIPE, "where Stripe answers", _address)
    sandbox: str = setting("", "where the simulated card payment answers; nobody can pay there when empty", _address)
