"""The bearer token of a hold and of the booking made of it: the hold's identifier and secret, signed.

Signed, so that giving back an hour that is already given back can be told from an attempt by somebody else, with no
row left to ask.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Request

from parvis import clock, crypto
from parvis.errors import NotSignedIn, Text
from parvis.web.exchange import NoToken, bearer

_PURPOSE = "api-hold"
_LONGER = timedelta(days=30)


class WrongSecret(NotSignedIn):
    """The bearer token is missing, altered, or of another hold."""

    code = "secret-invalid"
    title = Text("This needs the secret of the hold, as a bearer token.")


def issue(hold: UUID, secret: str, end: datetime) -> str:
    """The token of a hold whose hour ends then (UTC); it shows the booking for 30 days more."""
    return crypto.sign(f"{hold.hex}{secret}", _PURPOSE, end + _LONGER)


def read(request: Request[Any, Any, Any], hold: UUID) -> str:
    """The secret of this hold, from the request's bearer token. Raises WrongSecret."""
    try:
        held = crypto.verify(bearer(request), _PURPOSE, clock.now())
    except (NoToken, crypto.Unreadable) as error:
        raise WrongSecret from error
    if held[:32] != hold.hex:
        raise WrongSecret
    return held[32:]
