"""What a bank says of debits: a status report (pain.002) or a statement (camt.053). Read are rejects, returns, and the
money that comes for a batch.

Whatever the version, elements are known by their local names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from parvis.errors import Invalid, Refusal, Text
from parvis.payments.money import Cents

_UNREADABLE = Text("This is no file of a bank that says what became of debits (pain.002 or camt.053).")
_ALL_REFUSED = Text("The bank refuses the whole file: ask it why, and say nothing of it is collected.")
_REFUSED, _IN, _BOOKED = "RJCT", "CRDT", "BOOK"


@dataclass(frozen=True, slots=True)
class Failed:
    """A debit that was rejected or came back: our own reference of it, and the bank's reason."""

    ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that came for what was asked of the bank under a name: a payment's, or else a file's."""

    ref: str
    cents: Cents


@dataclass(frozen=True, slots=True)
class Told:
    """All that a file says of debits; of each that failed once. `refused` are payments, a batch's of one sequence, that
    are refused as a whole."""

    failed: tuple[Failed, ...]
    credits: tuple[Credit, ...]
    refused: tuple[Failed, ...] = ()


def read(content: bytes, field: str = "file") -> Told:
    """What a file says. Raises Invalid for one that is none."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Invalid(Refusal("bank-file", _UNREADABLE, field)) from error
    kinds = {_local(element) for element in root}
    if "CstmrPmtStsRpt" in kinds and _refuses_all(root):
        raise Invalid(Refusal("bank-file", _ALL_REFUSED, field))
    if "CstmrPmtStsRpt" in kinds:
        return Told(_once(_of_report(root)), (), _once(_whole(root)))
    if "BkToCstmrStmt" in kinds:
        return Told(_once(_of_statement(root)), tuple(_credits(root)))
    raise Invalid(Refusal("bank-file", _UNREADABLE, field))


def _refuses_all(root: Element) -> bool:
    """Whether a bank refuses a file, or a batch of it, as a whole: it names no payment then."""
    said = [(_local(one), (one.text or "").strip()) for one in root.iter()]
    whole = ("GrpSts", _REFUSED) in said or ("PmtInfSts", _REFUSED) in said
    return whole and not any(name == "TxInfAndSts" for name, _ in said)


def _once(found: Iterator[Failed]) -> tuple[Failed, ...]:
    return tuple({one.ref: one for one in found}.values())


def _of_report(root: Element) -> Iterator[Failed]:
    for element in root.iter():
        if _local(element) == "TxInfAndSts" and _text(element, "TxSts") == _REFUSED:
            yield Failed(_text(element, "OrgnlEndToEndId"), _reason(element))


def _whole(root: Element) -> Iterator[Failed]:
    """Payments that a bank refuses without naming a debit of them."""
    for element in root.iter():
        if _local(element) != "OrgnlPmtInfAndSts" or _first(element, "TxInfAndSts") is not None:
            continue
        if _text(element, "PmtInfSts") == _REFUSED:
            yield Failed(_text(element, "OrgnlPmtInfId"), _reason(element))


def _of_statement(root: Element) -> Iterator[Failed]:
    for element in root.iter():
        if _local(element) == "TxDtls" and _first(element, "RtrInf") is not None:
            yield Failed(_text(element, "EndToEndId"), _reason(element))


def _credits(root: Element) -> Iterator[Credit]:
    """Entries of money that came in, and is booked, under one name."""
    for entry in root.iter():
        if _local(entry) != "Ntry" or _own(entry, "CdtDbtInd") != _IN or _own(entry, "RvslInd") == "true":
            continue
        names = _texts(entry, "PmtInfId") or _texts(entry, "MsgId")
        cents = _cents(entry)
        if len(names) == 1 and cents and _own(entry, "Sts") == _BOOKED:
            yield Credit(names.pop(), cents)


def _cents(entry: Element) -> Cents | None:
    amount = next((one for one in entry if _local(one) == "Amt"), None)
    if amount is None or amount.get("Ccy") != "EUR":
        return None
    try:
        cents = Decimal((amount.text or "").strip()).scaleb(2)
    except ArithmeticError:
        return None
    return int(cents) if cents.is_finite() and cents > 0 and cents == cents.to_integral_value() else None


def _reason(element: Element) -> str:
    why = _first(element, "Rsn")
    return (_text(why, "Cd") if why is not None else "") or "MS03"


def _own(element: Element, name: str) -> str:
    """What a child says, in an element of its own or in a code below it, as later versions have it."""
    found = next((one for one in element if _local(one) == name), None)
    return "" if found is None else "".join(found.itertext()).strip()


def _texts(element: Element, name: str) -> set[str]:
    return {(one.text or "").strip() for one in element.iter() if _local(one) == name}


def _first(element: Element, name: str) -> Element | None:
    return next((one for one in element.iter() if _local(one) == name), None)


def _text(element: Element, name: str) -> str:
    found = _first(element, name)
    return (found.text or "").strip() if found is not None else ""


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
