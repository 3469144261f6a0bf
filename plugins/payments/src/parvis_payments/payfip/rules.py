"""PayFiP's words: what an order becomes, and what its answers mean. Pure."""

from __future__ import annotations

import re
import unicodedata
from base64 import b32decode, b32encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis.contract.payments import Found, Result
from parvis.errors import Refusal, Text

LEAST, MOST = 100, 9_999_999
PAID_IN = ZoneInfo("Europe/Paris")
_NUMBER = re.compile(r"[0-9]{6}")
_RESULTS = {"P": Result.PAID, "V": Result.PAID, "R": Result.REFUSED, "Z": Result.REFUSED, "A": Result.ABANDONED}
# Not known: also what was forgotten in the night after it was opened and not paid.
_GONE = "P1"
# No result yet; a page that was not opened in its quarter of an hour.
_NO_RESULT = frozenset({"P4", "P5"})
_AMOUNT = frozenset({"M1", "M3", "M5"})
_MAIL = frozenset({"A1", "A2"})
_ACCOUNT, _MODE, _OURS = frozenset({"T1", "T2", "T4"}), frozenset({"S1"}), frozenset({"R3", "N1", "D1"})
_CENTS = re.compile(r"[1-9][0-9]{0,9}")
_URL, _OBJET = 249, 99


class Fault(Exception):
    """PayFiP says no, with a code of its own (`FonctionnelleErreur`)."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def refdet(attempt: UUID) -> str:
    """Our reference of an attempt as PayFiP takes it: 26 capital letters and figures.

    >>> refdet(UUID(int=1)), attempt_of(refdet(UUID(int=1))) == UUID(int=1)
    ('AAAAAAAAAAAAAAAAAAAAAAAAAE', True)
    """
    return b32encode(attempt.bytes).decode().rstrip("=")


def attempt_of(reference: str) -> UUID | None:
    """The attempt of a reference, None for one that is not ours."""
    try:
        return UUID(bytes=b32decode(reference + "=" * (-len(reference) % 8)))
    except (Error, ValueError):
        return None


def objet(label: str) -> str:
    """What is paid for, in the signs that PayFiP prints, at most 99; never nothing.

    >>> objet("Entrées d’été – piscine n° 2"), objet("…")
    ('Entrees d ete piscine n 2', 'Paiement')
    """
    plain = unicodedata.normalize("NFKD", label)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^A-Za-z0-9]+", " ", plain).split())[:_OBJET].strip() or "Paiement"


def is_number(typed: str) -> bool:
    """Whether this is a client number of PayFiP."""
    return _NUMBER.fullmatch(typed) is not None


def is_idop(ref: str) -> bool:
    """Whether a reference can be one of PayFiP's."""
    try:
        return str(UUID(ref)) == ref.lower()
    except ValueError:
        return False


class Unreadable(ValueError):
    """An answer that says "paid" and not how much."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a till's account is at PayFiP: its client number, and the mode that PayFiP calls `saisie`."""

    number: str
    mode: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Those that were kept with a payment."""
        number, _, mode = text.partition(" ")
        return cls(number, mode)

    def __str__(self) -> str:
        """As they are kept.

        >>> str(Terms("007700", "W")), Terms.read("007700 W")
        ('007700 W', Terms(number='007700', mode='W'))
        """
        return f"{self.number} {self.mode}"


def found(told: Mapping[str, str], terms: Terms, now: Terms) -> Found:
    """What the details of a payment mean that was opened under `terms`, at an account that has those of `now`.

    Another number's is as good as unknown; so is a test, unless no money moves, then and now. Raises Unreadable.
    """
    # A payment of the activation is one of the real ones; only a test moves no money.
    tests = terms.mode == now.mode == "T"
    if told.get("numcli") != terms.number or (told.get("saisie") == "T" and not tests):
        return Found(Result.GONE)
    result = _RESULTS.get(told.get("resultrans", ""), Result.WAITING)
    attempt = attempt_of(told.get("refdet", ""))
    if result is not Result.PAID:
        return Found(result, attempt=attempt)
    if not _CENTS.fullmatch(told.get("montant", "")):
        raise Unreadable
    return Found(result, int(told["montant"]), _instant(told), attempt)


def found_by_fault(code: str) -> Found | None:
    """What a fault says of a payment that was asked about; None if it says nothing about it."""
    if code == _GONE:
        return Found(Result.GONE)
    return Found(Result.WAITING) if code in _NO_RESULT else None


def refusal(code: str) -> Refusal:
    """Why a payment cannot be opened, for the payer."""
    if code in _AMOUNT:
        return Refusal("provider-amount", Text("PayFiP takes amounts from 1 to 99,999.99 euros."), "cents")
    if code in _MAIL:
        text = Text("PayFiP does not accept this e-mail address: please give another.")
        return Refusal("provider-mail", text, "mail")
    return Refusal("provider-account" if code in _ACCOUNT | _MODE else "provider-refused", _words(code))


def _words(code: str) -> Text:
    told = {"code": code}
    if code in _ACCOUNT:
        return Text("PayFiP does not know the office by its number ({code}). Please tell it: nothing was taken.", told)
    if code in _MODE:
        return Text(
            "PayFiP takes no payments of this office in its mode ({code}). Please tell it: nothing was taken.", told
        )
    if code in _OURS:
        return Text(
            "PayFiP does not take what this site sends ({code}). Please tell the office: nothing was taken.", told
        )
    return Text("PayFiP does not accept this payment ({code}). Please tell the office: nothing was taken.", told)


def unknown_number(code: str) -> tuple[Refusal, ...]:
    """What a fault says of a till's client number that was asked about; a fault about anything else says nothing."""
    if code not in _ACCOUNT:
        return ()
    text = Text(
        "PayFiP does not know this client number ({code}). Compare it with the letter of the DGFiP.", {"code": code}
    )
    return (Refusal("payfip-number", text, "number"),)


def address_fault(fields: Mapping[str, str]) -> str | None:
    """The code that PayFiP has for an address that is too long for it."""
    named = (("urlnotif", "N1"), ("urlredirect", "D1"))
    return next((code for name, code in named if len(fields[name]) > _URL), None)


def _instant(told: Mapping[str, str]) -> datetime | None:
    try:
        read = datetime.strptime(told["dattrans"] + told["heurtrans"], "%d%m%Y%H%M")  # noqa: DTZ007 - Paris, below
        return read.replace(tzinfo=PAID_IN).astimezone(UTC)
    # OverflowError: the first day of the calendar.
    except (KeyError, ValueError, OverflowError):
        return None
