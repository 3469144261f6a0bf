"""What an invoice or a credit note says: who asks whom for what, with which VAT, and the mentions of the law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from parvis import settings
from parvis.branding.queries import letter_colour
from parvis.identity import queries as people
from parvis.payments import payers
from parvis.payments.books.ledger import Till, till_by_id
from parvis.payments.books.receipting import FREE, KINDS, NONE
from parvis.payments.invoices import issuing, sellers
from parvis.payments.invoices.issuing import Invoice, Sold
from parvis.payments.money import Cents, Tax, euros, price, taxes, unit_without_tax
from parvis.payments.terms import reading, saying
from parvis.payments.terms.rules import Terms
from parvis.territory import queries as territory
from parvis.web.papers import Sheet, drawn

_Row: TypeAlias = tuple[str, ...]
_TAXED = ("Objet", "Quantité", "Prix unitaire HT", "TVA", "Montant TTC")
_UNTAXED = ("Objet", "Quantité", "Prix unitaire", "Montant")
_SOME = "Les lignes sans taux sont sans TVA."
_FORGOTTEN = "plus conservé"


async def paper(found: Invoice) -> bytes:
    """The invoice, or credit note, as PDF."""
    till = await till_by_id(found.till)
    sign = -1 if found.sort == "credit" else 1
    sheet = Sheet(
        sender=found.seller,
        under=f"{KINDS[till.kind]} – {till.name}",
        colour=await letter_colour((await territory.emitter(till.emitter)).slug),
        title="Avoir" if found.sort == "credit" else "Facture",
        facts=await _facts(found),
        header=_TAXED if _taxed(found) else _UNTAXED,
        rows=_rows(found, sign),
        widths=(11, 4, 5, 4, 6) if _taxed(found) else (15, 4, 5, 6),
        figures_from=1,
        notes=[*_notes(found, till), *saying.on_paper(await _terms(found))],
    )
    return drawn(sheet)


def file_name(found: Invoice) -> str:
    """What its file is called."""
    return f"{'avoir' if found.sort == 'credit' else 'facture'}-{found.name}.pdf"


async def _facts(found: Invoice) -> list[tuple[str, str]]:
    facts = [("Numéro", found.name), ("Date", _day(found)), ("Client", await _customer(found.basket))]
    if found.served:
        facts.append(("Prestation", found.served))
    if found.corrects is None:
        return [*facts, _when(found)]
    corrected = await issuing.invoice(found.corrects)
    what = f"la facture {corrected.name} du {_day(corrected)}, pour le montant ci-dessous"
    return [*facts, ("Annule", f"{what}, remboursé" if found.refund else what)]


def _rows(found: Invoice, sign: int) -> list[_Row]:
    rows = [*(_line(line, sign) for line in found.lines), *_totals(found, sign)]
    return rows if _taxed(found) else [(*row[:3], row[4]) for row in rows]


def _line(line: Sold, sign: int) -> _Row:
    one = unit_without_tax(line.cents // line.quantity, line.vat_bp)
    count = f"{line.quantity:,}".replace(",", "\u202f")
    return (line.label, count, f"{one}\u00a0€", _rate(line.vat_bp), price(sign * line.cents))


def _sum(label: str, cents: Cents, rate: str = "") -> _Row:
    return (label, "", "", rate, price(cents))


def _when(found: Invoice) -> tuple[str, str]:
    if not found.parts:
        return ("À payer jusqu’au", found.last_day.strftime("%d/%m/%Y"))
    parts = [f"{price(part.cents)} jusqu’au {part.last_day.strftime('%d/%m/%Y')}" for part in found.parts]
    return (f"À payer en {len(parts)} fois", " ; ".join(parts))


async def _customer(basket: UUID) -> str:
    payer = await payers.payer(basket)
    if payer.buyer:
        return ", ".join(payer.buyer.splitlines())
    name = (await people.person(payer.person)).name if payer.person else ""
    return ", ".join(part for part in (name, payer.contact.address if payer.contact else "") if part) or _FORGOTTEN


def _totals(found: Invoice, sign: int) -> list[_Row]:
    total = _to_pay(found, sign)
    charged = [tax for tax in _taxes(found) if tax.bp]
    if not charged:
        return total
    base = sum(tax.base for tax in _taxes(found))
    rates = [_sum(f"TVA sur {price(sign * tax.base)} HT", sign * tax.vat, _rate(tax.bp)) for tax in charged]
    return [_sum("Total HT", sign * base), *rates, *total]


def _to_pay(found: Invoice, sign: int) -> list[_Row]:
    total = "Total TTC" if _taxed(found) else "Total"
    if found.sort == "credit":
        return [_sum(f"{total} à déduire", sign * found.cents)]
    if not found.credits:
        return [_sum(f"{total} à payer", found.cents)]
    used = [_sum(one.label, -one.cents) for one in found.credits]
    return [_sum(total, found.cents), *used, _sum("Net à payer", found.owed)]


def _notes(found: Invoice, till: Till) -> Sequence[str]:
    rates = [tax.bp for tax in _taxes(found)]
    said = sellers.EXEMPT in found.mentions or all(rates)
    without = [] if said else [_SOME if any(rates) else FREE if till.kind == "regie" else NONE]
    return [*without, *found.mentions.splitlines()]


async def _terms(found: Invoice) -> Terms | None:
    """What is given back to who cancels, on what asks for money."""
    return await reading.terms_at(found.basket, found.till) if found.sort == "invoice" else None


def _taxes(found: Invoice) -> tuple[Tax, ...]:
    return found.taxes or taxes((line.cents, line.vat_bp) for line in found.lines)


def _taxed(found: Invoice) -> bool:
    return any(tax.bp for tax in _taxes(found))


def _rate(bp: int) -> str:
    return f"{euros(bp)}\u00a0%" if bp else "–"


def _day(found: Invoice) -> str:
    return found.at.astimezone(settings.current().zone).strftime("%d/%m/%Y")
