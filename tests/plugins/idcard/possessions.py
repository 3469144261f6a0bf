"""One real object of every kind that a route names: at a town hall, of a resident, and between two bodies."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from tests.plugins.idcard.conftest import Town

from parvis import clock, crypto
from parvis.attendance import outages
from parvis.audit import actions as audit
from parvis.audit import queries as trail
from parvis.calendars import lending, planning
from parvis.calendars.openings import Exceptional
from parvis.contract.payments import Row, RowKind
from parvis.contract.values import Channel, Role
from parvis.db import connection, new_id, transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers import questions
from parvis.identity import family, invitations, mandates, stations
from parvis.identity.actors import Actor, Grant
from parvis.identity.contacts import Contact
from parvis.identity.family import Details, Kin
from parvis.identity.mandates import Bond, Wish
from parvis.office.accounts import actions as accounts
from parvis.payments import payers, refunds
from parvis.payments.attempts import look
from parvis.payments.books import closings, ledger, receipting, transfers
from parvis.payments.books.transfers import Moved
from parvis.payments.credits import balances
from parvis.payments.debits import batches, creditors, queries
from parvis.payments.debits import mandates as debit_mandates
from parvis.payments.debits.creditors import Creditor
from parvis.payments.debits.mandates import Given
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, issuing
from parvis.payments.invoices.bills import BillTo
from parvis.payments.settling import Money, settle
from parvis.payments.statements import reconciling
from parvis.territory import queries as territory
from parvis.territory.actions import enable_plugin
from parvis.territory.publishing import actions as publishing
from parvis.testing.payments import Shop, a_drawer, a_shop
from parvis.testing.people import a_person, a_session
from parvis.testing.visits import a_visit
from parvis_idcard import actions
from parvis_idcard.ants.coordination.queries import NUMBER


@dataclass
class Whose:
    """Those to whom the objects belong: a resident and her proxy, a manager of the town hall, who takes money there,
    the holder of a contract, a helper."""

    resident: UUID
    proxy: UUID
    manager: UUID
    cashier: UUID
    holder: UUID
    helper: UUID


async def at_the_town_hall(town: Town, whose: Whose):
    """What the town hall's calendar, its people and its requests are made of."""
    calendar, manager = town.calendar, whose.manager
    held = await town.hold(hour=10)
    booked = await actions.book(await town.request(held))
    async with transaction() as c:
        await c.execute("UPDATE parvis.dossier SET person = $2 WHERE id = $1", booked.dossier, whose.resident)
    return {
        "calendar": calendar.id,
        "desk": calendar.desks[0],
        "desk_hex": calendar.desks[0].hex,
        "kind": "deposit",
        "day": calendar.day.isoformat(),
        "closure": await a_closure(calendar),
        "dossier": booked.dossier,
        "visit": held.id,
        "person": manager,
        "plugin": "idcard",
        "position": 0,
        **await an_outage(town, manager),
        "invitation": await invitations.invite(calendar.emitter, Role.AGENT, "nora@example.org", manager),
        **await a_question(booked.dossier, manager, calendar.emitter),
        "grant": await one("SELECT id FROM parvis.role_grant WHERE person = $1 LIMIT 1", manager),
        "station": await stations.remember(new_id(), calendar.emitter, manager, "Counter 1"),
        "applicant": await one("SELECT id FROM idcard.applicant ORDER BY id LIMIT 1"),
        "declaration": await a_declaration(booked.dossier),
        "version": await one("SELECT max(version) FROM parvis.calendar_change WHERE calendar = $1", calendar.id),
    }


async def between_bodies(town: Town, holder: UUID, whole: UUID):
    """What the town hall entrusted to another body, and what it lent."""
    calendar, today = town.calendar, territory.today()
    contract = await publishing.add_contract(
        calendar.emitter, holder, "Reception", ["idcard"], [calendar.place], today, today + timedelta(days=60)
    )
    loan = await lending.lend(calendar.id, calendar.emitter, whole, None, None)
    return {"contract": contract, "service": "idcard", "loan": loan}


async def at_its_till(emitter: UUID, whose: Whose):
    """What came in and what is to be given back, a bill, an arrêt, a difference, the counter: all at one till."""
    shop = await a_shop(emitter=emitter)
    await enable_plugin(emitter, "pay")
    paid = await a_bill(shop.till, whose.resident)
    shop.provider.pay(ref := await shop.opened(paid.id))
    settled = await look(shop.provider, shop.account, ref)
    [invoice] = await issuing.invoices_of([paid.basket])
    refund = await refunds.request(settled.capture, 400, "Closed", whose.resident)
    await reconciling.reconcile(shop.account, ledger.today(), [Row(RowKind.CAPTURE, "strange", 700)])
    [receipt] = await receipting.given_in(paid.basket)
    drawer = await a_drawer(shop.till, by=whose.cashier)
    return {
        "taking": (await drawer.takes((await a_bill(shop.till, whose.resident)).id, cash=1500)).id,
        "till": shop.till,
        "capture": settled.capture,
        "idle": (await settle(Money(shop.account, "stray", 500, clock.now()))).capture,
        "refund": refund.id,
        "difference": (await reconciling.open_differences(shop.till))[0].id,
        "receipt": receipt.receipt.id,
        "invoice": invoice.id,
        "basket": paid.basket,
        "intent": (await a_bill(shop.till, whose.resident)).id,
        "number": (await closings.close(shop.till, ledger.today() - timedelta(days=1))).number,
        "entry": await handed_over(shop, whose.cashier),
        **await to_be_debited(shop.till, whose.resident),
        "credit": await a_credit(shop, whose.resident),
    }


async def handed_over(shop: Shop, by: UUID) -> int:
    """The number of a hand-over's entry."""
    one = Moved("B 1", ledger.today(), 100)
    await transfers.arrive(shop.account, one, by)
    return await transfers.hand_over(shop.till, one, "bank", by)


async def a_credit(shop: Shop, person: UUID) -> UUID:
    """What a payer has in credit, of a bill that was paid too much."""
    shop.provider.pay(ref := await shop.opened((await a_bill(shop.till, person)).id), 1900)
    await look(shop.provider, shop.account, ref)
    return (await balances.left_at(shop.till))[0].id


async def to_be_debited(till: UUID, person: UUID):
    """A mandate, and a bill in a batch for the bank."""
    told = Creditor(name="Cantine", iban="DE89370400440532013000", identifier="DE98ZZZ09999999999")
    await creditors.keep(till, told)
    paid_by = await payers.payer((await a_bill(till, person, days=5)).basket)
    given = Given(name="Léa Martin", iban="FR7630006000011234567890189", signed_on=ledger.today())
    mandate = await debit_mandates.give(till, paid_by, given)
    batch = await batches.make(till, queries.soonest(told), person)
    return {"debit_mandate": mandate.id, "batch": batch.id, "debit": (await queries.lines_of(batch.id))[0].id}


async def of_the_resident(whose: Whose):
    """What an account keeps, and what it has with others."""
    resident = Actor(person=whose.resident)
    cookies = await a_session(whose.resident)
    [session] = [await one("SELECT id FROM parvis.session WHERE person = $1", whose.resident)]
    child = Details(given="Zoé", family="Martin", born=date(2019, 3, 1), kin=Kin.CHILD)
    return cookies, {
        "session": session,
        "relative": await family.add(resident, child),
        "mandate": await a_mandate(whose.resident, whose.proxy),
        "merge": await accounts.merge(await a_person(), await a_person(), "The same card", Actor()),
    }


async def a_bill(till: UUID, person: UUID, days: int = 30):
    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr", person=person)
    last = ledger.today() + timedelta(days=days)
    [intent] = await bills.write([Charge(till, "Cantine", "canteen", 1500)], to, last, new_id())
    return intent


async def a_mandate(resident: UUID, proxy: UUID | None) -> UUID:
    """A mandate that its proxy accepted, if there is one: else one that waits for somebody."""
    wish = Wish(bond=Bond.ADVISER, services=("idcard",), ends_at=clock.now() + timedelta(days=30))
    begun = await mandates.begin(Actor(person=resident), wish, "nora@example.org", "fr", as_proxy=False)
    if proxy:
        await mandates.accept((await mandates.link(begun)).removeprefix("/mandate/"), Actor(person=proxy))
    return begun


async def booked_for_somebody(town: Town, hour: int, person: UUID, office: UUID | None = None) -> UUID:
    """What an agent of a town hall, or a helper, booked for somebody else."""
    held = await town.hold(hour=hour)
    # No contact is proved for others: any proof will do.
    request = await town.request(held, proof=held.id, numbers=[f"B{hour:02}3456789"])
    told = {"person": person, "for_others": True, "office": office, "proof": None}
    return (await actions.book(replace(request, **told))).dossier


async def a_closure(calendar) -> UUID:
    day = calendar.day + timedelta(days=5)
    return await planning.add_exception(calendar.id, Exceptional("closed", day, day), desks=calendar.desks)


async def an_outage(town: Town, manager: UUID):
    """A desk that is out, and an appointment there whose people are to be called."""
    booking, _ = await a_visit(town.calendar, town.calendar.at(10), "Paul Klein")
    desk = await one("SELECT desk FROM parvis.booking WHERE id = $1", booking)
    outage = await outages.declare(town.calendar.id, [desk], town.calendar.at(12), "A cable", manager)
    return {"outage": outage, "to_call": booking}


async def a_question(dossier: UUID, manager: UUID, emitter: UUID):
    await audit.saw(Actor(person=manager, grants=(Grant(Role.MANAGER, emitter),)), dossier, emitter)
    (reading,) = await trail.readers_of(dossier)
    await questions.ask(await dossiers.dossier(dossier), reading.id)
    return {"reading": reading.id, "question": await one("SELECT id FROM parvis.reading_question LIMIT 1")}


async def a_declaration(dossier: UUID):
    sql = (
        "INSERT INTO idcard.declaration (id, dossier, emitter, applicant, number, number_digest, state, due) "
        "SELECT $1, dossier.id, emitter, applicant.id, $3, $3, 'due', $4 FROM parvis.dossier "
        "JOIN idcard.applicant ON applicant.dossier = dossier.id WHERE dossier.id = $2 RETURNING id"
    )
    async with transaction() as c:
        return await c.fetchval(sql, new_id(), dossier, crypto.encrypt(b"A023456789", NUMBER), clock.now())


async def one(sql: str, *given):
    async with connection() as c:
        return await c.fetchval(sql, *given)
