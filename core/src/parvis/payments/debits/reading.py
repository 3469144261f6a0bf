"""What a bank says of debits: a status report (pain.002) or a statement (camt.053). Only rejects and returns are read.

Whatever the version, elements are known by their local names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from parvis.errors import Invalid, Refusal, Text

_UNREADABLE = Text("This is no file of a bank that says what became of debits (pain.002 or camt.053).")
_REFUSED = "RJCT"


@dataclass(frozen=True, slots=True)
class Told:
    """A debit that was rejected or came back: our own reference of it, and the bank's reason."""

    ref: str
    reason: str


def rejected(content: bytes, field: str = "file") -> list[Told]:
    """The debits that a file says were rejected or came back, each once. Raises Invalid."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Invalid(Refusal("bank-file", _UNREADABLE, field)) from error
    kinds = {_local(element) for element in root}
    if "CstmrPmtStsRpt" in kinds:
        found = list(_of_report(root))
    elif "BkToCstmrStmt" in kinds:
        found = list(_of_statement(root))
    else:
        raise Invalid(Refusal("bank-file", _UNREADABLE, field))
    return list({one.ref: one for one in found}.values())


def _of_report(root: Element) -> Iterator[Told]:
    for element in root.iter():
        if _local(element) == "TxInfAndSts" and _text(element, "TxSts") == _REFUSED:
            yield Told(_text(element, "OrgnlEndToEndId"), _reason(element))


def _of_statement(root: Element) -> Iterator[Told]:
    for element in root.iter():
        if _local(element) == "TxDtls" and _first(element, "RtrInf") is not None:
            yield Told(_text(element, "EndToEndId"), _reason(element))


def _reason(element: Element) -> str:
    why = _first(element, "Rsn")
    return (_text(why, "Cd") if why is not None else "") or "MS03"


def _first(element: Element, name: str) -> Element | None:
    return next((one for one in element.iter() if _local(one) == name), None)


def _text(element: Element, name: str) -> str:
    found = _first(element, name)
    return (found.text or "").strip() if found is not None else ""


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
