"""The demo's tills, at two municipalities and a contract holder, with their terms, and bills for one of its residents;
a tariff of one municipality and of the contract holder, with invented prices, and what was asked of the first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from parvis.contract.values import Channel
from parvis.db import transaction
from parvis.errors import NotFound
from parvis.identity.contacts import Contact
from parvis.payments.accounts import add_account, keep_details
from parvis.payments.books import ledger
from parvis.payments.counter.acts import keep_act
from parvis.payments.counter.counting import BY_HAND, Act
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, sellers
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.sellers import Seller
from parvis.payments.tariffs import catalogue, drafts, quotes, typed_grids
from parvis.payments.tariffs.grids import Axis, Grid, Line, Rebate
from parvis.payments.tariffs.pricing import Ask
from parvis.payments.terms import dated
from parvis.payments.terms.rules import Step, Terms
from parvis.territory import actions as territory
from parvis.territory import queries
from parvis_payments.keys import PAYFIP, SANDBOX
from parvis_payments.payfip.provider import PayfipAccount

_PLUGIN = "payments"
# Nobody: the demo's bills were written before anybody had an account.
_NOBODY = uuid5(UUID(int=0), "demo")
_DAYS = timedelta(days=25)
_PAYER = "sophie.keller@example.org"
_RINK, _LESSONS = "patinoire", "lecons-de-natation"
_LESSONS_NAME = "Leçons de natation (prix inventés)"
_ZONES = ("Mulhouse", "agglomération", "ailleurs")


class _Till(NamedTuple):
    """A till of the demo; without a PayFiP number it collects by the sandbox. Its act lists the products."""

    emitter: str
    name: str
    kind: str
    mentions: str
    products: frozenset[str]
    childcare: frozenset[str] = frozenset()
    number: str = ""
    seller: Seller = Seller()
    terms: Terms = Terms()


_INVENTED = "Établissement inventé pour la démonstration"
_TILLS = {
    "pools": _Till(
        "mulhouse",
        "Régie des piscines",
        "regie",
        f"{_INVENTED}, 2 rue Pierre et Marie Curie.",
        frozenset({"piscines"}),
        number="007700",
        terms=Terms((Step(7, "days", 10_000), Step(24, "hours", 5000))),
    ),
    "canteen": _Till(
        "illzach",
        "Régie de la restauration scolaire",
        "regie",
        f"{_INVENTED}, 9 place de la République.",
        frozenset({"cantine", "periscolaire"}),
        frozenset({"periscolaire"}),
        "007701",
        # Another day's meals cost as much: a family wants the next bill to be lower, and no transfer.
        terms=Terms((Step(2, "days", 10_000),), as_credit=True),
    ),
    "rink": _Till(
        "soleo",
        "Soléo",
        "own",
        f"{_INVENTED}.",
        frozenset({"patinoire"}),
        seller=Seller(address="47 bd Stoessel, 68200 Mulhouse", siret="00000000000000", vat_number="FR12000000000"),
        terms=Terms((Step(14, "days", 10_000), Step(2, "days", 5000)), fee=200),
    ),
}


async def seed() -> None:
    """Open the tills and write the bills: a basket over the three of them, and a bill of one."""
    async with transaction():
        tills = {key: await _open(found) for key, found in _TILLS.items() if await _is_there(found.emitter)}
        if len(tills) < len(_TILLS):
            return
        basket = [
            Charge(tills["pools"], "Carte de dix entrées", "piscines", 3150),
            Charge(tills["canteen"], "Cantine, novembre", "cantine", 5860),
            await _five_sessions(tills["rink"]),
        ]
        to = BillTo(contact=Contact(Channel.MAIL, _PAYER), language="fr")
        for charges in (basket, [Charge(tills["canteen"], "Accueil du mercredi, novembre", "periscolaire", 2400)]):
            await bills.write(charges, to, ledger.today() + _DAYS, _NOBODY)
        await _lessons(tills["pools"])


async def _five_sessions(till: UUID) -> Charge:
    """What the contract holder asks of an adult, by its tariff."""
    own = (await ledger.till_by_id(till)).emitter
    prices = (((None, 12), 1500), ((12, 26), 2000), ((26, None), 2750))
    lines = tuple(Line(when={"âge": reach}, cents=cents) for reach, cents in prices)
    grid = Grid(valid_from=_season(), axes=(Axis(name="âge", kind="int"),), lines=lines, vat_bp=1000)
    await catalogue.save(own, _RINK, [grid], name="Patinoire, cinq séances (prix inventés)")
    found = quotes.quote(await catalogue.tariff_of(own, _RINK), ledger.today(), Ask({"âge": 41}))
    return Charge.quoted(found, till, "Patinoire, cinq séances", "patinoire")


async def _lessons(till: UUID) -> None:
    """The municipality's lessons: by residence, age and family quotient; the next season's as a draft, and what a year
    of requests has asked."""
    own, season = (await ledger.till_by_id(till)).emitter, _season()
    now, following = _grid(season, 0), _grid(season.replace(year=season.year + 1), 5)
    await catalogue.save(own, _LESSONS, [now], name=_LESSONS_NAME)
    if (typed := typed_grids.of_grid(following, _LESSONS_NAME)) is not None:
        await drafts.begin(own, _LESSONS, typed, _NOBODY)
    tariff = await catalogue.tariff_of(own, _LESSONS)
    async with transaction() as c:
        await quotes.keep_asks(c, [(tariff.id, ask, month) for ask, month in _asked(ledger.today())])


def _grid(first: date, dearer: int) -> Grid:
    """Prices that nobody decided: dearer by so many percent, for families of more means."""
    quotients = ((None, 450), (450, 701), (701, 1100), (1100, None))
    lines = tuple(
        Line(
            when={"résidence": (zone,), "âge": age, "quotient": quotient},
            cents=(base + 60 * band + 150 * place) * (100 + dearer * (band > 1)) // 100,
        )
        for place, zone in enumerate(_ZONES)
        for age, base in (((3, 6), 420), ((6, 18), 560), ((18, None), 890))
        for band, quotient in enumerate(quotients)
    )
    axes = (
        Axis(name="résidence", kind="enum", values=_ZONES, missing=_ZONES[-1]),
        Axis(name="âge", kind="int", least=3),
        Axis(name="quotient", kind="int", missing=9999),
    )
    rebates = (Rebate(label="2e enfant", from_rank=2, bp=2000), Rebate(label="3e enfant", from_rank=3, bp=3500))
    return Grid(valid_from=first, axes=axes, lines=lines, rebates=rebates, step=5)


def _asked(today: date) -> Iterator[tuple[Ask, date]]:
    """Some hundred requests of the last months, always the same ones."""
    for n in range(480):
        month = (today - timedelta(days=30 * (n % 11))).replace(day=1)
        values: dict[str, str | int] = {"résidence": _ZONES[(n * 7 % 10) // 5 + (n % 9 == 0)], "âge": 3 + n * 11 % 40}
        if n % 4:
            values["quotient"] = 180 + n * 37 % 1500
        yield Ask(values, rank=1 + (n % 5 == 0) + (n % 13 == 0)), month


def _season() -> date:
    """The first of September of this school year."""
    today = ledger.today()
    return date(today.year - (today.month < 9), 9, 1)


async def _open(found: _Till) -> UUID:
    emitter = await queries.emitter_by_slug(found.emitter)
    await territory.enable_plugin(emitter.id, _PLUGIN)
    slug = "regie" if found.number else "caisse"
    till = await ledger.open_till(emitter.id, slug, found.name, found.kind, alone_up_to=2000, mentions=found.mentions)
    await sellers.keep_seller(await ledger.till_by_id(till), found.seller)
    act = Act("n° 2026-114, acte inventé", frozenset(BY_HAND), found.products, found.childcare)
    await keep_act(till, act, _NOBODY)
    await dated.keep(till, ledger.today(), found.terms, _NOBODY, None)
    account = f"{'payfip' if found.number else 'sandbox'}-{till.hex[-12:]}"
    await add_account(account, till, PAYFIP if found.number else SANDBOX, "mandate" if found.number else "provider")
    if found.number:
        await keep_details(account, PayfipAccount(number=found.number))
    return till


async def _is_there(emitter: str) -> bool:
    try:
        await queries.emitter_by_slug(emitter)
    except NotFound:
        return False
    return True
