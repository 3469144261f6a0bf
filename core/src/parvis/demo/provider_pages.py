"""What the demo's OpenID provider answers: its documents, its page of people, its tokens, its way out."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Annotated, Any
from urllib.parse import unquote_plus, urlencode

import httpx
from jinja2 import Environment, PackageLoader
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body

from parvis.demo.issuing import LEVELS, Client, InvalidGrant, Issuing, Login
from parvis.demo.people import PEOPLE

_PAGES = Environment(loader=PackageLoader("parvis.demo"), autoescape=True)
Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/.well-known/openid-configuration")
async def _discovery(state: State) -> dict[str, Any]:
    """The discovery document."""
    base = state.issuing.issuer
    return {
        "issuer": base,
        "authorization_endpoint": base + "/authorize",
        "token_endpoint": base + "/token",
        "userinfo_endpoint": base + "/userinfo",
        "jwks_uri": base + "/jwks",
        "end_session_endpoint": base + "/logout",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "acr_values_supported": LEVELS,
        "scopes_supported": ["openid", "profile", "email", "phone"],
    }


@get("/jwks")
async def _jwks(state: State) -> dict[str, Any]:
    """The public keys."""
    keys: dict[str, Any] = state.issuing.published_keys()
    return keys


@get("/authorize")
async def _authorize(request: Request[Any, Any, State]) -> Response[str]:
    """The page that lists the people, once the request itself is in order."""
    asked = LEVELS[1] in request.query_params.get("acr_values", "").split()
    return _unfit(request) or _page("provider.html", people=PEOPLE, action=_own_address(request), key=asked)


@post("/authorize", status_code=303)
async def _choose(request: Request[Any, Any, State], data: Form) -> Response[str]:
    """Sign the chosen person in and go back with a code; `factor=one` leaves their second factor out."""
    if refused := _unfit(request):
        return refused
    issuing: Issuing = request.app.state.issuing
    if data.get("sub") not in issuing.people or data["sub"] in issuing.faults.disabled:
        return _page("refused.html", 400, why="Cette personne n’existe pas dans la démonstration.")
    query = request.query_params
    key = issuing.people[data["sub"]].key and data.get("factor") != "one"
    code = issuing.new_code(data["sub"], query["code_challenge"], query.get("nonce", ""), key)
    return _answer(request, {"code": code})


@post("/token", status_code=200)
async def _token(request: Request[Any, Any, State], data: Form) -> Response[dict[str, Any]]:
    """Tokens for a code or a refresh token; the client proves itself with its secret."""
    issuing: Issuing = request.app.state.issuing
    if not _is_client(request, issuing.client):
        return _error("invalid_client", 401)
    try:
        if data.get("grant_type") == "authorization_code":
            if data.get("redirect_uri") != issuing.client.redirect_uri:
                raise InvalidGrant
            return _tokens(issuing.spend(data.get("code", ""), data.get("code_verifier", "")))
        if data.get("grant_type") == "refresh_token":
            return _tokens(issuing.rotate(data.get("refresh_token", "")))
    except InvalidGrant:
        return _error("invalid_grant")
    return _error("unsupported_grant_type")


@get("/userinfo")
async def _userinfo(request: Request[Any, Any, State]) -> Response[dict[str, Any]]:
    """What is known of the person an access token stands for."""
    issuing: Issuing = request.app.state.issuing
    login = issuing.login_of(request.headers.get("authorization", "").removeprefix("Bearer "))
    return Response(issuing.profile(login.sub)) if login else _error("invalid_token", 401)


@get("/logout")
async def _end_session(request: Request[Any, Any, State]) -> Response[str]:
    """End the session that the hint names and go back; without a hint, ask first."""
    issuing: Issuing = request.app.state.issuing
    query = request.query_params
    claims = issuing.hint(query.get("id_token_hint", ""))
    back = query.get("post_logout_redirect_uri", issuing.client.signed_out_uri)
    if back != issuing.client.signed_out_uri:
        return _page("refused.html", 400, why="L’adresse de retour n’est pas celle du portail.")
    if claims is None:
        return _page("end.html", back=back)
    await end_login(issuing, claims["sid"])
    state = {"state": query["state"]} if "state" in query else {}
    return _to(f"{back}?{urlencode(state)}" if state else back)


@post("/logout", status_code=303)
async def _confirm_end(request: Request[Any, Any, State]) -> Response[str]:
    """Nothing is kept in this browser, so there is nothing to end: back to the portal."""
    return _to(request.app.state.issuing.client.signed_out_uri)


@get("/style.css", media_type="text/css")
async def _style() -> str:
    """The page's looks."""
    return _PAGES.get_template("demo/provider.css").render()


async def end_login(issuing: Issuing, sid: str) -> int | None:
    """End one session and tell the portal by the back channel, once; its answer, None if there was none."""
    login = issuing.end(sid)
    return await _call_back(issuing, login) if login else None


async def _call_back(issuing: Issuing, login: Login) -> int | None:
    # Like Keycloak: one call, five seconds, never again.
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            form = {"logout_token": issuing.logout_token(login)}
            return (await http.post(issuing.client.backchannel_uri, data=form)).status_code
    except httpx.HTTPError:
        return None


def _unfit(request: Request[Any, Any, State]) -> Response[str] | None:
    """The answer to an authorization request that is not in order; None for one that is."""
    client: Client = request.app.state.issuing.client
    query = request.query_params
    names = [name for name, _ in query.multi_items()]
    twice = len(names) != len(set(names))
    if twice or query.get("client_id") != client.client_id or query.get("redirect_uri") != client.redirect_uri:
        # Never redirect to an address nobody registered.
        return _page("refused.html", 400, why="La demande ne vient pas du portail de la démonstration.")
    if query.get("response_type") != "code":
        return _answer(request, {"error": "unsupported_response_type"})
    if "openid" not in query.get("scope", "").split():
        return _answer(request, {"error": "invalid_scope"})
    if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
        return _answer(request, {"error": "invalid_request", "error_description": "PKCE S256 is required"})
    if query.get("prompt") == "none":
        return _answer(request, {"error": "login_required"})
    return None


def _answer(request: Request[Any, Any, State], answer: dict[str, str]) -> Response[str]:
    issuing: Issuing = request.app.state.issuing
    sent = {"state": request.query_params.get("state", ""), "iss": issuing.issuer, **answer}
    return _to(f"{issuing.client.redirect_uri}?{urlencode(issuing.faults.answer(sent))}")


def _is_client(request: Request[Any, Any, State], client: Client) -> bool:
    scheme, _, raw = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(raw, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    fits = hmac.compare_digest(unquote_plus(secret).encode(), client.secret.encode())
    return scheme.lower() == "basic" and unquote_plus(name) == client.client_id and fits


def _tokens(tokens: dict[str, Any]) -> Response[dict[str, Any]]:
    return Response(tokens, headers={"Cache-Control": "no-store"})


def _error(code: str, status: int = 400) -> Response[dict[str, Any]]:
    return Response({"error": code}, status_code=status, headers={"Cache-Control": "no-store"})


def _to(address: str) -> Response[str]:
    return Response("", status_code=303, headers={"Location": address, "Cache-Control": "no-store"})


def _page(name: str, status: int = 200, **values: Any) -> Response[str]:
    # The form's target answers with a redirect to the portal, which `form-action` would have to name:
    # its address is not known to the page, so that the directive is left out.
    policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    html = _PAGES.get_template(f"demo/{name}").render(**values)
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)


def _own_address(request: Request[Any, Any, State]) -> str:
    return f"{request.url.path}?{request.url.query}"


async def refuse_while_down(request: Request[Any, Any, State]) -> Response[dict[str, Any]] | None:
    """The fault of a provider that is down."""
    return _error("temporarily_unavailable", 503) if request.app.state.issuing.faults.down else None


HANDLERS = (_discovery, _jwks, _authorize, _choose, _token, _userinfo, _end_session, _confirm_end, _style)
