"""Where Stripe says that something happened: signed, kept once, answered at once; the worker asks what it is worth."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response, Router, post
from litestar.params import FromPath

from parvis.errors import NotFound
from parvis.identity import guards
from parvis.payments.accounts import account as account_of
from parvis.payments.accounts import account_details
from parvis.web.forms import TooLarge
from parvis_payments.keys import STRIPE
from parvis_payments.stripe import telling
from parvis_payments.stripe.objects import StripeAccount
from parvis_payments.stripe.provider import StripeCheckout

log = structlog.get_logger()
_BYTES = 512_000


@post("/{account:str}", status_code=200, **guards.page(guards.public(), "everyone", cross_site=True))
async def told(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[bytes]:
    """Keep what Stripe signed."""
    if (await account_of(account)).provider != STRIPE:
        raise NotFound
    event = await StripeCheckout().event(account, await _body(request), request.headers)
    if event.livemode == (await account_details(account, StripeAccount)).live:
        await telling.keep(account, event)
    else:
        log.info("stripe.of-another-mode", account=account)
    return Response(b"", status_code=200)


async def _body(request: Request[Any, Any, Any]) -> bytes:
    """The bytes as they came: these are signed. Raises TooLarge."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BYTES:
            raise TooLarge
    return body


ROUTER = Router("/", route_handlers=[told])
