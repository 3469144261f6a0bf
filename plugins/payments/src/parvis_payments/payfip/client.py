"""The three calls to PayFiP: SOAP 1.1, document/literal. A lost or unreadable answer is an unknown outcome."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from xml.etree.ElementTree import Element

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from parvis import crypto
from parvis.contract.payments import OutcomeUnknown
from parvis.errors import Text
from parvis_payments.payfip.rules import Fault

_SERVICE = (
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/"
    "PaiementSecuriseService"
)
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:pai="{service}"><soapenv:Body>'
    "<pai:{operation}><arg0>{fields}</arg0></pai:{operation}></soapenv:Body></soapenv:Envelope>"
)
_HEADERS = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
_PATIENCE = httpx.Timeout(15, connect=5)


async def create(address: str, fields: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None) -> str:
    """Open a payment; its idOp. Raises Fault, OutcomeUnknown."""
    told = await _call(address, "creerPaiementSecurise", fields, transport)
    if not told.get("idOp"):
        raise OutcomeUnknown
    return told["idOp"]


async def details(address: str, idop: str, transport: httpx.AsyncBaseTransport | None = None) -> dict[str, str]:
    """What became of a payment. Raises Fault, OutcomeUnknown."""
    return await _call(address, "recupererDetailPaiementSecurise", {"idOp": idop}, transport)


async def client(address: str, number: str, transport: httpx.AsyncBaseTransport | None = None) -> dict[str, str]:
    """Whose a client number is. Raises Fault for one that PayFiP does not take, OutcomeUnknown."""
    return await _call(address, "recupererDetailClient", {"numCli": number}, transport)


async def _call(
    address: str, operation: str, fields: Mapping[str, str], transport: httpx.AsyncBaseTransport | None
) -> dict[str, str]:
    sent = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in sorted(fields.items()))
    body = _ENVELOPE.format(service=_SERVICE, operation=operation, fields=sent).encode()
    try:
        async with httpx.AsyncClient(verify=crypto.trust(), transport=transport, timeout=_PATIENCE) as http:
            answer = await http.post(f"{address}/services/securite", content=body, headers=_HEADERS)
        return _read(fromstring(answer.content, forbid_dtd=True))
    # LookupError, ValueError: an encoding that nobody knows.
    except (httpx.HTTPError, httpx.InvalidURL, ParseError, DefusedXmlException, LookupError, ValueError) as lost:
        raise OutcomeUnknown(Text("PayFiP does not answer.")) from lost


def _read(root: Element) -> dict[str, str]:
    """The texts under `return` by their local names. Raises Fault, OutcomeUnknown."""
    for element in root.iter():
        if _local(element) == "FonctionnelleErreur":
            raise Fault(next((part.text or "" for part in element if _local(part) == "code"), ""))
        if _local(element) == "return":
            return {_local(part): (part.text or "").strip() for part in element}
    # A technical fault: whether it was done is not known.
    raise OutcomeUnknown


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
