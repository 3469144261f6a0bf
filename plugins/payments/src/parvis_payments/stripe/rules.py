"""Stripe's words: what an order becomes, and what its answers mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from parvis.contract.payments import Found, Order, Result, Row, RowKind, Sent
from parvis.errors import Refusal, Text
from parvis_payments.stripe.objects import (
    CURRENCY,
    Charge,
    Dispute,
    Intended,
    Moved,
    Refund,
    Session,
    StripeAccount,
)

# Stripe takes 50 cents, and we a euro as everywhere: less is paid at the counter, or with the next invoice.
LEAST, MOST = 100, 99_999_999
# Whether money moved where a payment was opened.
LIVE, TEST = "live", "test"
TOLERANCE = 300
_KEY = re.compile(r"[sr]k_(test|live)_[A-Za-z0-9]{8,240}")
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]{8,240}")
_LABEL = 250
_IN, _BACK = frozenset({"charge", "payment"}), frozenset({"refund", "payment_refund"})
_FAILED = frozenset({"refund_failure", "payment_failure_refund"})


def account_fault(told: StripeAccount) -> Sequence[Refusal]:
    """What is wrong with what a till said."""
    wrong = []
    if not _KEY.fullmatch(told.key):
        text = Text("Copy the secret key whole: it begins with sk_live_, rk_live_, sk_test_ or rk_test_.")
        wrong.append(Refusal("stripe-key", text, "key"))
    if not _SECRET.fullmatch(told.webhook):
        text = Text("Copy the signing secret whole: it begins with whsec_.")
        wrong.append(Refusal("stripe-webhook", text, "webhook"))
    return wrong


def session_of(account: str, order: Order, until: datetime) -> dict[str, Any]:
    """The session to open for an order: one line, one reference, payable by card until then."""
    ours = {"account": account, "attempt": str(order.attempt)}
    line = {"currency": CURRENCY, "unit_amount": order.cents, "product_data": {"name": order.label[:_LABEL] or "–"}}
    return {
        "mode": "payment",
        "payment_method_types": ["card"],
        "line_items": [{"quantity": 1, "price_data": line}],
        "client_reference_id": str(order.attempt),
        "metadata": ours,
        "payment_intent_data": {"metadata": ours},
        "expires_at": int(until.timestamp()),
        "success_url": order.back,
        "cancel_url": order.back,
    } | ({"customer_email": order.mail} if order.mail else {})


def found(session: Session, account: str, live: bool) -> Found:
    """What a session means for an account: another's, in another currency, or a test where money moves, is as good as
    unknown."""
    theirs = (session.metadata or {}).get("account")
    if theirs != account or session.livemode != live or session.currency != CURRENCY:
        return Found(Result.GONE)
    attempt = _id(session.client_reference_id)
    if session.payment_status == "paid":
        return Found(Result.PAID, session.amount_total or 0, _paid_at(session), attempt)
    if session.status == "expired":
        return Found(Result.GONE, attempt=attempt)
    return Found(Result.REFUSED if _refused(session) else Result.WAITING, attempt=attempt)


def sent(refund: Refund) -> Sent:
    """What a refund has come to: what waits for money or for the payer may still fail.

    >>> [sent(Refund("re_1", status)).value for status in ("succeeded", "pending", "canceled")]
    ['done', 'unknown', 'failed']
    """
    known = {"succeeded": Sent.DONE, "failed": Sent.FAILED, "canceled": Sent.FAILED}
    return known.get(refund.status or "", Sent.UNKNOWN)


def ours(refund: Refund) -> UUID | None:
    """Our own id of a refund, None for one that was made elsewhere."""
    return _id((refund.metadata or {}).get("refund"))


def row(moved: Moved, sessions: Mapping[str, str]) -> Row | None:
    """A line of the statement, its session found by its PaymentIntent; None for what is no payment and no refund.

    A refund that failed after all is money in again, under our own reference of it where it has one.
    """
    if moved.currency != CURRENCY or not isinstance(moved.source, Mapping):
        return None
    if moved.type in _IN:
        charge = msgspec.convert(moved.source, Charge)
        return Row(RowKind.CAPTURE, sessions.get(charge.payment_intent or "", charge.id), abs(moved.amount))
    if moved.type in _BACK | _FAILED:
        refund = msgspec.convert(moved.source, Refund)
        kind = RowKind.REFUND if moved.type in _BACK else RowKind.CAPTURE
        return Row(kind, str(ours(refund) or refund.id), abs(moved.amount))
    return None


def fees(moved: Iterable[Moved]) -> int:
    """What Stripe kept of the movements of a payout, in cents.

    >>> fees([Moved("txn_1", "charge", 1000, 40), Moved("txn_2", "payout", -960), Moved("txn_3", "stripe_fee", -5)])
    45
    """
    lines = [one for one in moved if one.type != "payout"]
    return sum(one.fee - (one.amount if one.type == "stripe_fee" else 0) for one in lines)


def refusal(code: str | None, field: str | None) -> Refusal:
    """Why a payment cannot be opened, for the payer."""
    if field == "customer_email":
        text = Text("The payment service does not accept this e-mail address: please give another.")
        return Refusal("provider-mail", text, "mail")
    text = Text(
        "The payment service does not accept this payment ({code}). Please tell the office: nothing was taken.",
        {"code": code or "–"},
    )
    return Refusal("provider-refused", text)


def amount_fault(cents: int) -> Refusal | None:
    """Why so much cannot be paid at once."""
    if LEAST <= cents <= MOST:
        return None
    return Refusal("provider-amount", Text("Cards take amounts from 1 to 999,999.99 euros."), "cents")


def withdrawn(dispute: Dispute) -> bool:
    """Whether money was taken back for a dispute: an inquiry takes none."""
    return not dispute.status.startswith("warning") and dispute.status != "prevented"


def closed(dispute: Dispute) -> bool:
    """Whether it is decided."""
    return dispute.status in {"won", "lost"}


def _refused(session: Session) -> bool:
    return isinstance(session.payment_intent, Intended) and session.payment_intent.last_payment_error is not None


def _paid_at(session: Session) -> datetime | None:
    charge = session.payment_intent.latest_charge if isinstance(session.payment_intent, Intended) else None
    return datetime.fromtimestamp(charge.created, UTC) if isinstance(charge, Charge) and charge.created else None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
