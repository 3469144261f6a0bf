"""What the law wants to know of whoever sells, on each invoice (CGI, annexe II, article 242 nonies A; Code de commerce,
article R. 123-237): an address, a SIRET, a VAT number or why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from parvis.db import connection, transaction
from parvis.errors import Invalid, NotFound, Refusal, Text
from parvis.payments.books.ledger import Till, till_by_id
from parvis.payments.intents import Charge

EXEMPT = "TVA non applicable, art. 293 B du CGI."
_SPACES = str.maketrans("", "", " \u00a0\u202f.-")
_SIRET = re.compile(r"[0-9]{14}")
_VAT = re.compile(r"FR[0-9]{11}|(?!FR)[A-Z]{2}[0-9A-Z]{2,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """Whoever sells at a till; `vat_exempt`: below the threshold of article 293 B, without VAT."""

    address: str = ""
    siret: str = ""
    vat_number: str = ""
    vat_exempt: bool = False


def tidy(typed: str) -> str:
    """A number without what people put between its signs.

    >>> tidy("fr 12 732-829 320")
    'FR12732829320'
    """
    return typed.translate(_SPACES).upper()


def is_siret(number: str) -> bool:
    """Whether 14 figures can be a SIRET: their sum by Luhn is a multiple of ten.

    >>> is_siret("73282932000074"), is_siret("73282932000075")
    (True, False)
    """
    if not _SIRET.fullmatch(number):
        return False
    doubled = (int(figure) * (1 + place % 2) for place, figure in enumerate(reversed(number)))
    return sum(figure // 10 + figure % 10 for figure in doubled) % 10 == 0


def vat_number_of(siret: str) -> str:
    """The French VAT number of a SIRET: a key of two figures, and its first nine.

    >>> vat_number_of("73282932000074")
    'FR44732829320'
    """
    siren = siret[:9]
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"


def faults(seller: Seller, kind: str) -> list[Refusal]:
    """Why a till of a kind cannot have such a seller: the law wants it whole where an emitter sells for itself."""
    return [*_missing(seller), *_wrong(seller)] if kind == "own" else [*_wrong(seller)]


def bill_fault(seller: Seller, kind: str, vat_bp: int) -> Refusal | None:
    """Why no bill of a till can be written with such a VAT."""
    if vat_bp and seller.vat_exempt:
        return Refusal("seller-exempt", Text("This till sells without VAT (article 293 B): choose “no VAT”."), "vat")
    if kind == "own" and faults(seller, kind):
        text = Text("The law wants the seller’s address and numbers on it: a manager first writes them under “Seller”.")
        return Refusal("seller-unknown", text, "till")
    return None


async def check(charges: Sequence[Charge]) -> None:
    """Hold a bill to who sells at each till it goes to. Raises Invalid."""
    for till in sorted({charge.till for charge in charges}):
        seller, kind = await seller_of(till), (await till_by_id(till)).kind
        for vat_bp in sorted({charge.vat_bp for charge in charges if charge.till == till}):
            if wrong := bill_fault(seller, kind, vat_bp):
                raise Invalid(wrong)


def mentions(seller: Seller) -> tuple[str, ...]:
    """What papers say of a seller, a line each."""
    vat = EXEMPT if seller.vat_exempt else seller.vat_number and f"N° de TVA {seller.vat_number}"
    said = (" – ".join(seller.address.splitlines()), seller.siret and f"SIRET {_grouped(seller.siret)}", vat)
    return tuple(line for line in said if line)


async def seller_of(till: UUID) -> Seller:
    """A till's seller. Raises NotFound."""
    sql = "SELECT address, siret, vat_number, vat_exempt FROM parvis.till WHERE id = $1"
    async with connection() as c:
        row = await c.fetchrow(sql, till)
    if row is None:
        raise NotFound
    return Seller(**row)


async def keep_seller(till: Till, seller: Seller) -> None:
    """Say who sells at a till from now on; what was given stays as it is. Raises Invalid."""
    if wrong := faults(seller, till.kind):
        raise Invalid(wrong)
    sql = "UPDATE parvis.till SET address = $2, siret = $3, vat_number = $4, vat_exempt = $5 WHERE id = $1"
    async with transaction() as c:
        await c.execute(sql, till.id, seller.address, seller.siret, seller.vat_number, seller.vat_exempt)


def _missing(seller: Seller) -> Iterator[Refusal]:
    if not seller.address:
        yield Refusal("seller-address", Text("Write the seller’s address."), "address")
    if not seller.siret:
        yield Refusal("seller-siret", Text("Write the seller’s SIRET: 14 figures."), "siret")
    if not seller.vat_number and not seller.vat_exempt:
        text = Text("Write the VAT number, or say that there is none (article 293 B).")
        yield Refusal("seller-vat", text, "vat_number")


def _wrong(seller: Seller) -> Iterator[Refusal]:
    if seller.siret and not is_siret(seller.siret):
        yield Refusal("seller-siret", Text("This is no SIRET: look at its 14 figures again."), "siret")
    elif seller.vat_number and (text := _vat_fault(seller)):
        yield Refusal("seller-vat", text, "vat_number")


def _vat_fault(seller: Seller) -> Text | None:
    if seller.vat_exempt:
        return Text("Who sells without VAT (article 293 B) has no VAT number on invoices: leave one of the two out.")
    if not _VAT.fullmatch(seller.vat_number):
        return Text("This is no VAT number: it has the country’s two letters, then its figures, such as FR44732829320.")
    if seller.siret and seller.vat_number[:2] == "FR" and seller.vat_number != vat_number_of(seller.siret):
        told = {"number": vat_number_of(seller.siret)}
        return Text("The VAT number of this SIRET is {number}.", told)
    return None


def _grouped(siret: str) -> str:
    return f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"
