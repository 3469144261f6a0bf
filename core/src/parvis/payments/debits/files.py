"""A batch as the file that a bank takes (pain.008.001.08), held to the official schema before anybody gets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sepaxml import SepaDD
from sepaxml.validation import ValidationError

from parvis.errors import ParvisError, Text
from parvis.payments.debits import rules
from parvis.payments.money import Cents

SCHEMA = "pain.008.001.08"


# As banks write what is not said.
NOT_PROVIDED = "NOTPROVIDED"


class Unfit(ParvisError):
    """A file that no bank would take was about to be made."""

    code = "debit-file"
    title = Text("The file does not fit what banks read. Nothing was made: please tell the operator.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """A line of the file."""

    ref: str
    cents: Cents
    name: str
    iban: str
    mandate: str
    signed_on: date
    sequence: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A file: its name at the bank, when it was made (the territory's clock), when to collect, for whom."""

    ref: str
    made: datetime
    day: date
    name: str
    iban: str
    bic: str
    creditor: str


class _Dated(SepaDD):  # type: ignore[misc]
    """The library's file under a name and an instant of ours: made again from the same batch it is the same file."""

    def __init__(self, config: dict[str, Any], batch: Batch) -> None:
        self.of = batch
        super().__init__(config, schema=SCHEMA, clean=True)

    def _create_header(self) -> None:
        self.msg_id = self.of.ref
        super()._create_header()
        header = self._xml.find("CstmrDrctDbtInitn/GrpHdr")
        header.find("CreDtTm").text = self.of.made.strftime("%Y-%m-%dT%H:%M:%S")

    def _finalize_batch(self) -> None:
        super()._finalize_batch()
        for node in self._xml.iter("PmtInf"):
            node.find("PmtInfId").text = payment(self.of.ref, node.find(".//SeqTp").text)


def payment(batch: str, sequence: str) -> str:
    """The name under which a bank collects, and brings, a batch's debits of a sequence.

    >>> payment("PRLV-9F2C-000001", "FRST"), batch_of(payment("PRLV-9F2C-000001", "FRST"))
    ('PRLV-9F2C-000001-FRST', 'PRLV-9F2C-000001')
    """
    return f"{batch}-{sequence}"


def batch_of(named: str) -> str:
    """The batch that a bank names, or one of whose payments."""
    return named.removesuffix("-FRST").removesuffix("-RCUR")


def pain008(batch: Batch, debits: Sequence[Debit]) -> bytes:
    """The file. Raises Unfit when it is not what the schema wants."""
    config = {"name": batch.name, "IBAN": batch.iban, "batch": True, "creditor_id": batch.creditor, "currency": "EUR"}
    made = _Dated(config | ({"BIC": batch.bic} if batch.bic else {}), batch)
    for debit in debits:
        made.add_payment(_payment(debit, batch.day))
    try:
        return bytes(made.export(validate=True))
    except ValidationError as unfit:
        raise Unfit from unfit


def _payment(debit: Debit, day: date) -> dict[str, Any]:
    return {
        # What nobody could give since is asked for at a mandate; one of before must not hold up everybody's.
        "name": rules.in_latin(debit.name) or NOT_PROVIDED,
        "IBAN": debit.iban,
        "amount": debit.cents,
        "type": debit.sequence,
        "collection_date": day,
        "mandate_id": debit.mandate,
        "mandate_date": debit.signed_on,
        "description": rules.in_latin(debit.label) or debit.ref,
        "endtoend_id": debit.ref,
    }
