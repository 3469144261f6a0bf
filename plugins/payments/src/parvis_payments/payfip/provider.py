"""PayFiP as the platform's payment provider: no cancelling, no refund, no statement; a notification is but a hint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import parse_qsl
from uuid import UUID

import httpx
import msgspec
import structlog

from parvis import clock, settings
from parvis.contract.payments import Caps, Found, Order, OutcomeUnknown, Result, Row, Sent, Started
from parvis.contract.values import Asked
from parvis.errors import Refusal, Refused, Text
from parvis.payments.accounts import account_details
from parvis.web.fields import Line
from parvis_payments.environment import Environment
from parvis_payments.payfip import client
from parvis_payments.payfip.rules import (
    LEAST,
    MOST,
    PAID_IN,
    Fault,
    Terms,
    Unreadable,
    address_fault,
    found,
    found_by_fault,
    is_idop,
    is_number,
    objet,
    refdet,
    refusal,
    unknown_number,
)

log = structlog.get_logger()
NOTIFIED = "/payfip"
_MAIL = Text("PayFiP sends its receipt by mail: please give an e-mail address of at most 80 signs.")


class PayfipAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a till says of its account."""

    number: Annotated[
        Line, Asked(label=Text("Client number"), hint=Text("Six figures, in the letter of the DGFiP."))
    ] = ""
    live: Annotated[bool, Asked(label=Text("Live: money moves"), hint=Text("Without it PayFiP is in test mode."))] = (
        False
    )
    activation: Annotated[
        bool,
        Asked(
            label=Text("Activation: the first real payment, asked for by the DGFiP"),
            hint=Text("Only as long as they say. It counts where “Live” is not ticked."),
        ),
    ] = False

    @property
    def mode(self) -> str:
        """What PayFiP calls `saisie`."""
        return "W" if self.live else "X" if self.activation else "T"

    @property
    def terms(self) -> Terms:
        """What a payment that is opened now is told under later."""
        return Terms(self.number, self.mode)


def account_fault(told: PayfipAccount) -> Sequence[Refusal]:
    """What is wrong with what a till said."""
    if is_number(told.number):
        return ()
    return (Refusal("payfip-number", Text("Write the six figures of the client number."), "number"),)


async def number_fault(told: PayfipAccount, transport: httpx.AsyncBaseTransport | None = None) -> Sequence[Refusal]:
    """What PayFiP says is wrong with a till's number; nothing if it does not answer, as the first payment tells too."""
    try:
        await client.client(_address(), told.number, transport)
    except Fault as fault:
        return unknown_number(fault.code)
    except OutcomeUnknown:
        log.warning("payfip.number-unasked")
    return ()


@dataclass(frozen=True, slots=True)
class Payfip:
    """The provider; `transport` is for tests."""

    transport: httpx.AsyncBaseTransport | None = None

    def caps(self, account: str) -> Caps:  # noqa: ARG002
        """From 1 euro; a page opens within 15 minutes, and may be paid on for 20."""
        minute = timedelta(minutes=1)
        return Caps(
            least=LEAST, most=MOST, refund=False, cancel=False, rows=False, resume_for=15 * minute, live_for=20 * minute
        )

    async def start(self, account: str, order: Order) -> Started:
        """Open a payment. Raises OutcomeUnknown, Refused."""
        told = await account_details(account, PayfipAccount)
        if not 6 <= len(order.mail) <= 80:
            raise Refused(Refusal("provider-mail", _MAIL, "mail"))
        if not LEAST <= order.cents <= MOST:
            raise Refused(refusal("M5"))
        fields = _order(account, order, told)
        try:
            if code := address_fault(fields):
                raise Fault(code)
            idop = await client.create(_address(), fields, self.transport)
        except Fault as fault:
            log.warning("payfip.refused", account=account, code=fault.code)
            raise Refused(refusal(fault.code)) from fault
        return Started(idop, f"{_address()}/paiementws.web?idop={idop}", str(told.terms))

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:
        """What became of a payment, told of the number it was opened under. Raises OutcomeUnknown."""
        now = (await account_details(account, PayfipAccount)).terms
        if not is_idop(ref):
            return Found(Result.GONE)
        try:
            return found(
                await client.details(_address(), ref, self.transport), Terms.read(terms) if terms else now, now
            )
        except Unreadable as unreadable:
            log.error("payfip.unreadable", account=account)
            raise OutcomeUnknown from unreadable
        except Fault as fault:
            known = found_by_fault(fault.code)
            if known is None:
                log.warning("payfip.refused", account=account, code=fault.code)
                raise OutcomeUnknown from fault
            return known

    async def hint(self, account: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        """The idOp that a notification names, in a form or a query, however it is spelt."""
        pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=50)
        return tuple(dict.fromkeys(typed.lower() for name, typed in pairs if name.lower() == "idop" and is_idop(typed)))

    async def cancel(self, account: str, ref: str, terms: str = "") -> Found:
        """PayFiP cannot: only what became of it. Raises OutcomeUnknown."""
        return await self.lookup(account, ref, terms)

    async def refund(self, account: str, ref: str, refund: UUID, cents: int) -> Sent:  # noqa: ARG002
        """PayFiP cannot: the accountant gives back."""
        return Sent.FAILED

    async def rows(self, account: str, day: date) -> Sequence[Row]:  # noqa: ARG002
        """PayFiP has no statement to ask for. Raises OutcomeUnknown."""
        raise OutcomeUnknown


def _order(account: str, order: Order, told: PayfipAccount) -> dict[str, str]:
    return {
        "exer": str(clock.now().astimezone(PAID_IN).year),
        "mel": order.mail,
        "montant": str(order.cents),
        "numcli": told.number,
        "objet": objet(order.label),
        "refdet": refdet(order.attempt),
        "saisie": told.mode,
        "urlnotif": f"{settings.current().base_url}{NOTIFIED}/{account}",
        "urlredirect": order.back,
    }


def _address() -> str:
    return settings.provided(Environment).payfip
