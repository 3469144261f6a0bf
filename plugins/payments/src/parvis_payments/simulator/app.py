"""The simulated services over HTTP: PayFiP under `/tpa` and Stripe under `/stripe`, as their clients meet them, and a
card payment under `/card`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from html import escape
from typing import Any

from defusedxml.ElementTree import fromstring
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromQuery

from parvis.contract.values import Simulator, Stage
from parvis.errors import Text
from parvis.testing.sandbox_provider import Sandbox
from parvis_payments.simulator import card, faults, pages, stripe
from parvis_payments.simulator.bank import Bank, Refused
from parvis_payments.simulator.checkout import Checkout
from parvis_payments.simulator.wsdl import OPERATIONS, SERVICE, described

PORT = 5
HANGS_SECONDS = 60.0
_Request = Request[Any, Any, State]
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    "<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
)
# What a payer does, and how often the service says so: result, notifications, seconds before them.
ACTS: Mapping[str, tuple[str, int, float]] = {
    "P": ("P", 1, 0),
    "V": ("V", 1, 0),
    "R": ("R", 1, 0),
    "Z": ("Z", 1, 0),
    "A": ("A", 1, 0),
    "P2": ("P", 2, 0),
    "P0": ("P", 0, 0),
    "late": ("P", 1, faults.LATE_SECONDS),
}
_BUTTONS = (
    ("P", "Payer par carte"),
    ("V", "Payer par prélèvement"),
    ("R", "Carte refusée"),
    ("Z", "Prélèvement refusé"),
    ("A", "Abandonner"),
    ("P2", "Payer, et notifier deux fois"),
    ("late", "Payer, et notifier une minute plus tard"),
    ("P0", "Payer, sans aucune notification"),
)


def create(stage: Stage) -> Litestar:
    """The services; what PayFiP and Stripe keep is in the stage's folder, and in `app.state` for tests."""
    state = {
        "bank": Bank(stage.folder / "payfip.json"),
        "stripe": Checkout(stage.folder / "stripe.json"),
        "card": Sandbox(),
        "notified": {},
        "tell": stripe.notify,
        "faults": stage.faults,
    }
    return Litestar(
        [service, description, page, act, *card.HANDLERS, *stripe.HANDLERS],
        state=State(state, deep_copy=False),
        openapi_config=None,
    )


def environ(address: str) -> Mapping[str, str]:
    """What leads an instance to the services at `address`."""
    return {
        "PARVIS_PAYMENTS_PAYFIP": f"{address}/tpa",
        "PARVIS_PAYMENTS_SANDBOX": f"{address}/card",
        "PARVIS_PAYMENTS_STRIPE": f"{address}/stripe",
    }


PLAYED = Simulator(
    key="payments",
    about=Text("Payments: PayFiP, Stripe and a card are played here. Each page has a button for all that may happen."),
    port=PORT,
    app=create,
    environ=environ,
)


@post("/tpa/services/securite", status_code=200)
async def service(request: _Request, state: State) -> Response[str]:
    """The three operations, and the faults that are switched on."""
    active = state.faults()
    if faults.HANGS in active:
        await asyncio.sleep(HANGS_SECONDS)
    if faults.DOWN in active:
        return Response("<html><body>Bad Gateway</body></html>", status_code=502, media_type="text/html")
    if kind := faults.technical(active):
        return _fault(kind, "999")
    operation, fields = _asked(await request.body())
    try:
        told = _done(state.bank, operation, fields)
    except Refused as refused:
        return _fault("FonctionnelleErreur", str(refused))
    if faults.LOST in active and operation == "creerPaiementSecurise":
        return Response("", status_code=504)
    parts = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in told.items())
    return _soap(f'<ns2:{operation}Response xmlns:ns2="{SERVICE}"><return>{parts}</return></ns2:{operation}Response>')


@get("/tpa/services/securite")
async def description(request: _Request) -> Response[str]:
    """What the service says of itself, at `?wsdl`."""
    if "wsdl" not in request.query_params:
        return Response("", status_code=405, headers={"allow": "POST"})
    return Response(described(str(request.url.with_replacements(query=""))), media_type="text/xml")


@get("/tpa/paiementws.web")
async def page(state: State, idop: FromQuery[str] = "") -> Response[str]:
    """The payment's page."""
    try:
        kept = state.bank.open(idop)
    except Refused as refused:
        said = pages.told("PayFiP", f"Ce paiement ne peut plus être ouvert ({refused}).")
        return Response(said, media_type="text/html", status_code=410)
    amount = pages.euros(int(kept.fields["montant"]))
    facts = (("Objet", kept.fields["objet"]), ("Montant", amount), ("Client", kept.fields["numcli"]))
    said = pages.payment("PayFiP (simulation)", facts, _BUTTONS, name="resultrans")
    return Response(said, media_type="text/html")


@post("/tpa/paiementws.web", status_code=303)
async def act(request: _Request, state: State, idop: FromQuery[str] = "") -> Response[Any]:
    """The payer chose; the notification leaves, and they are led back."""
    chosen = str((await request.form()).get("resultrans", "A"))
    result, times, late = ACTS.get(chosen, ACTS["A"])
    try:
        kept = state.bank.end(idop, result)
    except Refused as refused:
        said = pages.told("PayFiP", f"Ce paiement est déjà terminé ({refused}).")
        return Response(said, media_type="text/html", status_code=410)
    if faults.SILENT in (active := state.faults()):
        times = 0
    times, heard = faults.notified(active, times), partial(state.bank.heard, idop)
    told = (kept.fields["urlnotif"], {"idop": idop}, times, state.faults, late, heard)
    return await pages.led_back(kept.fields["urlredirect"], faults.NOTIFIED_FIRST in active, card.notify, *told)


def _done(bank: Bank, operation: str, fields: dict[str, str]) -> dict[str, str]:
    if operation in bank.answers:
        raise Refused(bank.answers[operation])
    if operation == "creerPaiementSecurise":
        return {"idOp": bank.create(fields)}
    if operation == "recupererDetailClient":
        return bank.client(fields.get("numCli", ""))
    return bank.details(fields.get("idOp", ""))


def _asked(body: bytes) -> tuple[str, dict[str, str]]:
    for element in fromstring(body).iter():
        name = str(element.tag).rpartition("}")[2]
        if name in OPERATIONS:
            [asked] = element
            return name, {str(part.tag).rpartition("}")[2]: part.text or "" for part in asked}
    return "", {}


def _fault(kind: str, code: str) -> Response[str]:
    detail = f'<ns1:{kind} xmlns:ns1="{SERVICE}"><code>{code}</code><severite>2</severite></ns1:{kind}>'
    body = (
        "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>"
        f"fr.gouv.finances.cp.tpa.webservice.exceptions.{kind}</faultstring><detail>{detail}</detail></soapenv:Fault>"
    )
    return _soap(body, 500)


def _soap(body: str, status: int = 200) -> Response[str]:
    return Response(_ENVELOPE.format(body=body), status_code=status, media_type="text/xml")
