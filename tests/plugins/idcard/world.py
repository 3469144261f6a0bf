"""A town hall with one of everything, those to whom it belongs, and every kind of stranger with things of their own."""

import re
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx
from tests.plugins.idcard import possessions
from tests.plugins.idcard.conftest import a_town
from tests.plugins.idcard.possessions import Whose, one

from parvis import plugins, settings
from parvis.contract.values import PaymentProvider, Role
from parvis.db import transaction
from parvis.errors import Text
from parvis.identity import actions as identity
from parvis.plugins import Plugins
from parvis.territory import actions as territory
from parvis.territory import queries as emitters
from parvis.testing.calendars import a_calendar, a_place
from parvis.testing.matrix import RouteUnderTest
from parvis.testing.payments import a_shop
from parvis.testing.people import a_person, a_session
from parvis.testing.plugins import a_plugin
from parvis.testing.sandbox_provider import Sandbox
from parvis.testing.visits import put_clock

AT_AN_EMITTER = (Role.READER, Role.AGENT, Role.MANAGER, Role.ACCOUNTANT)
REFUSED = frozenset({401, 403, 404})
# They answer alike whether there was something to end or not: whether it is still there tells.
ALIKE = {
    "/account/sessions/{session:uuid}/end": "SELECT EXISTS (SELECT FROM parvis.session WHERE id = $1)",
    "/account/family/{relative:uuid}/remove": "SELECT EXISTS (SELECT FROM parvis.relative WHERE id = $1)",
    "/office/{emitter:str}/people/stations/{station:uuid}/forget": (
        "SELECT EXISTS (SELECT FROM parvis.station WHERE id = $1)"
    ),
}
# Says of what is not there, in the form that is kept, that somebody removed it meanwhile.
CLOSURE = "/office/{emitter:str}/calendars/{calendar:uuid}/closures/{closure:uuid}"
# What has to be sent for the request to come as far as the object; objects are named by what they are called there.
TYPED = {
    "/office/{emitter:str}/calendars/{calendar:uuid}/feeds": {"renew": "{desk_hex}"},
    "/office/{emitter:str}/calendars/{calendar:uuid}/out/{outage:uuid}/call": {"booking": "{to_call}"},
    "/office/{emitter:str}/tills/{till:uuid}/accounts": {"provider": "pay.card"},
    "/my/requests/{dossier:uuid}/questions": {"reading": "{reading}"},
    CLOSURE: {"what": "closed", "first_day": "2027-01-04", "remove": "yes"},
    "/office/{emitter:str}/tills/{till:uuid}/debits/{batch:uuid}": {"act": "send"},
    "/office/{emitter:str}/tills/{till:uuid}/idle/{idle:uuid}": {"act": "back"},
    "/office/{emitter:str}/tills/{till:uuid}/refunds/{refund:uuid}/decide": {"act": "reject"},
    "/office/{emitter:str}/tills/{till:uuid}/refunds/{refund:uuid}/keep": {"act": "withdraw"},
}


@dataclass
class Visitor:
    """Somebody who asks: who they are, with which cookies, at which emitter's addresses, and what is theirs."""

    person: UUID | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    slug: str = "nowhere"
    own: dict[str, str] = field(default_factory=dict)


@dataclass
class Address:
    """A route at which somebody asks for objects; `ids` are those that it names."""

    route: RouteUnderTest
    path: str
    ids: dict[str, str]

    def __str__(self) -> str:
        return f"{self.route} ({self.path})"


@dataclass
class World:
    """What there is, to whom it belongs, and who has nothing to do with it."""

    app: object
    objects: dict[str, str]
    # Of routes that begin so, other objects than elsewhere, and to whom these belong where it is not said by the path.
    special: dict[str, dict[str, str]]
    owners: dict[str, Visitor]
    strangers: dict[str, Visitor]

    def named(self, route: RouteUnderTest) -> dict[str, str]:
        """The objects that a route is tried with."""
        more = [objects for start, objects in self.special.items() if route.path.startswith(start)]
        return self.objects | (more[-1] if more else {})

    def owner(self, route: RouteUnderTest) -> Visitor:
        """To whom they belong."""
        starts = [start for start in self.owners if route.path.startswith(start)]
        return self.owners[max(starts, key=len)]

    def of_owner(self, route: RouteUnderTest) -> Address:
        """The address at which its owner finds it."""
        return self._address(route, self.owner(route).slug, self.named(route))

    def of_stranger(self, route: RouteUnderTest, who: Visitor) -> Iterator[Address]:
        """The addresses at which a stranger tries: all that it names somebody else's, and the last of it alone."""
        theirs = self.named(route)
        yield self._address(route, who.slug, theirs)
        ids = re.findall(r"\{(\w+):(?:uuid|int)\}", route.path)
        if len(ids) > 1 and who.own.keys() >= set(ids[:-1]):
            yield self._address(route, who.slug, theirs | {name: who.own[name] for name in ids[:-1]})

    def _address(self, route: RouteUnderTest, slug: str, objects: dict[str, str]) -> Address:
        values = {**objects, "emitter": slug}
        path = re.sub(r"\{(\w+):\w+\}", lambda found: values[found[1]], route.path)
        return Address(route, path, objects)

    async def reaches(self, who: Visitor, address: Address) -> int | None:
        """What the visitor is answered, if they are let to the object; whatever it does is undone."""
        async with undone():
            said = await self._status(who, address)
            if sql := ALIKE.get(address.route.path):
                [name] = re.findall(r"\{(\w+):uuid\}", address.route.path)
                return None if await one(sql, address.ids[name]) else said
        return None if said in REFUSED or (said, address.route.path) == (422, CLOSURE) else said

    async def _status(self, who: Visitor, address: Address) -> int:
        base = settings.current().base_url
        headers = {"accept": "text/html", "origin": base}
        transport = httpx.ASGITransport(self.app)
        typed = {name: text.format(**address.ids) for name, text in TYPED.get(address.route.path, {}).items()}
        async with httpx.AsyncClient(transport=transport, base_url=base, cookies=who.cookies, headers=headers) as http:
            answer = await http.request(address.route.method, address.path, data=typed)
        led_away = answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")
        return 401 if led_away else answer.status_code


@asynccontextmanager
async def undone():
    """What happens within is seen within, and never was afterwards."""
    try:
        async with transaction():
            yield
            raise _Undo
    except _Undo:
        pass


class _Undo(Exception):
    pass


async def a_world(app: object) -> World:
    town = await a_town(desks=2)
    calendar = town.calendar
    put_clock(calendar.at(8))
    whole = await territory.add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    holder = await territory.add_emitter("soleo", "Soléo", "contract-holder", latitude=47.7, longitude=7.3)
    await territory.enable_plugin(holder, "idcard")
    whose = await those(calendar.emitter, holder)
    cookies, kept = await possessions.of_the_resident(whose)
    objects = {
        **await possessions.at_the_town_hall(town, whose),
        **await possessions.between_bodies(town, holder, whole),
        **await possessions.at_its_till(calendar.emitter, whose),
        **kept,
    }
    slug = (await emitters.emitter(calendar.emitter)).slug
    brought = PaymentProvider(key="pay.card", name=Text("Card"), provider=Sandbox())
    plugins.use(Plugins({**plugins.current().by_key, **a_plugin(key="pay", providers=(brought,)).by_key}))
    for_others = await possessions.booked_for_somebody(town, 9, whose.manager, calendar.emitter)
    special = {
        "/helping/": {"dossier": await possessions.booked_for_somebody(town, 11, whose.helper)},
        "/office/{emitter:str}/idcard/solidarity/": {"dossier": for_others},
        # Nobody gets a code for what is in an account already.
        "/office/{emitter:str}/requests/{dossier:uuid}/slip": {"dossier": for_others},
        "/account/proxies/{mandate:uuid}/again": {"mandate": await possessions.a_mandate(whose.resident, None)},
    }
    return World(
        app,
        _texts(objects),
        {start: _texts(objects) for start, objects in special.items()},
        owners={
            "/": Visitor(whose.resident, cookies, slug),
            "/office/": await _here(whose.manager, slug),
            "/office/{emitter:str}/counter/": (cashier := await _here(whose.cashier, slug)),
            "/office/{emitter:str}/tills/{till:uuid}/sessions/{number:int}/close": cashier,
            "/office/{emitter:str}/contracts/{contract:uuid}/{service:str}/proposal": await _here(
                whose.holder, "soleo"
            ),
            "/helping/": await _here(whose.helper),
            "/operator/": await _here(await a_person(Role.OPERATOR)),
            "/account/proxies/{mandate:uuid}/act": await _here(whose.proxy),
        },
        strangers=await strangers(),
    )


async def _here(person: UUID, slug: str = "nowhere") -> Visitor:
    return Visitor(person, await a_session(person), slug)


async def those(emitter: UUID, holder: UUID) -> Whose:
    manager = await a_person(Role.MANAGER, emitter, name="Claire Muller")
    for role in (Role.AGENT, Role.ACCOUNTANT):
        await identity.grant(manager, role, emitter)
    return Whose(
        resident=await a_person(name="Léa Martin"),
        proxy=await a_person(name="Nora Keller"),
        manager=manager,
        cashier=await a_person(Role.ACCOUNTANT, emitter, name="Thomas Fischer"),
        holder=await a_person(Role.MANAGER, holder),
        helper=await a_person(Role.HELPER),
    )


async def strangers() -> dict[str, Visitor]:
    """Every kind of visitor: with roles at an emitter of their own, where they have one, and what they have there."""
    place, emitter = await a_place()
    slug = (await emitters.emitter(emitter)).slug
    await territory.enable_plugin(emitter, "idcard")
    calendar, shop = await a_calendar(place=(place, emitter)), await a_shop(emitter=emitter)
    found = {"anonymous": Visitor(), "resident": await _a_resident(shop), "proxy": await _a_proxy()}
    for role in Role:
        person = await a_person(role, emitter if role in AT_AN_EMITTER else None)
        own = _texts({"calendar": calendar.id, "till": shop.till, "person": person})
        found[role.value] = Visitor(person, await a_session(person), slug, own)
    return found


async def _a_resident(shop) -> Visitor:
    person = await a_person(name="Karim Benali")
    paid, _ = await shop.paid(1000, person=person)
    return Visitor(person, await a_session(person), own=_texts({"basket": paid.basket}))


async def _a_proxy() -> Visitor:
    """Somebody who acts for another resident at the moment, in the service of the objects."""
    proxy = await a_person(name="Paul Klein")
    mandate = await possessions.a_mandate(await a_person(name="Yvonne Schmitt"), proxy)
    cookies = await a_session(proxy)
    async with transaction() as c:
        await c.execute("UPDATE parvis.session SET acting = $2 WHERE person = $1", proxy, mandate)
    return Visitor(proxy, cookies)


def _texts(objects) -> dict[str, str]:
    return {name: str(value) for name, value in objects.items()}
