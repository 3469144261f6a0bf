"""The demo's tills, at two municipalities and a contract holder, and bills for one of its residents."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from parvis.contract.values import Channel
from parvis.db import transaction
from parvis.errors import NotFound
from parvis.identity.contacts import Contact
from parvis.payments import bills, ledger
from parvis.payments.accounts import add_account, keep_details
from parvis.payments.acts import keep_act
from parvis.payments.bills import BillTo
from parvis.payments.counting import BY_HAND, Act
from parvis.payments.intents import Charge
from parvis.territory import actions as territory
from parvis.territory import queries
from parvis_payments.keys import PAYFIP, SANDBOX
from parvis_payments.payfip.provider import PayfipAccount

_PLUGIN = "payments"
# Nobody: the demo's bills were written before anybody had an account.
_NOBODY = uuid5(UUID(int=0), "demo")
_DAYS = timedelta(days=25)
_PAYER = "sophie.keller@example.org"


class _Till(NamedTuple):
    """A till of the demo; without a PayFiP number it collects by the sandbox. Its act lists the products."""

    emitter: str
    name: str
    kind: str
    mentions: str
    products: frozenset[str]
    childcare: frozenset[str] = frozenset()
    number: str = ""


_INVENTED = "Établissement inventé pour la démonstration"
_TILLS = {
    "pools": _Till(
        "mulhouse",
        "Régie des piscines",
        "regie",
        f"{_INVENTED}, 2 rue Pierre et Marie Curie.",
        frozenset({"piscines"}),
        number="007700",
    ),
    "canteen": _Till(
        "illzach",
        "Régie de la restauration scolaire",
        "regie",
        f"{_INVENTED}, 9 place de la République.",
        frozenset({"cantine", "periscolaire"}),
        frozenset({"periscolaire"}),
        "007701",
    ),
    "rink": _Till(
        "soleo",
        "Soléo",
        "own",
        f"{_INVENTED}. SIRET 000 000 000 00000, TVA FR00000000000.",
        frozenset({"patinoire"}),
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
            Charge(tills["rink"], "Patinoire, cinq séances", "patinoire", 2750, 1000),
        ]
        to = BillTo(contact=Contact(Channel.MAIL, _PAYER), language="fr")
        for charges in (basket, [Charge(tills["canteen"], "Accueil du mercredi, novembre", "periscolaire", 2400)]):
            await bills.write(charges, to, ledger.today() + _DAYS, _NOBODY)


async def _open(found: _Till) -> UUID:
    emitter = await queries.emitter_by_slug(found.emitter)
    await territory.enable_plugin(emitter.id, _PLUGIN)
    slug = "regie" if found.number else "caisse"
    till = await ledger.open_till(emitter.id, slug, found.name, found.kind, alone_up_to=2000, mentions=found.mentions)
    act = Act("n° 2026-114, acte inventé", frozenset(BY_HAND), found.products, found.childcare)
    await keep_act(till, act, _NOBODY)
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
