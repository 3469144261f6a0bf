"""The simulated card payment: a page with buttons, and the calls that the sandbox's provider makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import httpx
import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis.contract.payments import OutcomeUnknown
from parvis.errors import Refused
from parvis_payments.sandbox import Asked, CardOrder
from parvis_payments.simulator import faults, pages
from parvis_payments.simulator.faults import LATE_SECONDS

_Request = Request[Any, Any, State]


class _Act(NamedTuple):
    """A button, and how often and how late the service says what happened."""

    text: str
    times: int = 1
    late: float = 0


_ACTS = {
    "pay": _Act("Payer"),
    "refuse": _Act("Carte refusée"),
    "abandon": _Act("Abandonner"),
    "twice": _Act("Payer, et notifier deux fois", 2),
    "late": _Act("Payer, et notifier une minute plus tard", late=LATE_SECONDS),
    "silent": _Act("Payer, sans aucune notification", 0),
}


@post("/card/start", status_code=200)
async def start(request: _Request, state: State) -> Response[Any]:
    """Open a payment; its reference."""
    asked = msgspec.json.decode(await request.body(), type=CardOrder)
    try:
        started = await state.card.start(asked.account, asked.order)
    except Refused:
        return Response(None, status_code=422)
    state.notified[started.ref] = asked.notify
    return Response(msgspec.json.encode(started.ref), media_type="application/json")


@post("/card/{what:str}", status_code=200)
async def ask(request: _Request, state: State, what: FromPath[str]) -> Response[Any]:
    """What became of a payment, of a refund, of a day."""
    asked, card = msgspec.json.decode(await request.body(), type=Asked), state.card
    calls = {
        "lookup": lambda: card.lookup(asked.account, asked.ref),
        "cancel": lambda: card.cancel(asked.account, asked.ref),
        "refund": lambda: card.refund(asked.account, asked.ref, asked.refund, asked.cents),
        "rows": lambda: card.rows(asked.account, asked.day),
    }
    if what not in calls:
        return Response(None, status_code=404)
    try:
        return Response(msgspec.json.encode(await calls[what]()), media_type="application/json")
    except OutcomeUnknown:
        return Response(None, status_code=503)


@get("/card/pay/{ref:str}")
async def page(state: State, ref: FromPath[str]) -> Response[str]:
    """The payment's page."""
    payment = state.card.payments.get(ref)
    if payment is None or payment.result in {"paid", "gone"}:
        said = pages.told("Carte", "Ce paiement est terminé, ou n’existe pas.")
        return Response(said, media_type="text/html", status_code=410)
    facts = (("Objet", payment.order.label), ("Montant", pages.euros(payment.order.cents)))
    buttons = [(key, act.text) for key, act in _ACTS.items()]
    return Response(pages.payment("Paiement par carte (simulation)", facts, buttons), media_type="text/html")


@post("/card/pay/{ref:str}", status_code=303)
async def act(request: _Request, state: State, ref: FromPath[str]) -> Response[Any]:
    """The payer chose; the notification leaves, and they are led back."""
    chosen, card = str((await request.form()).get("act", "abandon")), state.card
    done = {"refuse": card.refuse, "abandon": card.abandon}.get(chosen, card.pay)
    try:
        done(ref)
    except LookupError:
        said = pages.told("Carte", "Ce paiement est terminé, ou n’existe pas.")
        return Response(said, media_type="text/html", status_code=410)
    how = _ACTS.get(chosen, _ACTS["abandon"])
    active = state.faults()
    told = (state.notified[ref], {"ref": ref}, faults.notified(active, how.times), state.faults, how.late)
    return await pages.led_back(card.payments[ref].order.back, faults.NOTIFIED_FIRST in active, notify, *told)


async def notify(
    url: str,
    told: Mapping[str, str],
    times: int,
    active: faults.Active,
    late: float = 0,
    heard: Callable[[], None] = lambda: None,
) -> None:
    """Say that something became of a payment, so often and so late; whoever does not listen is not told again."""
    if times:
        await faults.late(active, late)
    for _ in range(times):
        try:
            async with httpx.AsyncClient(timeout=20) as http:
                if (await http.post(url, data=dict(told))).is_success:
                    heard()
        except httpx.HTTPError:
            continue


HANDLERS = (start, ask, page, act)
