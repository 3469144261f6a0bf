"""What a till may take by hand, and whether what was given and what was counted adds up. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType

from parvis.contract.values import Role
from parvis.db import fold
from parvis.errors import Refusal, Text
from parvis.payments.books.postings import CASH, clearing
from parvis.payments.money import Cents, euros
from parvis.payments.rules import checked_cents

CHEQUE, CESU, HOLIDAY = "cheque", "cesu", "holiday"
BY_HAND: Mapping[str, Text] = MappingProxyType(
    {
        CASH: Text("Cash"),
        CHEQUE: Text("Cheque"),
        CESU: Text("Service vouchers (CESU)"),
        HOLIDAY: Text("Holiday vouchers (Chèques-Vacances)"),
    }
)
# Notes and coins of the euro, in cents.
FACES = (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
# Code monétaire et financier, article L. 112-6, and décret 2012-1246, article 25: more is not paid in cash.
MOST_CASH = 300_00
_STRANGE = re.compile(r"[^a-z0-9._-]+")
_PAPERS = (CHEQUE, CESU, HOLIDAY)


@dataclass(frozen=True, slots=True)
class Act:
    """What a till's act lets it take by hand: its reference, ways, products, and which of these are childcare."""

    reference: str
    ways: frozenset[str]
    products: frozenset[str]
    childcare: frozenset[str] = frozenset()


def product(typed: str) -> str:
    """The name of a product, or an activity, in the books.

    >>> product("Accueil du mercredi (été)"), product("…")
    ('accueil-du-mercredi-ete', 'other')
    """
    return _STRANGE.sub("-", fold(typed)).strip("-")[:50].strip("-") or "other"


def lies_in(way: str) -> str:
    """The account of the till's books that money given in a way lies in.

    >>> lies_in("cash"), lies_in("cheque")
    ('cash', 'clearing:cheque')
    """
    return CASH if way == CASH else clearing(way)


def counted(pieces: Mapping[int, int]) -> Cents:
    """What so many notes and coins of each face are worth.

    >>> counted({2000: 3, 50: 1})
    6050
    """
    return sum(face * number for face, number in pieces.items())


def kept(given: Mapping[str, Cents], due: Cents) -> dict[str, Cents]:
    """What is kept of what was given in each way: change comes out of the cash alone.

    >>> kept({"cash": 2000, "holiday": 1000}, 2250)
    {'cash': 1250, 'holiday': 1000}
    """
    papers = sum(given.get(way, 0) for way in _PAPERS)
    parts = {CASH: min(given.get(CASH, 0), due - papers)} | {way: given.get(way, 0) for way in _PAPERS}
    return {way: cents for way, cents in parts.items() if cents}


def given_faults(given: Mapping[str, Cents], due: Cents, act: Act, products: Set[str]) -> list[Refusal]:
    """Why what was given cannot be taken for what is due, for these products; each about the way it was given in."""
    return [*_outside_act(given, act, products), *_unfit(given, due)]


def act_faults(act: Act) -> list[Refusal]:
    """Why this is no till's act."""
    found = []
    if not act.ways:
        found.append(Refusal("act-ways", Text("Choose what the till may take."), "ways"))
    if not act.products:
        found.append(Refusal("act-products", Text("Write at least one product."), "products"))
    if strange := sorted(act.childcare - act.products):
        text = Text("“{product}” is not among the products above.", {"product": strange[0]})
        found.append(Refusal("act-childcare", text, "childcare"))
    return found


def count_fault(expected: Cents, found: Cents, explanation: str) -> Refusal | None:
    """Why a session cannot be closed so: what differs from what should be there is explained in words."""
    if found == expected or explanation:
        return None
    told = {"cents": euros(abs(found - expected))}
    text = Text("{cents} euros are missing: say why.", told)
    if found > expected:
        text = Text("There are {cents} euros too many: say why.", told)
    return Refusal("difference-unexplained", text, "explanation")


def taker_fault(roles: Collection[Role]) -> Text | None:
    """Why somebody with these roles at the till's emitter takes no money: who orders is never who collects."""
    if Role.MANAGER in roles:
        return Text("Who manages an office does not take its money (ordonnateur and régisseur are two people).")
    return None


def _outside_act(given: Mapping[str, Cents], act: Act, products: Set[str]) -> Iterator[Refusal]:
    if strange := sorted(products - act.products):
        text = Text("The till’s act does not list “{product}”: it takes no money for it.", {"product": strange[0]})
        yield Refusal("product-not-in-act", text)
    for way in given:
        if given[way] and way not in act.ways:
            yield Refusal("way-not-in-act", Text("The till’s act does not let it take this."), way)
    if given.get(CESU) and not products <= act.childcare:
        yield Refusal("cesu-childcare", Text("Service vouchers (CESU) pay childcare only."), CESU)


def _unfit(given: Mapping[str, Cents], due: Cents) -> Iterator[Refusal]:
    for way, cents in given.items():
        checked_cents(cents, way)
    papers = {way: given[way] for way in _PAPERS if given.get(way)}
    first = next(iter(papers), CASH)
    if sum(papers.values()) > due:
        text = Text("No change is given on cheques and vouchers: take {due} euros at most.", {"due": euros(due)})
        yield Refusal("no-change", text, first)
    elif sum(given.values()) < due:
        missing = euros(due - sum(given.values()))
        yield Refusal("given-below", Text("{missing} euros are missing.", {"missing": missing}), CASH)
    elif kept(given, due).get(CASH, 0) > MOST_CASH:
        text = Text("At most {most} euros can be paid in cash.", {"most": euros(MOST_CASH)})
        yield Refusal("cash-above", text, CASH)
