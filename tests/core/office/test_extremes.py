"""Days at the end of time and numbers beyond any column, in every form and address about payments: a sentence that
keeps what was typed, never a fault of ours."""

import inspect
import re
from datetime import date, timedelta
from typing import Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest
from litestar.exceptions import LitestarException
from tests.core.payments.tariff_examples import swimming

from parvis.clock import now
from parvis.contract.values import Channel
from parvis.db import new_id
from parvis.identity.contacts import Contact
from parvis.payments.books import ledger
from parvis.payments.credits import balances
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.payments.settling import Money, settle
from parvis.payments.tariffs import catalogue
from parvis.testing.matrix import routes_of
from parvis.testing.payments import a_drawer, a_shop
from parvis.web.shapes import _unwrapped

OURS = re.compile(r"/office/\{emitter:str\}/(tills|bills|counter|tariffs)\b|/my/payments\b")
SAID = "Write a day of this century or of the last one."
DAYS = ("0001-01-01", "0001-01-02", "9999-12-31", "9999-12-30", "1/1/1")
NUMBERS = ("2147483648", "-2147483649", "999999999999999", "9" * 30)
AMOUNTS = ("99999999,99", "999999999,00", "9" * 30)
MONEY = {"cents", "fees", "drawer", "alone", "least", "cash_most", "held_most", "cash", "cheque", "cesu", "holiday"}
PLAIN = {"label": "Cantine", "activity": "swimming", "mail": "lea@example.org", "tariff": "", "why": "x"}
# Nobody types these: they are chosen from a list, or stand in the form; or are another form's of the same page.
NOT_TYPED = {"parts", "seen", "version"}
OTHERS = ("/unpaid", "/unpaid/recall", "/debits/bring", "/terms/withdraw")


class Desk:
    """An emitter with a till, a bill, a payment that left a credit, a session at its counter and a tariff."""

    def __init__(self, office, shop, agents):
        self.office, self.shop, self.agents = office, shop, agents
        self.known = {}

    async def furnish(self):
        till, by = self.shop.till, self.agents["accountant"].person
        to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
        charge = Charge(till, "Cantine", "swimming", 5000)
        [due] = await bills.write([charge], to, ledger.today() + timedelta(days=9), new_id())
        ref = await self.shop.opened(due.id)
        paid = await settle(Money(self.shop.account, ref, 6200, now()))
        [credit] = await balances.left_at(till)
        [other] = await bills.write([charge], to, ledger.today() + timedelta(days=9), new_id(), use_credit=False)
        drawer = await a_drawer(till, by=by)
        await catalogue.save(self.office.calendar.emitter, "swimming", [swimming()], name="Lessons")
        self.known = {
            "emitter": self.office.slug,
            "till": till,
            "intent": other.id,
            "capture": paid.capture,
            "idle": paid.capture,
            "credit": credit.id,
            "basket": other.basket,
            "session": drawer.session,
            "activity": "swimming",
            "number": 1,
        }

    def address(self, path, number=None):
        def filled(found):
            name, kind = found[1], found[2]
            if kind == "int":
                return str(number or self.known.get(name, 1))
            return str(self.known.get(name, UUID(int=7) if kind == "uuid" else "swimming"))

        return re.sub(r"\{(\w+):(\w+)\}", filled, path)

    def visitor(self, route):
        admits = route.admits or set()
        return self.agents[next((role for role in ("accountant", "manager", "agent") if role in admits), "agent")]


@pytest.fixture
async def desk(office):
    shop = await a_shop(emitter=office.calendar.emitter)
    desk = Desk(office, shop, {role: await office.agent(role) for role in ("accountant", "manager", "agent")})
    await desk.furnish()
    return desk


def asked(route):
    """The fields that the forms of a route's module may have, each with what kind of answer it takes."""
    module = inspect.getmodule(route.handler.fn)
    for shape in vars(module).values():
        if inspect.isclass(shape) and issubclass(shape, msgspec.Struct) and shape.__module__ == module.__name__:
            for name, hint in get_type_hints(shape, include_extras=True).items():
                yield name, _unwrapped(hint)[0]


def usual(desk, fields):
    """What somebody would answer."""
    today = ledger.today().isoformat()
    known = {name: str(value) for name, value in desk.known.items()} | {"account": desk.shop.account, "what": "cash"}
    answers = {}
    for name, hint in fields:
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        text = "1,00" if name in MONEY else PLAIN.get(name, "x")
        plain = {date: today, int: "1", bool: "", UUID: str(new_id())}.get(hint, text)
        answers[name] = known.get(name) or (str(choices[0]) if choices else plain)
    return answers


def extremes(fields):
    for name, hint in fields:
        kinds = {date: DAYS, int: NUMBERS, UUID: ("x", "9" * 40)}
        for value in kinds.get(hint, AMOUNTS if name in MONEY else ()):
            yield name, value


def ours(office):
    return [route for route in routes_of(office.app) if OURS.match(route.path)]


async def answered(desk, route, answers):
    """What is wrong with the answer, nothing if it is one that people can use."""
    agent = desk.visitor(route)
    try:
        await (agent.get if route.method == "GET" else agent.post)(desk.address(route.path), follow=False, **answers)
    except LitestarException:
        return "what is streamed breaks off"
    return f"status {agent.status}" if agent.status >= 500 else ""


def untold(text, name, value, hint):
    """What is missing where a form is shown again: the sentence, or what was typed."""
    if hint is date and SAID not in text:
        return "not said"
    typed = hint is not UUID and name not in NOT_TYPED and f'name="{name}"' in text
    return "not kept" if typed and value not in text else ""


async def test_no_form_and_no_address_of_a_list_fails(desk):
    failed, asked_for = {}, 0
    for route in ours(desk.office):
        hints = dict(asked(route))
        answers, agent = usual(desk, hints.items()), desk.visitor(route)
        for name, value in extremes(hints.items()):
            wrong, asked_for = await answered(desk, route, {**answers, name: value}), asked_for + 1
            own = route.method == "GET" or not route.path.endswith(OTHERS)
            if not wrong and own and agent.status == 422:
                wrong = untold(agent.text, name, value, hints[name])
            if wrong:
                failed[str(route), name, value] = wrong
    assert asked_for > 300
    assert failed == {}


async def test_no_number_in_an_address_fails(desk):
    failed, asked_for = {}, 0
    for route in ours(desk.office):
        if ":int}" not in route.path:
            continue
        agent = desk.visitor(route)
        for number in NUMBERS:
            act = agent.get if route.method == "GET" else agent.post
            await act(desk.address(route.path, number), follow=False)
            asked_for += 1
            if agent.status not in {404, 422}:
                failed[str(route), number] = agent.status
    assert asked_for >= 20
    assert failed == {}
