"""What a receipt says: who took how much of whom for what, and the mentions of the law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from parvis import settings
from parvis.branding.queries import brand_of, letter_colour
from parvis.db import connection
from parvis.errors import NotFound
from parvis.payments import intents
from parvis.payments.accounts import OFFLINE
from parvis.payments.books import sales
from parvis.payments.books.ledger import Till, till_by_id
from parvis.payments.books.postings import Sale
from parvis.payments.books.receipts import Receipt
from parvis.payments.invoices import sellers
from parvis.payments.invoices.sellers import Seller
from parvis.payments.money import euros, price, taxes
from parvis.payments.tariffs import explaining
from parvis.payments.tariffs.explaining import Explained
from parvis.payments.terms import reading, saying
from parvis.territory import queries as territory
from parvis.web import i18n
from parvis.web.papers import Sheet, drawn

_FIND = f"""
SELECT r.id, r.till, r.year, r.number, r.source, r.cents, r.at, c.intent, {sales.SOLD} AS stays, i.basket, a.provider,
    EXISTS (SELECT FROM parvis.refund f WHERE f.capture = c.id AND f.method = 'counter') AS reversed
FROM parvis.receipt r JOIN parvis.capture c ON c.id = r.source JOIN parvis.provider_account a ON a.key = c.account
LEFT JOIN parvis.intent i ON i.id = c.intent
"""  # noqa: S608 - of constants
_LINES = (
    "SELECT label || CASE WHEN quantity > 1 THEN ' × ' || quantity ELSE '' END, cents, vat_bp FROM parvis.charge "
    "WHERE intent = $1 ORDER BY id"
)
KINDS = {
    "regie": "Régie de recettes",
    "mandate": "Encaissement par mandat (article L. 1611-7-1 du CGCT)",
    "own": "Encaissement propre",
}
WAYS = {"cash": "espèces", "cheque": "chèque", "cesu": "CESU", "holiday": "chèques-vacances"}
FREE = "TVA non applicable (article 256 B du CGI)."
NONE = "Sans TVA."
_REVERSED = "Reçu annulé : ce paiement a été repris au guichet."
_VAIN = "Somme reçue pour une prestation qui n’est plus due : elle est à rembourser."


@dataclass(frozen=True, slots=True)
class Given:
    """A receipt, the basket it is for (None for money of nobody), whether the money stays, and whence it came.

    `reversed`: it was taken back at the counter; the receipt is void, its number stays.
    """

    receipt: Receipt
    intent: UUID | None
    basket: UUID | None
    stays: bool
    provider: str
    reversed: bool = False


async def given(receipt: UUID) -> Given:
    """A receipt. Raises NotFound."""
    found = await _given("WHERE r.id = $1", receipt)
    if not found:
        raise NotFound
    return found[0]


async def given_in(basket: UUID) -> list[Given]:
    """The receipts of a basket, the oldest first."""
    return await _given("WHERE i.basket = $1 ORDER BY r.at, r.id", basket)


async def given_at(till: UUID, limit: int = 100) -> list[Given]:
    """A till's receipts, the latest first."""
    return await _given("WHERE r.till = $1 ORDER BY r.year DESC, r.number DESC LIMIT $2", till, limit)


async def paper(found: Given) -> bytes:
    """The receipt as PDF."""
    till = await till_by_id(found.receipt.till)
    emitter = await territory.emitter(till.emitter)
    look, colour = await brand_of(emitter.slug), await letter_colour(emitter.slug)
    async with connection() as c:
        lines = [tuple(row) for row in await c.fetch(_LINES, found.intent)]
    at = found.receipt.at.astimezone(settings.current().zone)
    facts = [
        ("Numéro", found.receipt.name),
        ("Date", at.strftime("%d/%m/%Y à %H:%M")),
        ("Paiement", await _how(found)),
    ]
    sheet = Sheet(
        sender=look.name,
        under=f"{KINDS[till.kind]} – {till.name}",
        colour=colour,
        title="Reçu de paiement annulé" if found.reversed else "Reçu de paiement",
        facts=facts,
        header=("Objet", "Montant TTC"),
        rows=[
            *((label, price(cents)) for label, cents, _ in lines),
            ("Total reçu", price(found.receipt.cents)),
        ],
        widths=(4, 1),
        figures_from=1,
        notes=[
            *_voided(found),
            *map(_priced, await explaining.explained_of(found.intent) if found.intent else ()),
            *saying.on_paper(await reading.terms_of(found.intent) if found.intent else None),
            *_notes(till, await sellers.seller_of(till.id), await _sold(found)),
        ],
    )
    return drawn(sheet)


async def _how(found: Given) -> str:
    """By what it was paid, in French."""
    if found.provider != OFFLINE:
        return "en ligne"
    sql = (
        "SELECT p.way, p.cents FROM parvis.till_taking t JOIN parvis.till_taking_part p ON p.taking = t.id "
        "WHERE t.capture = $1 ORDER BY p.way"
    )
    async with connection() as c:
        parts = [f"{WAYS[way]} {price(cents)}" for way, cents in await c.fetch(sql, found.receipt.source)]
    return f"au guichet : {', '.join(parts)}" if parts else "au guichet"


def _voided(found: Given) -> list[str]:
    if found.reversed:
        return [_REVERSED]
    return [] if found.stays else [_VAIN]


def _priced(one: Explained) -> str:
    """How a price came about, in French as the rest."""
    whom = "".join(f", {i18n.translate(reach, 'fr')}" for reach in one.reaches)
    steps = " ; ".join(
        f"{step.label or i18n.translate(explaining.step_name(step), 'fr').lower()} {price(step.cents)}"
        for step in one.steps
    )
    return f"{one.label} – ligne {one.line} du tarif du {one.since.strftime('%d/%m/%Y')}{whom} : {steps}."


async def _sold(found: Given) -> Sequence[Sale]:
    """What the money pays; nothing where it goes back."""
    return await intents.sales_of(found.intent) if found.intent and found.stays and not found.reversed else ()


def _notes(till: Till, seller: Seller, sold: Sequence[Sale]) -> list[str]:
    # As in the books: of a bill in parts each has what is its own of the VAT.
    plain = [sale for sale in sold if sale.cents >= 0]
    rates = taxes([(sale.cents, sale.vat_bp) for sale in plain], {sale.vat_bp: sale.before for sale in plain})
    vat = [f"Dont TVA à {euros(tax.bp)} % : {price(tax.vat)}." for tax in rates if tax.bp]
    if sold and not vat and not seller.vat_exempt:
        vat = [FREE if till.kind == "regie" else NONE]
    said = (*sellers.mentions(seller), *till.mentions.splitlines())
    return [*vat, *said, "Document à conserver : il prouve le paiement."]


async def _given(where: str, *values: object) -> list[Given]:
    async with connection() as c:
        rows = await c.fetch(_FIND + where, *values)
    plain = ("id", "till", "year", "number", "source", "cents", "at")
    return [
        Given(
            Receipt(**{name: row[name] for name in plain}),
            row["intent"],
            row["basket"],
            row["stays"],
            row["provider"],
            row["reversed"],
        )
        for row in rows
    ]
