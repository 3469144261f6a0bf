"""What a bank account, a creditor and a collection day must be like, and what a returned debit means. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from text_unidecode import unidecode

from parvis.errors import Refusal, Text

# The countries of SEPA, and how many signs an IBAN has there (EPC409-09).
_LENGTHS: Mapping[str, int] = MappingProxyType(
    {
        "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
        "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
        "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
        "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
    }
)  # fmt: skip
_CREDITOR = re.compile(r"([A-Z]{2}[0-9]{2})([A-Z0-9]{3})([A-Z0-9]{1,28})")
_BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?")
_CODE = re.compile(r"[A-Z0-9]{4}")
LEAST_DAYS, MOST_DAYS = 1, 30
# A batch is made at most so long before its day.
AHEAD = timedelta(days=60)
# A bill whose day has passed is debited by the next batch, not by one of months later.
LATE = timedelta(days=60)
# A payer may dispute a debit for 13 months (Code monétaire et financier, article L. 133-24).
DISPUTED = timedelta(days=400)
# Within so many working days after the collection banks say what came back at once.
WORD = 5
REASONS: Mapping[str, Text] = MappingProxyType(
    {
        "AC01": Text("the account number is wrong"),
        "AC04": Text("the account is closed"),
        "AC06": Text("the account is blocked"),
        "AC13": Text("the account is a consumer’s, or none"),
        "AG01": Text("this account takes no direct debits"),
        "AM04": Text("there was not enough money"),
        "AM05": Text("it was debited twice"),
        "BE05": Text("the bank does not know the creditor"),
        "CNOR": Text("the creditor’s bank is not known"),
        "DNOR": Text("the payer’s bank is not known"),
        "FF01": Text("the file was not understood"),
        "MD01": Text("there is no valid mandate"),
        "MD02": Text("the mandate is incomplete"),
        "MD06": Text("the payer asks for the money back"),
        "MD07": Text("the payer has died"),
        "MS02": Text("the payer refused it"),
        "MS03": Text("the bank gives no reason"),
        "RC01": Text("the bank is not known"),
        "RR04": Text("for a legal reason"),
        "SL01": Text("the bank does not debit for this creditor"),
    }
)
# After these no bank will ever debit by the mandate again.
ENDS_MANDATE = frozenset({"AC01", "AC04", "AC13", "AG01", "MD01", "MD07"})


def tidy(typed: str) -> str:
    """An IBAN or an identifier as it is written in one place only.

    >>> tidy("fr76 3000-6000 0112 3456 7890 189")
    'FR7630006000011234567890189'
    """
    return re.sub(r"[\s.\-\u00a0\u202f]", "", typed).upper()


def iban_fault(iban: str, field: str = "iban") -> Refusal | None:
    """What is wrong with an IBAN: no such country in SEPA, too long or short, or a mistyped sign.

    >>> iban_fault("FR7630006000011234567890189") is None, str(iban_fault("FR7630006000011234567890188").text)[:27]
    (True, 'One of its signs is mistype')
    """
    length = _LENGTHS.get(iban[:2])
    if length is None:
        text = Text("Write the whole IBAN, of an account in the SEPA area: it begins with two letters, such as FR.")
        return Refusal("iban-country", text, field)
    if len(iban) != length or not iban[2:].isalnum() or not iban.isascii():
        told = {"country": iban[:2], "length": length, "n": len(iban)}
        text = Text("An IBAN that begins with {country} has {length} signs; you wrote {n}.", told)
        return Refusal("iban-length", text, field)
    if not iban[2:4].isdigit() or _remainder(iban) != 1:
        text = Text("One of its signs is mistyped: please compare it with your bank’s paper.")
        return Refusal("iban-check", text, field)
    return None


def name_fault(name: str, field: str = "name") -> Refusal | None:
    """Why no bank reads a name: written in its letters, nothing is left of it.

    >>> name_fault("Léa") is None, name_fault("\N{SLIGHTLY SMILING FACE}") is None
    (True, False)
    """
    return (
        None if in_latin(name) else Refusal("bank-name", Text("Write the name in letters, as the bank has it."), field)
    )


def in_latin(text: str) -> str:
    """A text in the letters of banks, empty where there are none for it."""
    return str(unidecode(text)).strip()


def bic_fault(bic: str, field: str = "bic") -> Refusal | None:
    """What is wrong with a BIC, which may be left empty (ISO 9362).

    >>> [bic_fault(bic) is None for bic in ("", "BDFEFRPPCCT", "BDFEFRPP", "12345678", "BDFEFRPPC")]
    [True, True, True, False, False]
    """
    if not bic or _BIC.fullmatch(bic):
        return None
    return Refusal("bic", Text("A BIC has 8 or 11 signs, such as BDFEFRPPCCT; it may be left empty."), field)


def creditor_fault(identifier: str, field: str = "creditor") -> Refusal | None:
    """What is wrong with a SEPA creditor identifier (ICS); its business code is in no check.

    >>> creditor_fault("DE98ZZZ09999999999") is None, creditor_fault("DE99ZZZ09999999999") is None
    (True, False)
    """
    found = _CREDITOR.fullmatch(identifier)
    if found and _remainder(found[1] + found[3]) == 1:
        return None
    text = Text("Copy the creditor identifier (ICS) from the letter of the Banque de France, such as FR72ZZZ123456.")
    return Refusal("creditor-identifier", text, field)


def collection_day(today: date, lead: int, is_open: Callable[[date], bool]) -> date:
    """The first day on which banks collect, `lead` of their working days after today."""
    day, left = today, lead
    while left > 0:
        day += timedelta(days=1)
        left -= is_open(day)
    return day


def collection_fault(day: date, today: date, lead: int, is_open: Callable[[date], bool]) -> Refusal | None:
    """Why nothing can be collected on a day."""
    soonest = collection_day(today, lead, is_open)
    if not soonest <= day <= today + AHEAD:
        text = Text("Choose a day from {soonest} on, within two months.", {"soonest": soonest})
        return Refusal("collection-day", text, "day")
    if not is_open(day):
        return Refusal("collection-closed", Text("Banks do not collect on this day: choose a working day."), "day")
    return None


def send_fault(taken: bool, changed: bool, former: bool) -> Refusal | None:
    """Why nobody can say that the bank has a batch's file: nobody took it, or it is not the file that they speak of.

    `changed`: debits were taken back since it was taken; `former`: it is said that the bank has it all the same.
    """
    if not taken:
        return Refusal("file-untaken", Text("Take its file to the bank first."))
    if former and not changed:
        # Somebody took the file once more meanwhile.
        return Refusal("file-anew", Text("This batch has gone on meanwhile: look at it again."))
    if changed and not former:
        text = Text("A debit was taken back after you took the file: take the file once more for the bank.")
        return Refusal("file-former", text)
    return None


def too_early(day: date, today: date) -> Refusal | None:
    """Why a bank cannot have collected yet."""
    if day <= today:
        return None
    return Refusal("batch-early", Text("The bank collects it on {day}: come back then.", {"day": day}))


def is_late(state: str, day: date, today: date, is_open: Callable[[date], bool]) -> bool:
    """Whether somebody should have said by now what became of a batch: that the bank has it, by its day; what the bank
    did with it, five working days after it."""
    if state == "made":
        return day <= today
    return state == "sent" and collection_day(day, WORD, is_open) < today


def reference(number: int, prefix: str) -> str:
    """The unique reference (RUM) of a till's mandate of a number.

    >>> reference(7, "9F2C")
    'RUM-9F2C-000007'
    """
    return f"RUM-{prefix}-{number:06}"


def sequence(debited: int) -> str:
    """Whether it is the first debit by a mandate, or one that follows.

    >>> sequence(0), sequence(3)
    ('FRST', 'RCUR')
    """
    return "RCUR" if debited else "FRST"


def reason_fault(code: str, field: str = "reason") -> Refusal | None:
    """Why this is no reason of a bank's."""
    if _CODE.fullmatch(code):
        return None
    return Refusal("reason-code", Text("Write the bank’s code of four signs, such as AM04."), field)


def reason_of(code: str) -> Text:
    """What a bank's code means; one that is not known here stands for itself."""
    return REASONS.get(code) or Text("the bank says {code}", {"code": code})


def _remainder(text: str) -> int:
    turned = text[4:] + text[:4]
    if not turned.isalnum() or not turned.isascii():
        return -1
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97
