"""What accounts and facts of the books are called."""

from __future__ import annotations

from parvis import plugins
from parvis.errors import Text
from parvis.web import i18n

_ACCOUNTS = {
    "receivable": Text("Owed by payers"),
    "bank": Text("Bank"),
    "cash": Text("Cash"),
    "clearing:cheque": Text("Cheques to hand over"),
    "clearing:cesu": Text("Service vouchers (CESU) to hand over"),
    "clearing:holiday": Text("Holiday vouchers to hand over"),
    "vat": Text("VAT"),
    "refund_due": Text("To be given back"),
    "credit": Text("Credits of payers"),
    "disputed": Text("Disputed"),
    "suspense": Text("In suspense"),
    "paid_over": Text("Handed over"),
    "fees": Text("Fees"),
}
# Papers are in French, whoever prints them.
FACTS = {
    "charge": "vente",
    "capture": "encaissement",
    "grant": "remboursement accordé",
    "grant-back": "remboursement retiré",
    "refund": "remboursement",
    "payout": "versement du prestataire",
    "hand-over": "versement au comptable",
    "take-up": "place retrouvée",
    "dispute": "contestation",
    "charge-back": "vente reprise",
    "capture-back": "encaissement repris",
    "till-count": "écart de caisse",
    "return": "paiement repris par la banque",
    "refund-back": "remboursement revenu",
    "not-left": "remboursement non parti",
    "return-back": "paiement repris par erreur, rétabli",
    "set-off": "compensation d’une somme due",
    "set-off-back": "compensation reprise",
    "dispute-back": "contestation gagnée",
    "dispute-lost": "contestation perdue",
    "dispute-known": "contestation d’un paiement retrouvé",
    "credit-back": "avoir rendu",
}
DUTIES = {
    "cash": Text("There is as much cash as the till may keep, or more"),
    "held": Text("There is as much in cash and at the bank as the till may keep, or more"),
    "month": Text("A till hands its money over at least once a month"),
    "year": Text("Everything is handed over at the year’s end"),
    "keeper": Text("The régisseur changes: everything is handed over before, and the days are closed"),
}
SORTS = {
    "missing-there": Text("only in our books"),
    "missing-here": Text("only in the statement"),
    "twice": Text("twice in the statement"),
    "amount": Text("another amount"),
    "waiting": Text("has waited too long"),
}
DIFFERING = {
    "capture": Text("Money that came in"),
    "refund": Text("Refund"),
    "intent": Text("Unpaid amount"),
    "batch": Text("Batch of direct debits"),
    "dispute": Text("Disputed payment"),
    "payout": Text("Paid into the bank"),
}
STRANDED = {
    "vain": Text("What it was for is gone, or less was paid than due"),
    "extra": Text("Paid a second time"),
    "unknown": Text("Money of nobody known"),
}
DISPUTES = {
    "open": Text("the payer’s bank disputes it, and nothing is decided yet"),
    "won": Text("the payer’s bank disputed it, and gave it back"),
    "lost": Text("the payer’s bank disputed it, and keeps it"),
}
BATCHES = {
    "made": Text("made, not at the bank yet"),
    "sent": Text("at the bank"),
    "collected": Text("collected"),
    "dropped": Text("given up"),
}
DEBITS = {
    "listed": Text("to be debited"),
    "collected": Text("paid"),
    "rejected": Text("rejected"),
    "returned": Text("returned by the bank"),
    "dropped": Text("given up"),
}


def account_name(account: str) -> Text | str:
    """What an account is called; one of a revenue or of a provider has its own name in it.

    >>> str(account_name("revenue:pools")), str(account_name("cash"))
    ('Sales: pools', 'Cash')
    """
    if account in _ACCOUNTS:
        return _ACCOUNTS[account]
    kind, _, name = account.partition(":")
    if kind == "revenue":
        return Text("Sales: {name}", {"name": name})
    if kind == "clearing":
        return Text("Collected by {name}", {"name": collector(name)})
    return account


def collector(key: str) -> Text | str:
    """Who collects at an account of a till, by its key (`payfip-98291473afb9`); the key where no plugin knows it."""
    kind = key.rpartition("-")[0]
    ways = (way for plugin in plugins.current() for way in plugin.payment_providers)
    return next((way.name for way in ways if way.key.rpartition(".")[2] == kind), key)


def in_french(account: str) -> str:
    """What an account is called on paper.

    >>> in_french("cash")
    'Espèces'
    """
    return i18n.translate(account_name(account), "fr")
