"""Where PayFiP says that something became of a payment: unsigned, so nothing is believed and everything looked up."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import HttpMethod, Request, Response, Router, route
from litestar.params import FromPath

from parvis.contract.payments import OutcomeUnknown
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.payments import attempts
from parvis.payments.accounts import account as account_of
from parvis_payments.keys import PAYFIP
from parvis_payments.payfip.provider import Payfip

log = structlog.get_logger()
_BYTES = 8_000


@route(
    "/{account:str}",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    **guards.page(guards.public(), "everyone", cross_site=True),
)
async def notified(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[bytes]:
    """Look up what the notification names; whatever it says, it gets the same empty answer, or 503 to come again."""
    if (await account_of(account)).provider != PAYFIP:
        raise NotFound
    try:
        await attempts.notified(Payfip(), account, await _told(request), {})
    except OutcomeUnknown:
        # What we open is asked about by the worker in any case.
        log.info("payfip.notified-in-vain", account=account)
        return Response(b"", status_code=503)
    return Response(b"", status_code=200)


async def _told(request: Request[Any, Any, Any]) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BYTES:
            return b""
    return request.url.query.encode() + b"&" + body


ROUTER = Router("/", route_handlers=[notified])
