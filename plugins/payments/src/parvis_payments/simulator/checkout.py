"""What the simulated Stripe knows: its own objects by their ids, as its API shows them, and what it has to tell.

A key sees only what it made. A request under an idempotency key is done once; for something else that key is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeAlias

import msgspec

from parvis import clock

Thing: TypeAlias = dict[str, Any]
LEAST = 50
_FEE, _FEE_FIXED, _DISPUTE_FEE = 15, 25, 2000
_MINUTES = (30, 24 * 60)


class Refused(Exception):
    """Stripe's no: `status`, `code` and the parameter it is about."""

    def __init__(self, code: str, param: str = "", status: int = 400) -> None:
        self.code, self.param, self.status = code, param, status
        super().__init__(code)


class Kept(msgspec.Struct):
    """Everything that survives a restart: objects by id, answers by key and idempotency key, what is to be told."""

    things: dict[str, Thing] = {}
    answers: dict[str, tuple[str, str]] = {}
    owners: dict[str, str] = {}


@dataclass
class Checkout:
    """The simulated service. `told` are events that were not sent yet."""

    file: Path | None = None
    kept: Kept = field(default_factory=Kept)
    told: list[Thing] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.file and self.file.exists():
            self.kept = msgspec.json.decode(self.file.read_bytes(), type=Kept)

    def get(self, key: str, ref: str, prefix: str = "") -> Thing:
        """An object that a key made. Raises Refused."""
        if self.kept.owners.get(ref) != key or not ref.startswith(prefix):
            raise Refused("resource_missing", "id", 404)
        return self.kept.things[ref]

    def of(self, key: str, kind: str) -> list[Thing]:
        """A key's objects of a kind, the latest first."""
        found = [thing for ref, thing in self.kept.things.items() if self.kept.owners[ref] == key]
        return [thing for thing in reversed(found) if thing["object"] == kind]

    def once(self, key: str, idempotency: str, asked: str) -> Thing | None:
        """What a request under an idempotency key made, if it was made. Raises Refused for another request."""
        if not idempotency or (known := self.kept.answers.get(f"{key}\n{idempotency}")) is None:
            return None
        if known[0] != asked:
            raise Refused("idempotency_key_in_use")
        return self.kept.things[known[1]]

    def remember(self, key: str, idempotency: str, asked: str, made: Thing) -> None:
        """Keep what a request under an idempotency key made."""
        self.kept.answers[f"{key}\n{idempotency}"] = (asked, made["id"])
        self._keep()

    def open(self, key: str, asked: Mapping[str, Any]) -> Thing:
        """A session, with the PaymentIntent that a payer's first try makes. Raises Refused."""
        line, now = asked["line_items"][0], _now()
        cents, until = int(line["price_data"]["unit_amount"]), int(asked.get("expires_at", now + 86_400))
        if cents < LEAST:
            raise Refused("amount_too_small", "line_items[0][price_data][unit_amount]")
        if not now + _MINUTES[0] * 60 <= until <= now + _MINUTES[1] * 60:
            raise Refused("parameter_invalid_integer", "expires_at")
        kept = ("success_url", "cancel_url", "client_reference_id", "metadata", "customer_email")
        return self._new(
            key, "cs", "checkout.session", **{name: asked.get(name) for name in kept}, status="open",
            payment_status="unpaid", amount_total=cents, currency=line["price_data"]["currency"], expires_at=until,
            label=line["price_data"]["product_data"]["name"], payment_intent=None,
            ours=dict(asked.get("payment_intent_data", {}).get("metadata", {})),
        )  # fmt: skip

    def expire(self, key: str, ref: str) -> Thing:
        """End a session that is open. Raises Refused."""
        session = self.open_session(key, ref)
        session["status"] = "expired"
        self._tell(key, "checkout.session.expired", session)
        return session

    def open_session(self, key: str, ref: str) -> Thing:
        """A session that may still be paid. Raises Refused."""
        session = self.get(key, ref, "cs_")
        if session["status"] == "open" and _now() >= session["expires_at"]:
            session["status"] = "expired"
            self._tell(key, "checkout.session.expired", session)
        if session["status"] != "open":
            raise Refused("session_not_open")
        return session

    def refuse(self, ref: str) -> Thing:
        """The payer's card is refused. Raises Refused."""
        key, session = self._try(ref)
        intent = self.kept.things[session["payment_intent"]]
        intent["last_payment_error"] = {"code": "card_declined", "type": "card_error"}
        self._keep()
        del key
        return session

    def pay(self, ref: str, cents: int | None = None) -> Thing:
        """The payer pays. Raises Refused."""
        key, session = self._try(ref)
        intent = self.kept.things[session["payment_intent"]]
        paid = session["amount_total"] = session["amount_total"] if cents is None else cents
        charge = self._new(key, "ch", "charge", amount=paid, currency="eur", amount_refunded=0, refunded=False,
                           payment_intent=intent["id"], metadata=intent["metadata"])  # fmt: skip
        intent |= {"latest_charge": charge["id"], "status": "succeeded", "last_payment_error": None}
        session |= {"status": "complete", "payment_status": "paid"}
        self._moved(key, "charge", paid, paid * _FEE // 1000 + _FEE_FIXED, charge["id"])
        self._tell(key, "checkout.session.completed", session)
        return session

    def give_back(self, key: str, asked: Mapping[str, Any], status: str = "succeeded") -> Thing:
        """A refund of what was paid. Raises Refused."""
        intent = self.get(key, str(asked.get("payment_intent", "")), "pi_")
        charge = self.kept.things[intent["latest_charge"]]
        cents = int(asked.get("amount", charge["amount"]))
        if charge["amount_refunded"] + cents > charge["amount"]:
            raise Refused("charge_already_refunded" if charge["refunded"] else "amount_too_large", "amount")
        charge["amount_refunded"] += cents
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        refund = self._new(key, "re", "refund", amount=cents, currency="eur", payment_intent=intent["id"],
                           charge=charge["id"], metadata=dict(asked.get("metadata", {})), status=status)  # fmt: skip
        self._moved(key, "refund", -cents, 0, refund["id"])
        self._tell(key, "refund.updated", refund)
        return refund

    def fail(self, ref: str) -> Thing:
        """A refund does not arrive: its money is here again."""
        refund, key = self.kept.things[ref], self.kept.owners[ref]
        refund["status"] = "failed"
        charge = self.kept.things[refund["charge"]]
        charge |= {"amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False}
        self._moved(key, "refund_failure", refund["amount"], 0, ref)
        self._tell(key, "refund.failed", refund)
        return refund

    def dispute(self, ref: str) -> Thing:
        """The payer's bank takes the money of a session back."""
        session, key = self.kept.things[ref], self.kept.owners[ref]
        dispute = self._new(key, "du", "dispute", amount=session["amount_total"], currency="eur",
                            status="needs_response", payment_intent=session["payment_intent"])  # fmt: skip
        self._moved(key, "adjustment", -dispute["amount"], _DISPUTE_FEE, dispute["id"])
        self._tell(key, "charge.dispute.created", dispute)
        return dispute

    def decide(self, ref: str, *, won: bool) -> Thing:
        """A dispute is decided."""
        dispute, key = self.kept.things[ref], self.kept.owners[ref]
        dispute["status"] = "won" if won else "lost"
        if won:
            self._moved(key, "adjustment", dispute["amount"], 0, ref)
        self._tell(key, "charge.dispute.closed", dispute)
        return dispute

    def pay_out(self, key: str) -> Thing:
        """Everything that was not paid out yet goes to the bank."""
        lines = [moved for moved in self.of(key, "balance_transaction") if moved["payout"] is None]
        payout = self._new(key, "po", "payout", amount=sum(moved["net"] for moved in lines), currency="eur",
                           status="paid")  # fmt: skip
        for moved in lines:
            moved["payout"] = payout["id"]
        self._moved(key, "payout", -payout["amount"], 0, payout["id"], payout["id"])
        self._tell(key, "payout.paid", payout)
        return payout

    def untold(self) -> Iterator[Thing]:
        """The events that were not sent yet, each once."""
        while self.told:
            yield self.told.pop(0)

    def _try(self, ref: str) -> tuple[str, Thing]:
        """Whose session it is, with its PaymentIntent, for a payer who tries. Raises Refused."""
        key = self.kept.owners.get(ref, "")
        session = self.open_session(key, ref)
        if session["payment_intent"] is None:
            intent = self._new(key, "pi", "payment_intent", amount=session["amount_total"], currency="eur",
                               metadata=session["ours"], latest_charge=None, last_payment_error=None,
                               status="requires_payment_method")  # fmt: skip
            session["payment_intent"] = intent["id"]
        return key, session

    def _moved(self, key: str, kind: str, cents: int, fee: int, source: str, payout: str | None = None) -> None:
        self._new(key, "txn", "balance_transaction", type=kind, amount=cents, fee=fee, net=cents - fee, currency="eur",
                  source=source, payout=payout)  # fmt: skip

    def _new(self, key: str, prefix: str, kind: str, **more: Any) -> Thing:
        mode = key[3:7]
        ref = f"{prefix}_{mode}_{token_hex(12)}"
        made: Thing = {"id": ref, "object": kind, "created": _now(), "livemode": mode == "live", **more}
        self.kept.things[ref], self.kept.owners[ref] = made, key
        self._keep()
        return made

    def _tell(self, key: str, kind: str, about: Thing) -> None:
        event = self._new(key, "evt", "event", type=kind, data={"object": dict(about)})
        self.told.append(event)

    def _keep(self) -> None:
        if self.file:
            draft = self.file.with_suffix(".new")
            draft.write_bytes(msgspec.json.encode(self.kept))
            draft.replace(self.file)


def _now() -> int:
    return int(clock.now().timestamp())
