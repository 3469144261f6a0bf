"""Signing in and out with the provider."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any

import msgspec
import structlog
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.params import QueryParameter

from parvis import clock, crypto
from parvis.db import transaction
from parvis.errors import Forbidden
from parvis.identity import actions, endings, groups, guards, queries, sessions
from parvis.identity.actors import Actor
from parvis.identity.oidc.protocol import ATTEMPT_LASTS, Attempt, SignInRefused, read_answer, said_once
from parvis.identity.oidc.sign_on import BACKCHANNEL, CALLBACK, SIGNED_OUT, SignOn, SignOnDown
from parvis.identity.tokens import Kept
from parvis.settings import current
from parvis.web import i18n, pages
from parvis.web.rules import from_own_site, local_path

log = structlog.get_logger()
_Request = Request[Actor, None, State]
_PURPOSE = "sign-in-attempt"
_MARK = 12
SECOND_FACTOR = "/login/second-factor"
_LONGEST = 1500


@get("/login", guards=[guards.public()], **guards.declared("everyone"))
async def login(request: _Request, after: Annotated[str, QueryParameter(name="next")] = "") -> Response[None]:
    """Lead to the provider's page; `next` is where one comes back to, on this site only."""
    return await _led(request, after)


@get(SECOND_FACTOR, guards=[guards.account()], **guards.declared("signed-in"))
async def second_factor(request: _Request, after: Annotated[str, QueryParameter(name="next")] = "") -> Response[None]:
    """Lead to the provider's page for a second factor, a key or a code of an app, in the same session there."""
    return await _led(request, after, current().second_factor)


@get(CALLBACK, guards=[guards.public()], **guards.declared("everyone"))
async def callback(request: _Request) -> Response[Any]:
    """Check what the provider answered, begin a session, and go where one wanted to."""
    sign_on = _sign_on(request)
    attempt = _attempt(request)
    try:
        code = read_answer(attempt, said_once(request.query_params.multi_items()), sign_on.issuer, clock.now())
        assert attempt is not None
        signed_in = await sign_on.redeem(code, attempt)
    except SignInRefused as refusal:
        log.info("sign-in.refused", reason=refusal.reason)
        after = attempt.after if attempt else ""
        return pages.render(request, "identity/refused.html", status=400, problem=refusal.title, after=after)
    async with transaction():
        person = await actions.arrive(signed_in.claims, i18n.language(request))
        token = await sessions.begin(request.user.session, person, signed_in)
        if is_staff := await queries.is_staff(person):
            # They may have set a second factor up a moment ago, which a group waited for.
            await groups.changed(person)
    if attempt.acr and signed_in.claims.get("acr") != attempt.acr:
        log.info("sign-in.level-missing", wanted=attempt.acr)
        answer = pages.render(request, "identity/factor-missing.html", status=403, after=attempt.after)
    else:
        answer = pages.see_other(attempt.after or ("/office" if is_staff else "/"))
    answer.cookies += [sessions.cookie(current(), token), _attempt_cookie(attempt, spent=True)]
    return answer


@post("/logout", guards=[guards.public()], **guards.declared("everyone"))
async def logout(request: _Request) -> Response[None]:
    """End the session here and at the provider. Only our own pages may ask for it."""
    _require_own_page(request)
    kept = await endings.end(request.user.session) if request.user.session else None
    answer = pages.see_other(await _way_out(request, kept) or SIGNED_OUT)
    answer.cookies.append(sessions.cookie(current(), None))
    return answer


@post(BACKCHANNEL, status_code=200, guards=[guards.public()], **guards.declared("everyone", "machine", cross_site=True))
async def backchannel(request: _Request) -> Response[dict[str, str]]:
    """The provider says that a session is over; obeyed once for each token."""
    sign_on = _sign_on(request)
    form = await request.form()
    try:
        token = said_once(form.multi_items()).get("logout_token")
        if not isinstance(token, str):
            raise SignInRefused("no-token")
        ended = await endings.obey(await sign_on.logout_order(token), sign_on.issuer)
        if ended is None:
            raise SignInRefused("jti")
    except SignInRefused as refusal:
        log.warning("logout.refused", reason=refusal.reason)
        return _told({"error": "invalid_request"}, 400)
    log.info("logout.obeyed", sessions=ended)
    return _told({}, 200)


@get(SIGNED_OUT, guards=[guards.public()], **guards.declared("everyone"))
async def signed_out(request: _Request) -> Response[Any]:
    """The page after signing out."""
    return pages.render(request, "identity/signed-out.html")


async def _led(request: _Request, after: str, acr: str = "") -> Response[None]:
    # A longer address would make a cookie that browsers drop.
    kept = local_path(after, otherwise="") if len(after.encode()) <= _LONGEST else ""
    attempt = Attempt.begin(kept, clock.now(), acr)
    answer = pages.see_other(await _sign_on(request).way_in(attempt, i18n.language(request)))
    answer.cookies.append(_attempt_cookie(attempt))
    return answer


def _sign_on(request: _Request) -> SignOn:
    sign_on: SignOn = request.app.state.sign_on
    return sign_on


async def _way_out(request: _Request, kept: Kept | None) -> str | None:
    if kept is None:
        return None
    try:
        return await _sign_on(request).way_out(kept.id_token)
    except SignOnDown:
        return None


def _require_own_page(request: _Request) -> None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = current().base_url.partition("://")[2]
    if (site is None and origin is None) or not from_own_site("POST", site, origin, {own}):
        raise Forbidden


def _attempt_cookie(attempt: Attempt, spent: bool = False) -> Cookie:
    """The attempt, encrypted; a name of its own for each, so that two tabs may sign in."""
    sealed = crypto.encrypt(msgspec.json.encode(attempt), _PURPOSE)
    return Cookie(
        f"{sessions.cookie_name(current())}_{attempt.state[:_MARK]}",
        value="" if spent else base64.urlsafe_b64encode(sealed).decode(),
        path="/",
        httponly=True,
        samesite="lax",
        secure=current().secure,
        max_age=0 if spent else int(ATTEMPT_LASTS.total_seconds()),
    )


def _attempt(request: _Request) -> Attempt | None:
    mark = str(request.query_params.get("state", ""))[:_MARK]
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{{_MARK}}}", mark):
        return None
    sealed = request.cookies.get(f"{sessions.cookie_name(current())}_{mark}")
    if not sealed:
        return None
    try:
        return msgspec.json.decode(crypto.decrypt(base64.urlsafe_b64decode(sealed), _PURPOSE), type=Attempt)
    except (crypto.Unreadable, ValueError):
        return None


def _told(body: dict[str, str], status: int) -> Response[dict[str, str]]:
    # A provider does not call twice, and a call over a connection that we closed meanwhile would be lost.
    return Response(body, status_code=status, headers={"Cache-Control": "no-store", "Connection": "close"})
