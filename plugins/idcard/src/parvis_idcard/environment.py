"""What an operator sets for the national services, once for the instance."""

from __future__ import annotations

from dataclasses import dataclass

from parvis.settings import setting

OFF, DRY_RUN = "off", "dry-run"
ADDRESSES = {
    "integration": "https://int.api-coordination.rendezvouspasseport.ants.gouv.fr/api",
    "production": "https://api-coordination.rendezvouspasseport.ants.gouv.fr/api",
}
_TOKENS = 2


def _tokens(raw: str) -> tuple[str, ...]:
    tokens = tuple(filter(None, (token.strip() for token in raw.split(","))))
    if len(tokens) > _TOKENS:
        raise ValueError("two tokens at most: the one in use and the one that replaces it")
    return tokens


def _coordination(raw: str) -> str:
    if raw not in {OFF, DRY_RUN, *ADDRESSES} and not raw.startswith(("http://", "https://")):
        raise ValueError(f"say {OFF}, {DRY_RUN}, {', '.join(ADDRESSES)}, or an address")
    return raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Tokens and addresses. Without a token nobody is let in at `/ants`."""

    ants_tokens: tuple[str, ...] = setting(
        (), "what the national search sends; two, comma-separated, while one replaces the other", _tokens, secret=True
    )
    ants_header: str = setting("x-hub-rdv-auth-token", "header in which the national search sends it", str.lower)
    coordination: str = setting(
        OFF,
        "the service against double bookings: production, integration, an address, off, or dry-run, which logs only",
        _coordination,
    )
    coordination_token: str = setting("", "what we send to the service against double bookings", secret=True)
    coordination_header: str = setting("x-rdv-opt-auth-token", "header in which we send it", str.lower)

    @property
    def coordination_address(self) -> str | None:
        """Where the service answers; None where it is not called."""
        return None if self.coordination in {OFF, DRY_RUN} else ADDRESSES.get(self.coordination, self.coordination)
