"""What the simulated PayFiP knows: payments, and what became of each; kept in a file, so that it survives a restart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec

from parvis import clock

PARIS = ZoneInfo("Europe/Paris")
_OPENS, _PAYS = timedelta(minutes=15), timedelta(minutes=20)
PAID = frozenset({"P", "V"})
# Which code answers a field that does not fit; in the order in which they are looked at.
_FIELDS = (
    ("exer", "E1", r"[0-9]{4}"),
    ("refdet", "R3", r"[A-Za-z0-9]{6,30}"),
    ("objet", "O1", r"[A-Za-z0-9 ]{0,99}"),
    ("mel", "A2", r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    ("montant", "M3", r"[0-9]{1,7}"),
    ("saisie", "S1", r"[TXW]"),
    ("urlnotif", "N1", r"https?://\S{1,241}"),
    ("urlredirect", "D1", r"https?://\S{1,241}"),
)
_LEAST = 100
# Nobody's client numbers begin so.
_NOBODYS = "99"


class Refused(Exception):
    """A `FonctionnelleErreur` with its code."""


class Kept(msgspec.Struct):
    """A payment: the fields it was created with, when its page was opened, its result and when; how many notifications
    of it were heard."""

    fields: dict[str, str]
    created: datetime
    opened: datetime | None = None
    result: str = ""
    at: datetime | None = None
    heard: int = 0


@dataclass
class Bank:
    """The payments by their idOp. `answers` has codes that operations are to be refused with, whatever they ask."""

    file: Path | None = None
    payments: dict[str, Kept] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file and self.file.exists():
            self.payments = msgspec.json.decode(self.file.read_bytes(), type=dict[str, Kept])

    def create(self, fields: dict[str, str]) -> str:
        """A new payment's idOp. Raises Refused."""
        self.client(fields.get("numcli", ""))
        if not fields.get("montant"):
            raise Refused("M1")
        for name, code, form in _FIELDS:
            if not re.fullmatch(form, fields.get(name, "")):
                raise Refused(code)
        if not 6 <= len(fields["mel"]) <= 80:
            raise Refused("A1")
        if int(fields["montant"]) < _LEAST:
            raise Refused("M5")
        idop = str(uuid4())
        self.payments[idop] = Kept(fields, clock.now())
        self._keep()
        return idop

    def client(self, number: str) -> dict[str, str]:
        """Whose a client number is. Raises Refused."""
        if not number:
            raise Refused("T1")
        if not re.fullmatch(r"[0-9]{6}", number):
            raise Refused("T2")
        if number.startswith(_NOBODYS):
            raise Refused("T4")
        return {"numcli": number, "libelleN1": "Régie (simulation)", "libelleN2": "", "libelleN3": ""}

    def details(self, idop: str) -> dict[str, str]:
        """The payment as PayFiP tells it. Raises Refused."""
        kept = self._known(idop)
        if not kept.result:
            raise Refused("P5")
        told = {**kept.fields, "idOp": idop, "resultrans": kept.result, "exer": "20"}
        at = (kept.at or clock.now()).astimezone(PARIS)
        told |= {"dattrans": at.strftime("%d%m%Y"), "heurtrans": at.strftime("%H%M")}
        return {name: text for name, text in told.items() if not name.startswith("url")} | (
            {"numauto": "112233445566-123456"} if kept.result in PAID else {}
        )

    def open(self, idop: str) -> Kept:
        """The payment's page is opened. Raises Refused once that is too late, or it is paid."""
        kept = self._known(idop)
        if kept.result in PAID:
            raise Refused("P3")
        if kept.opened is None and clock.now() >= kept.created + _OPENS:
            raise Refused("P4")
        kept.opened = kept.opened or clock.now()
        self._keep()
        return kept

    def end(self, idop: str, result: str) -> Kept:
        """The payer did something. Raises Refused: paid already, or more than 20 minutes after it was created."""
        kept = self._known(idop)
        if kept.result in PAID:
            raise Refused("P3")
        if clock.now() >= kept.created + _PAYS:
            raise Refused("P4")
        kept.result, kept.at = result, clock.now()
        self._keep()
        return kept

    def heard(self, idop: str) -> None:
        """A notification of it was answered."""
        self.payments[idop].heard += 1
        self._keep()

    def _known(self, idop: str) -> Kept:
        kept = self.payments.get(idop)
        if kept is None or self._purged(kept):
            raise Refused("P1")
        return kept

    @staticmethod
    def _purged(kept: Kept) -> bool:
        """What has no result is forgotten in the night after it was opened."""
        return not kept.result and clock.now().astimezone(PARIS).date() > kept.created.astimezone(PARIS).date()

    def _keep(self) -> None:
        if self.file:
            draft = self.file.with_suffix(".new")
            draft.write_bytes(msgspec.json.encode(self.payments))
            draft.replace(self.file)
