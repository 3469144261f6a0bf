"""What an invoice or a credit note says: who asks whom for what, with which VAT, and the mentions of the law."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from parvis import settings
from parvis.branding.queries import letter_colour
from parvis.identity import queries as people
from parvis.payments import payers
from parvis.payments.books.ledger import Till, till_by_id
from parvis.payments.books.receipting import FREE, KINDS, NONE
from parvis.payments.invoices import issuing, sellers
from parvis.payments.invoices.issuing import Invoice
from parvis.payments.money import Tax, euros, taxes
from parvis.territory import queries as territory
from parvis.web.papers import Sheet, drawn

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
        header=("Objet", "TVA", "Montant TTC"),
        rows=[
            *((line.label, _rate(line.vat_bp), _euros(sign * line.cents)) for line in found.lines),
            *_totals(found, sign),
        ],
        widths=(6, 2, 3),
        figures_from=1,
        notes=_notes(found, till),
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


def _when(found: Invoice) -> tuple[str, str]:
    if not found.parts:
        return ("À payer jusqu’au", found.last_day.strftime("%d/%m/%Y"))
    parts = [f"{_euros(part.cents)} jusqu’au {part.last_day.strftime('%d/%m/%Y')}" for part in found.parts]
    return (f"À payer en {len(parts)} fois", " ; ".join(parts))


async def _customer(basket: UUID) -> str:
    payer = await payers.payer(basket)
    if payer.buyer:
        return ", ".join(payer.buyer.splitlines())
    name = (await people.person(payer.person)).name if payer.person else ""
    return ", ".join(part for part in (name, payer.contact.address if payer.contact else "") if part) or _FORGOTTEN


def _totals(found: Invoice, sign: int) -> list[tuple[str, str, str]]:
    total = _to_pay(found, sign)
    charged = [tax for tax in _taxes(found) if tax.bp]
    if not charged:
        return total
    base = sum(tax.base for tax in _taxes(found))
    rates = [(f"TVA sur {_euros(sign * tax.base)} HT", _rate(tax.bp), _euros(sign * tax.vat)) for tax in charged]
    return [("Total HT", "", _euros(sign * base)), *rates, *total]


def _to_pay(found: Invoice, sign: int) -> list[tuple[str, str, str]]:
    if found.sort == "credit":
        return [("Total TTC à déduire", "", _euros(sign * found.cents))]
    if not found.credits:
        return [("Total TTC à payer", "", _euros(found.cents))]
    used = [(one.label, "", _euros(-one.cents)) for one in found.credits]
    return [("Total TTC", "", _euros(found.cents)), *used, ("Net à payer", "", _euros(found.owed))]


def _notes(found: Invoice, till: Till) -> Sequence[str]:
    said = sellers.EXEMPT in found.mentions or all(tax.bp for tax in _taxes(found))
    without = [] if said else [FREE if till.kind == "regie" else NONE]
    return [*without, *found.mentions.splitlines()]


def _taxes(found: Invoice) -> tuple[Tax, ...]:
    return found.taxes or taxes((line.cents, line.vat_bp) for line in found.lines)


def _rate(bp: int) -> str:
    return f"{euros(bp)} %" if bp else "–"


def _euros(cents: int) -> str:
    return f"{euros(cents)} €"


def _day(found: Invoice) -> str:
    return found.at.astimezone(settings.current().zone).strftime("%d/%m/%Y")
