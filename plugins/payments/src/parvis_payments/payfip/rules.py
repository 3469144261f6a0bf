"""PayFiP's words: what an order becomes, and what its answers mean. Pure."""

from __future__ import annotations

import re
import unicodedata
from base64 import b32decode, b32encode
from binascii import Error
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from parvis.contract.payments import Found, Result
from parvis.errors import Refusal, Text

LEAST, MOST = 100, 9_999_999
PAID_IN = ZoneInfo("Europe/Paris")
_NUMBER = re.compile(r"[0-9]{6}")
_RESULTS = {"P": Result.PAID, "V": Result.PAID, "R": Result.REFUSED, "Z": Result.REFUSED, "A": Result.ABANDONED}
# Not known (also: forgotten in the night after it was opened and not paid); used already.
_GONE, _NO_RESULT = "P1", "P5"
_AMOUNT = frozenset({"M1", "M3", "M5"})
_MAIL = frozenset({"A1", "A2"})


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
    """What is paid for, in the signs that PayFiP prints, at most 99.

    >>> objet("Entrées d’été – piscine n° 2")
    'Entrees d ete piscine n 2'
    """
    plain = unicodedata.normalize("NFKD", label)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^A-Za-z0-9]+", " ", plain).split())[:99].strip()


def is_number(typed: str) -> bool:
    """Whether this is a client number of PayFiP."""
    return _NUMBER.fullmatch(typed) is not None


def is_idop(ref: str) -> bool:
    """Whether a reference can be one of PayFiP's."""
    try:
        return str(UUID(ref)) == ref.lower()
    except ValueError:
        return False


def found(told: Mapping[str, str], number: str, mode: str) -> Found:
    """What the details of a payment mean for the account of this number and mode: another's, or a test where money
    moves, is as good as unknown."""
    # A payment of the activation is one of the real ones; only a test moves no money.
    if told.get("numcli") != number or (mode != "T" and told.get("saisie") == "T"):
        return Found(Result.GONE)
    result = _RESULTS.get(told.get("resultrans", ""), Result.WAITING)
    if result is not Result.PAID:
        return Found(result, attempt=attempt_of(told.get("refdet", "")))
    return Found(result, int(told["montant"]), _instant(told), attempt_of(told.get("refdet", "")))


def found_by_fault(code: str) -> Found | None:
    """What a fault says of a payment that was asked about; None if it says nothing about it."""
    if code == _GONE:
        return Found(Result.GONE)
    return Found(Result.WAITING) if code == _NO_RESULT else None


def refusal(code: str) -> Refusal:
    """Why a payment cannot be opened, for the payer."""
    if code in _AMOUNT:
        return Refusal("provider-amount", Text("PayFiP takes amounts from 1 to 99,999.99 euros."), "cents")
    if code in _MAIL:
        return Refusal(
            "provider-mail", Text("PayFiP does not accept this e-mail address: please give another."), "mail"
        )
    text = Text(
        "PayFiP does not accept this payment ({code}). Please tell the office: nothing was taken.", {"code": code}
    )
    return Refusal("provider-refused", text)


class Answer(msgspec.Struct, frozen=True):
    """The local names and texts of an answer, and the code of its fault."""

    told: dict[str, str]
    fault: str = ""


def _instant(told: Mapping[str, str]) -> datetime | None:
    try:
        read = datetime.strptime(told["dattrans"] + told["heurtrans"], "%d%m%Y%H%M")  # noqa: DTZ007 - Paris, below
    except (KeyError, ValueError):
        return None
    return read.replace(tzinfo=PAID_IN).astimezone(UTC)
