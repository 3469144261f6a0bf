"""The simulated Stripe over HTTP, under `/stripe`: the part of its API that is used here, a payment's page, and signed
notifications to the address of each account.

The real one is given that address and its secret in its dashboard. This one takes the address from where the payer
comes back to, and every account's secret is `WEBHOOK`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec
from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from parvis import clock
from parvis_payments.simulator import faults, pages
from parvis_payments.simulator.checkout import Checkout, Refused, Thing

WEBHOOK = "whsec_simulated0000"
KEY = "sk_test_simulated0000"
TITLE = "Stripe (simulation)"
_OVER = "Ce paiement est terminé, ou n’existe pas."
_TRY_AGAIN = "Cette carte a été refusée. Essayez-en une autre, ou revenez en arrière."
_LISTS = {
    "checkout/sessions": "checkout.session",
    "refunds": "refund",
    "balance_transactions": "balance_transaction",
    "payouts": "payout",
}
_Request = Request[Any, Any, State]


class _Act(NamedTuple):
    """A button, and how often and how late the service says what happened."""

    text: str
    times: int = 1
    late: float = 0


_ACTS = {
    "pay": _Act("Payer"),
    "refuse": _Act("Carte refusée"),
    "abandon": _Act("Revenir en arrière"),
    "twice": _Act("Payer, et notifier deux fois", 2),
    "late": _Act("Payer, et notifier une minute plus tard", late=faults.LATE_SECONDS),
    "silent": _Act("Payer, sans aucune notification", 0),
    "dispute": _Act("Payer, puis contester auprès de sa banque"),
}


@post("/stripe/v1/{path:path}", status_code=200)
async def make(request: _Request, state: State, path: FromPath[str]) -> Response[Any]:
    """Open or expire a session, give back; done once under an idempotency key."""
    body = (await request.body()).decode()
    return await _answered(request, state, lambda key: _made(state.stripe, key, request, path, body))


@get("/stripe/v1/{path:path}")
async def read(request: _Request, state: State, path: FromPath[str]) -> Response[Any]:
    """An object, or a page of a list."""
    return await _answered(request, state, lambda key: _read(state.stripe, key, path, request.url.query))


@get("/stripe/pay/{ref:str}")
async def page(state: State, ref: FromPath[str], refused: FromQuery[str] = "") -> Response[str]:
    """The payment's page; after a card that was refused, once more."""
    stripe: Checkout = state.stripe
    try:
        session = stripe.open_session(stripe.kept.owners.get(ref, ""), ref)
    except Refused:
        return Response(pages.told(TITLE, _OVER), media_type="text/html", status_code=410)
    buttons = [(key, act.text) for key, act in _ACTS.items()]
    facts = (("Objet", session["label"]), ("Montant", pages.euros(session["amount_total"])))
    said = _TRY_AGAIN if refused else ""
    return Response(pages.payment(TITLE, facts, buttons, said=said), media_type="text/html")


@post("/stripe/pay/{ref:str}", status_code=303)
async def act(request: _Request, state: State, ref: FromPath[str]) -> Response[Any]:
    """The payer chose; the notification leaves, and they are led back, or try another card."""
    stripe: Checkout = state.stripe
    chosen = str((await request.form()).get("act", "abandon"))
    try:
        session = stripe.open_session(stripe.kept.owners.get(ref, ""), ref)
        _act(stripe, chosen, ref)
    except Refused:
        return Response(pages.told(TITLE, _OVER), media_type="text/html", status_code=410)
    if chosen == "refuse":
        return Redirect(f"{request.url.path}?refused=yes", status_code=303)
    how, active = _ACTS.get(chosen, _ACTS["abandon"]), state.faults()
    times = 0 if faults.STRIPE_SILENT in active else faults.notified(active, how.times)
    back = session["cancel_url" if chosen == "abandon" else "success_url"]
    told = (state, list(stripe.untold()), times, how.late)
    return await pages.led_back(back, faults.NOTIFIED_FIRST in active, _tell, *told)


async def _tell(state: State, events: Sequence[Thing], times: int, late: float) -> None:
    if times and events:
        await faults.late(state.faults, late)
    await state.tell(state.stripe, events, times)


async def notify(stripe: Checkout, events: Sequence[Thing], times: int = 1) -> None:
    """Send events to the accounts they are of, so often; whoever does not listen is not told again."""
    for event in events:
        address = _address(stripe, event)
        for _ in range(times if address else 0):
            body, headers = signed(event)
            try:
                async with httpx.AsyncClient(timeout=20) as http:
                    await http.post(address, content=body, headers=headers)
            except httpx.HTTPError:
                continue


def signed(event: Thing, secret: str = WEBHOOK) -> tuple[bytes, dict[str, str]]:
    """The body and headers with which an event is told, signed now."""
    body, at = msgspec.json.encode(event), int(clock.now().timestamp())
    digest = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    return body, {"stripe-signature": f"t={at},v1={digest}", "content-type": "application/json"}


async def _answered(request: _Request, state: State, done: Any) -> Response[Any]:
    active = state.faults()
    if faults.STRIPE_DOWN in active:
        return Response("Bad Gateway", status_code=502, media_type="text/plain")
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not re.fullmatch(r"[rs]k_(test|live)_\w+", key):
        return _error("authentication_error", "", "", 401)
    try:
        answer = done(key)
    except Refused as refused:
        kind = "idempotency_error" if refused.code == "idempotency_key_in_use" else "invalid_request_error"
        return _error(kind, refused.code, refused.param, refused.status)
    told = BackgroundTask(state.tell, state.stripe, list(state.stripe.untold()))
    if faults.STRIPE_LOST in active and request.method == "POST":
        return Response("", status_code=504, background=told)
    return Response(msgspec.json.encode(answer), media_type="application/json", background=told)


def _made(stripe: Checkout, key: str, request: _Request, path: str, body: str) -> Thing:
    idempotency, asked = request.headers.get("idempotency-key", ""), path + body
    if known := stripe.once(key, idempotency, asked):
        return known
    parts, fields = path.strip("/").split("/"), nested(parse_qsl(body))
    if parts == ["checkout", "sessions"]:
        made = stripe.open(key, fields)
        made["url"] = f"{_base(request)}/stripe/pay/{made['id']}"
    elif parts[:2] == ["checkout", "sessions"] and parts[3:] == ["expire"]:
        made = stripe.expire(key, parts[2])
    elif parts == ["refunds"]:
        made = stripe.give_back(key, fields)
    else:
        raise Refused("url_invalid", "", 404)
    stripe.remember(key, idempotency, asked, made)
    return made


def _read(stripe: Checkout, key: str, path: str, query: str) -> Thing:
    asked, where = nested(parse_qsl(query)), path.strip("/")
    expand = [str(name) for name in asked.get("expand", ())]
    if where not in _LISTS:
        return _expanded(stripe, key, stripe.get(key, where.rpartition("/")[2]), expand)
    found = [thing for thing in stripe.of(key, _LISTS[where]) if _fits(thing, asked)]
    ids, after = [thing["id"] for thing in found], asked.get("starting_after")
    rest = found[ids.index(after) + 1 :] if after in ids else found
    limit = int(asked.get("limit", 10))
    inner = [name.removeprefix("data.") for name in expand]
    data = [_expanded(stripe, key, thing, inner) for thing in rest[:limit]]
    return {"object": "list", "url": f"/v1/{where}", "has_more": len(rest) > limit, "data": data}


def _fits(thing: Thing, asked: Mapping[str, Any]) -> bool:
    since, until = (asked.get("created", {}).get(name) for name in ("gte", "lt"))
    if since is not None and thing["created"] < int(since):
        return False
    if until is not None and thing["created"] >= int(until):
        return False
    return all(thing.get(name) == asked[name] for name in ("payment_intent", "payout") if name in asked)


def _expanded(stripe: Checkout, key: str, thing: Thing, paths: Iterable[str]) -> Thing:
    shown = dict(thing)
    for path in paths:
        name, _, rest = path.partition(".")
        ref = shown.get(name)
        if isinstance(ref, str) and ref in stripe.kept.things:
            shown[name] = _expanded(stripe, key, stripe.get(key, ref), [rest] if rest else [])
    return shown


def _act(stripe: Checkout, chosen: str, ref: str) -> None:
    if chosen == "refuse":
        stripe.refuse(ref)
    elif chosen in {"pay", "twice", "late", "silent", "dispute"}:
        stripe.pay(ref)
        if chosen == "dispute":
            stripe.dispute(ref)


def _address(stripe: Checkout, event: Thing) -> str:
    """Where the account of an event's object is told, empty for what is of none."""
    about = event["data"]["object"]
    intent = stripe.kept.things.get(about.get("payment_intent") or "", {})
    session = next(
        (one for one in stripe.kept.things.values() if one.get("payment_intent") == intent.get("id", "") != ""), about
    )
    account = (session.get("metadata") or {}).get("account")
    parts = urlsplit(session.get("success_url") or "")
    return f"{parts.scheme}://{parts.netloc}/stripe/{account}" if account and parts.netloc else ""


def _base(request: _Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _error(kind: str, code: str, param: str, status: int) -> Response[Any]:
    told = {"type": kind, "code": code, "param": param, "message": code}
    return Response(msgspec.json.encode({"error": told}), media_type="application/json", status_code=status)


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A form of Stripe's, `a[0][b]=c`, as what it means.

    >>> nested([("a[0][b]", "c"), ("created[gte]", "1")])
    {'a': [{'b': 'c'}], 'created': {'gte': '1'}}
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        *way, last = re.findall(r"[^\[\]]+", name)
        inner = found
        for part in way:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return [inner[name] for name in sorted(inner, key=int)] if inner and all(n.isdigit() for n in inner) else inner


HANDLERS = (make, read, page, act)
