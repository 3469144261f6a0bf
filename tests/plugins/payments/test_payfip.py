"""PayFiP as its simulator plays it: what is believed, what is looked up, and what nobody loses."""

import asyncio
import itertools
import os
import re
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.paying import payment_services
from tests.plugins.payments.conftest import a_payfip_till
from tests.seeds import seeds

from parvis import clock, settings
from parvis.contract.payments import Order, OutcomeUnknown, Result
from parvis.db import connection, new_id
from parvis.errors import Refused
from parvis.payments import attempts, intents, polling
from parvis.payments.accounts import keep_details
from parvis.payments.books import ledger, proofs, receipts
from parvis.testing.applications import application
from parvis.testing.visits import put_clock
from parvis_payments.payfip import client, routes, rules
from parvis_payments.payfip import provider as payfip_provider
from parvis_payments.payfip.provider import Payfip, PayfipAccount
from parvis_payments.simulator import bank, card, faults

# Payments, and notifications of each, as many at once; a hundred payments in `make soak`.
MANY = (100, 24) if os.environ.get("PARVIS_SOAK") == "1" else (10, 24)


async def begin(till, intent, mail="a.resident@example.org"):
    back = "https://portal.invalid/back"
    page = await attempts.begin(
        intent.id, lambda _: till.provider, till.account, label="Été à la piscine", mail=mail, back=back
    )
    return page.url.rpartition("=")[2]


async def state(intent):
    return (await intents.intent(intent.id)).state


async def test_the_order_is_what_payfip_wants(played, payfip):
    idop = await begin(payfip, await payfip.due(4207))
    told = played.bank.payments[idop].fields
    assert (told["montant"], told["numcli"], told["saisie"], told["objet"]) == (
        "4207",
        "007700",
        "T",
        "Ete a la piscine",
    )
    assert told["urlnotif"] == f"{settings.current().base_url}/payfip/{payfip.account}"
    assert told["exer"] == str(clock.now().year)


@pytest.mark.parametrize(
    ("result", "expected"),
    [("P", Result.PAID), ("V", Result.PAID), ("R", Result.REFUSED), ("Z", Result.REFUSED), ("A", Result.ABANDONED)],
)
async def test_each_result_is_understood(played, payfip, result, expected):
    intent = await payfip.due()
    idop = await begin(payfip, intent)
    played.bank.end(idop, result)
    assert (await payfip.provider.lookup(payfip.account, idop)).result == expected
    await attempts.look(payfip.provider, payfip.account, idop)
    assert await state(intent) == ("paid" if expected is Result.PAID else "pending")


async def test_a_refusal_is_no_end_and_the_same_page_is_come_back_to(played, payfip):
    intent = await payfip.due()
    idop = await begin(payfip, intent)
    played.bank.end(idop, "R")
    assert await begin(payfip, intent) == idop
    played.bank.end(idop, "P")
    await attempts.look(payfip.provider, payfip.account, idop)
    assert await state(intent) == "paid"


async def test_a_new_page_is_barred_for_twenty_minutes(played, payfip):
    intent, now = await payfip.due(minutes=90), clock.now()
    idop = await begin(payfip, intent)
    put_clock(now + timedelta(minutes=16))
    with pytest.raises(Refused, match="pay again"):
        await begin(payfip, intent)
    put_clock(now + timedelta(minutes=21))
    assert await begin(payfip, intent) != idop


@pytest.mark.parametrize("fault", [faults.DOWN, faults.TECHNICAL])
async def test_without_an_understandable_answer_nothing_is_concluded(played, payfip, fault):
    intent = await payfip.due()
    idop = await begin(payfip, intent)
    played.bank.end(idop, "P")
    played.faults.add(fault)
    with pytest.raises(OutcomeUnknown):
        await attempts.look(payfip.provider, payfip.account, idop)
    assert await state(intent) == "pending"
    played.faults.clear()
    await attempts.look(payfip.provider, payfip.account, idop)
    assert await state(intent) == "paid"


async def test_a_lost_answer_is_begun_again_at_once_with_another_reference(played, payfip):
    intent = await payfip.due()
    played.faults.add(faults.LOST)
    with pytest.raises(OutcomeUnknown):
        await begin(payfip, intent)
    played.faults.clear()
    await begin(payfip, intent)
    assert len({kept.fields["refdet"] for kept in played.bank.payments.values()}) == 2


@pytest.mark.parametrize("body", [b"<a", b"", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', b"<x/>", b"\xff"])
async def test_an_answer_that_is_none_is_an_unknown_outcome(played, payfip, body):
    provider = Payfip(httpx.MockTransport(lambda _: httpx.Response(200, content=body)))
    with pytest.raises(OutcomeUnknown):
        await provider.lookup(payfip.account, str(uuid4()))


async def test_another_tills_payment_is_not_taken(played, payfip):
    other = await a_payfip_till(played, "123456")
    idop = await begin(other, await other.due())
    played.bank.end(idop, "P")
    assert (await payfip.provider.lookup(payfip.account, idop)).result == Result.GONE


async def test_a_test_payment_is_worth_nothing_where_money_moves(played):
    till = await a_payfip_till(played, live=True)
    idop = await begin(till, await till.due())
    played.bank.end(idop, "P")
    played.bank.payments[idop].fields["saisie"] = "T"
    assert (await till.provider.lookup(till.account, idop)).result == Result.GONE


@pytest.mark.parametrize("mail", ["a@b", f"{'a' * 80}@example.org", ""])
async def test_a_mail_that_payfip_does_not_take_is_said_at_its_field(played, payfip, mail):
    with pytest.raises(Refused) as refused:
        await begin(payfip, await payfip.due(), mail)
    assert refused.value.refusals[0].field == "mail"


async def test_after_the_night_it_is_gone_and_was_asked_about_on_the_way(played, payfip):
    put_clock(datetime.fromisoformat("2027-01-04T10:00:00+01:00"))
    intent, now = await payfip.due(minutes=24 * 60), clock.now()
    idop = await begin(payfip, intent)
    looked = []
    for minutes in (0, 1, 2, 3, 6, 10, 15, 20, 30, 60, 120, 180):
        put_clock(now + timedelta(minutes=minutes, seconds=1))
        await polling.look_due(lambda _: payfip.provider)
        looked.append(await _looked())
    assert looked == [0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    put_clock(datetime.fromisoformat("2027-01-05T07:00:01+01:00"))
    await polling.look_due(lambda _: payfip.provider)
    assert await _looked() == 10
    assert (await payfip.provider.lookup(payfip.account, idop)).result == Result.GONE
    assert await state(intent) == "created"


async def test_no_notification_comes_and_it_is_found_all_the_same(played, payfip):
    intent, now = await payfip.due(), clock.now()
    played.bank.end(await begin(payfip, intent), "P")
    put_clock(now + timedelta(minutes=1, seconds=1))
    played.faults.add(faults.DOWN)
    assert await polling.look_due(lambda _: payfip.provider) == 0
    played.faults.clear()
    assert await polling.look_due(lambda _: payfip.provider) == 0
    put_clock(now + timedelta(minutes=7))
    assert await polling.look_due(lambda _: payfip.provider) == 1
    assert await state(intent) == "paid"


@pytest.fixture
async def http(played, payfip, monkeypatch):
    monkeypatch.setattr(routes, "Payfip", lambda: payfip.provider)
    app, base = application(replace(settings.current())), settings.current().base_url
    settings.provide(payfip_provider.Environment(payfip="http://played.invalid/tpa"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
        yield client


async def test_a_notification_is_taken_however_it_is_sent(http, played, payfip):
    for name in ("idop", "idOp", "IDOP"):
        for method, part in (("GET", "params"), ("POST", "data"), ("POST", "params")):
            intent = await payfip.due()
            idop = await begin(payfip, intent)
            played.bank.end(idop, "P")
            answer = await http.request(method, f"/payfip/{payfip.account}", **{part: {name: idop}})
            assert (answer.status_code, answer.content) == (200, b"")
            assert await state(intent) == "paid"


async def test_a_forged_notification_changes_nothing(http, played, payfip):
    intent = await payfip.due()
    idop = await begin(payfip, intent)
    for told in (idop, str(uuid4()), "x' OR 1=1", ""):
        assert (await http.post(f"/payfip/{payfip.account}", data={"idop": told, "resultrans": "P"})).status_code == 200
    assert await state(intent) == "pending"
    assert (await http.post("/payfip/nobody", data={"idop": idop})).status_code == 404


async def test_it_is_told_to_come_again_while_payfip_is_down(http, played, payfip):
    idop = await begin(payfip, await payfip.due())
    played.faults.add(faults.DOWN)
    assert (await http.post(f"/payfip/{payfip.account}", data={"idop": idop})).status_code == 503


TOLD = {
    "numcli": "007700", "exer": "2027", "refdet": "ABCDEF", "objet": "Pool", "mel": "a@b.example", "montant": "100",
    "saisie": "T", "urlnotif": "http://x.invalid/n", "urlredirect": "http://x.invalid/r",
}  # fmt: skip


def test_what_is_kept_survives_a_restart_of_the_simulator(tmp_path, database):
    first = bank.Bank(tmp_path / "kept.json")
    idop = first.create(TOLD)
    first.end(idop, "P")
    assert bank.Bank(tmp_path / "kept.json").details(idop)["resultrans"] == "P"


async def _looked():
    async with connection() as c:
        return await c.fetchval("SELECT looked FROM parvis.payment_attempt")


async def test_many_notifications_in_parallel_settle_each_payment_once(http, played, payfip):
    payments, times = MANY
    due = [await payfip.due(1000 + n) for n in range(payments)]
    idops = [await begin(payfip, intent) for intent in due]
    for idop in idops:
        played.bank.end(idop, "P")

    gate = asyncio.Semaphore(24)

    async def tell(idop):
        async with gate:
            return (await http.post(f"/payfip/{payfip.account}", data={"idop": idop})).status_code

    answers = await asyncio.gather(*(tell(idop) for idop in idops * times))
    assert set(answers) == {200}
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.capture WHERE taken_as = 'paid'") == payments
        assert await c.fetchval("SELECT count(*) FROM parvis.capture") == payments
    assert await receipts.gaps(payfip.till) == []
    assert await proofs.unbalanced() == []
    total = sum(1000 + n for n in range(payments))
    held = ledger.balance_of(await ledger.balances(payfip.till), f"clearing:{payfip.account}")
    assert held == total


@pytest.mark.parametrize("changed", [{"number": "123456"}, {"number": "123456", "live": True}])
async def test_money_on_its_way_is_found_after_the_number_was_corrected(played, changed):
    before = {"number": "007700", "live": changed.get("live", False)}
    till = await a_payfip_till(played, **before)
    intent = await till.due(minutes=90)
    idop = await begin(till, intent)
    await keep_details(till.account, PayfipAccount(**changed))
    assert await begin(till, intent) == idop, "the page that is open is come back to"
    played.bank.end(idop, "P")
    await attempts.look(till.provider, till.account, idop)
    assert await state(intent) == "paid"
    other = await begin(till, await till.due())
    assert played.bank.payments[other].fields["numcli"] == "123456"


@pytest.mark.parametrize("before", [{"live": True}, {"activation": True}])
async def test_real_money_is_taken_after_the_account_went_back_to_test(played, before):
    till = await a_payfip_till(played, **before)
    intent = await till.due()
    idop = await begin(till, intent)
    await keep_details(till.account, PayfipAccount(number="007700"))
    played.bank.end(idop, "P")
    await attempts.look(till.provider, till.account, idop)
    assert await state(intent) == "paid"


async def test_a_test_that_was_begun_before_the_account_went_live_is_worth_nothing_and_paid_anew(played, payfip):
    intent = await payfip.due(minutes=90)
    idop = await begin(payfip, intent)
    played.bank.end(idop, "P")
    await keep_details(payfip.account, PayfipAccount(number="007700", live=True))
    assert await attempts.look(payfip.provider, payfip.account, idop) is None
    assert await state(intent) == "created"
    other = await begin(payfip, intent)
    assert (other != idop, played.bank.payments[other].fields["saisie"]) == (True, "W")


async def test_a_test_payment_where_money_moves_settles_nothing(played):
    till = await a_payfip_till(played, live=True)
    intent = await till.due(minutes=90)
    idop = await begin(till, intent)
    played.bank.end(idop, "P")
    played.bank.payments[idop].fields["saisie"] = "T"
    assert await attempts.look(till.provider, till.account, idop) is None
    assert await state(intent) == "created"
    assert [one for one in await ledger.balances(till.till) if one.cents] == []
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.capture") == 0


async def test_the_activation_collects_as_x(played):
    till = await a_payfip_till(played, activation=True)
    idop = await begin(till, intent := await till.due())
    assert played.bank.payments[idop].fields["saisie"] == "X"
    played.bank.end(idop, "P")
    await attempts.look(till.provider, till.account, idop)
    assert await state(intent) == "paid"


@pytest.mark.parametrize(("at", "year"), [("2027-12-31T23:59:00+01:00", "2027"), ("2028-01-01T00:00:00+01:00", "2028")])
async def test_the_year_is_that_of_paris(played, payfip, at, year):
    put_clock(datetime.fromisoformat(at))
    idop = await begin(payfip, await payfip.due())
    assert played.bank.payments[idop].fields["exer"] == year


async def test_a_long_label_is_cut_and_one_of_signs_alone_has_a_name(played, payfip):
    for label, expected in (("a" * 98 + " bc", "a" * 98), ("…", "Paiement"), ("é" * 200, "e" * 99)):
        order = Order(attempt=new_id(), cents=1000, label=label, mail="a@b.fr", back="https://portal.invalid/b")
        idop = (await payfip.provider.start(payfip.account, order)).ref
        assert played.bank.payments[idop].fields["objet"] == expected


@pytest.mark.parametrize(("signs", "taken"), [(249, True), (250, False)])
async def test_an_address_to_come_back_to_that_is_too_long_is_refused_before_payfip_is_asked(
    played, payfip, signs, taken
):
    back = "https://portal.invalid/".ljust(signs, "b")
    order = Order(attempt=new_id(), cents=1000, label="Pool", mail="a@b.fr", back=back)
    if taken:
        await payfip.provider.start(payfip.account, order)
    else:
        with pytest.raises(Refused, match="D1"):
            await payfip.provider.start(payfip.account, order)
    assert len(played.bank.payments) == taken


@given(st.uuids())
def test_a_reference_comes_back_as_the_attempt_it_was(attempt):
    told = rules.refdet(attempt)
    assert re.fullmatch("[A-Za-z0-9]{6,30}", told)
    assert rules.attempt_of(told) == attempt


FIELDS = ("numcli", "saisie", "resultrans", "montant", "refdet", "dattrans", "heurtrans")
TEXTS = st.one_of(
    st.text(max_size=30), st.sampled_from(["007700", "T", "W", "P", "V", "R", "1234", "01010001", "0000", "-1", "1e3"])
)


@given(st.dictionaries(st.sampled_from(FIELDS), TEXTS))
def test_whatever_is_told_is_understood_or_unreadable_and_never_paid_without_an_amount(told):
    terms = rules.Terms("007700", "T")
    try:
        found = rules.found(told, terms, terms)
    except rules.Unreadable:
        assert told["resultrans"] in {"P", "V"}
    else:
        assert (found.result is Result.PAID) == (found.cents > 0)


ENCODED = b'<?xml version="1.0" encoding="no-such-thing"?><x/>'
PAID_NOTHING = (
    b"<x><return><numcli>007700</numcli><saisie>T</saisie><resultrans>P</resultrans>"
    b"<dattrans>04012027</dattrans><heurtrans>1200</heurtrans></return></x>"
)


@pytest.mark.parametrize(
    "body", [ENCODED, PAID_NOTHING, PAID_NOTHING.replace(b"</saisie>", b"</saisie><montant>x</montant>")]
)
async def test_an_answer_that_cannot_be_read_stops_nobody_and_is_asked_for_again(played, payfip, body):
    """A real trigger of what `test_apart.py` has for every provider."""
    other = await a_payfip_till(played)
    lost, found = await payfip.due(), await other.due()
    for till, intent in ((payfip, lost), (other, found)):
        played.bank.end(await begin(till, intent), "P")
    odd = Payfip(httpx.MockTransport(lambda _: httpx.Response(200, content=body)))
    put_clock(clock.now() + timedelta(minutes=2))
    assert await polling.look_due(lambda account: odd if account == payfip.account else other.provider) == 1
    assert (await state(lost), await state(found)) == ("pending", "paid")
    put_clock(clock.now() + timedelta(minutes=6))
    await polling.look_due(lambda _: payfip.provider)
    assert await state(lost) == "paid"


CODES = {
    "S1": "in its mode", "T1": "by its number", "T2": "by its number", "T4": "by its number", "M1": "amounts from",
    "M3": "amounts from", "M5": "amounts from", "A1": "e-mail address", "A2": "e-mail address",
    "R3": "what this site sends", "N1": "what this site sends", "D1": "what this site sends", "P3": "this payment",
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
async def test_each_fault_at_the_start_is_said_in_words_and_leaves_the_way_free(played, payfip, code):
    intent = await payfip.due()
    played.bank.answers["creerPaiementSecurise"] = code
    with pytest.raises(Refused, match=CODES[code]):
        await begin(payfip, intent)
    async with connection() as c:
        assert await c.fetchval("SELECT state FROM parvis.payment_attempt") == "lost"
    played.bank.answers.clear()
    assert await begin(payfip, intent)


@pytest.mark.parametrize(
    ("code", "result"),
    [("P1", Result.GONE), ("P3", None), ("P4", Result.WAITING), ("P5", Result.WAITING), ("X9", None)],
)
async def test_each_fault_of_a_look_says_gone_waiting_or_nothing(played, payfip, code, result):
    idop = await begin(payfip, await payfip.due())
    played.bank.answers["recupererDetailPaiementSecurise"] = code
    if result is None:
        with pytest.raises(OutcomeUnknown):
            await payfip.provider.lookup(payfip.account, idop)
    else:
        assert (await payfip.provider.lookup(payfip.account, idop)).result == result


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("numcli", "", "T1"), ("numcli", "77", "T2"), ("numcli", "990001", "T4"), ("saisie", "Q", "S1"),
        ("montant", "", "M1"), ("montant", "1.5", "M3"), ("montant", "99", "M5"), ("mel", "a@b", "A2"),
        ("mel", f"{'a' * 70}@example.org", "A1"), ("refdet", "A-1", "R3"), ("urlnotif", "ftp://x", "N1"),
        ("urlredirect", "", "D1"),
    ],
)  # fmt: skip
def test_the_simulator_refuses_each_field_with_its_code(database, field, value, code):
    with pytest.raises(bank.Refused, match=f"^{code}$"):
        bank.Bank().create(TOLD | {field: value})


@pytest.mark.parametrize("fault", faults.TECHNICAL_KINDS)
async def test_every_technical_fault_leaves_the_outcome_unknown(played, payfip, fault):
    intent = await payfip.due()
    played.faults.add(fault)
    with pytest.raises(OutcomeUnknown):
        await begin(payfip, intent)


async def test_without_a_result_after_the_twenty_minutes_another_page_opens_and_the_first_is_over(played, payfip):
    intent, now = await payfip.due(minutes=24 * 60), clock.now()
    idop = await begin(payfip, intent)
    put_clock(now + timedelta(minutes=20, seconds=1))
    await polling.look_due(lambda _: payfip.provider)
    assert await state(intent) == "created"
    put_clock(now + timedelta(minutes=120, seconds=1))
    await polling.look_due(lambda _: payfip.provider)
    async with connection() as c:
        assert await c.fetchval("SELECT state FROM parvis.payment_attempt") == "dead"
    assert await begin(payfip, intent) != idop


async def test_who_paid_and_was_not_heard_pays_once_though_every_worker_was_dead(played, payfip):
    intent, now = await payfip.due(minutes=90), clock.now()
    played.bank.end(await begin(payfip, intent), "P")
    put_clock(now + timedelta(minutes=25))
    played.faults.add(faults.DOWN)
    with pytest.raises(OutcomeUnknown):
        await begin(payfip, intent)
    played.faults.clear()
    with pytest.raises(Refused, match="it is paid"):
        await begin(payfip, intent)
    assert len(played.bank.payments) == 1


ORDERS = list(itertools.permutations(("notified", "again", "back", "polled")))


@pytest.mark.parametrize("seed", seeds(len(ORDERS)))
async def test_notification_return_and_worker_in_any_order_take_the_money_once(http, played, payfip, seed):
    intent = await payfip.due()
    idop = await begin(payfip, intent)
    played.bank.end(idop, "P")
    put_clock(clock.now() + timedelta(minutes=2))
    acts = {
        "notified": lambda: http.post(f"/payfip/{payfip.account}", data={"idop": idop}),
        "again": lambda: http.get(f"/payfip/{payfip.account}", params={"idOp": idop.upper()}),
        "back": lambda: attempts.look_at(intent.id, payfip.provider, payfip.account),
        "polled": lambda: polling.look_due(lambda _: payfip.provider),
    }
    for act in ORDERS[seed]:
        await acts[act]()
        assert await state(intent) == "paid"
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.capture") == 1
        assert await c.fetchval("SELECT count(*) FROM parvis.receipt") == 1
        assert await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = 'payment.settled'") == 1


@pytest.mark.parametrize(("number", "fields"), [("007700", []), ("990001", ["number"])])
async def test_a_number_that_payfip_does_not_know_is_said_when_it_is_typed(played, number, fields):
    told = await payfip_provider.number_fault(PayfipAccount(number=number), played.transport())
    assert [one.field for one in told] == fields


async def test_a_number_is_kept_while_payfip_does_not_answer(played):
    with played.away():
        assert await payfip_provider.number_fault(PayfipAccount(number="990001"), played.transport()) == ()


async def test_a_service_that_hangs_is_given_up_and_nobody_waits_behind_it(tmp_path, played, payfip, monkeypatch):
    """As a process of its own, which answers nobody for a minute."""
    monkeypatch.setattr(client, "_PATIENCE", httpx.Timeout(0.2, connect=5))
    other = await a_payfip_till(played)
    stuck = [await payfip.due() for _ in range(6)]
    found = await other.due()
    for till, intent in (*((payfip, one) for one in stuck), (other, found)):
        idop = await begin(till, intent)
    played.bank.end(idop, "P")
    put_clock(clock.now() + timedelta(minutes=2))
    async with payment_services(tmp_path / "hanging", faults.HANGS) as address:
        settings.provide(payfip_provider.Environment(payfip=f"{address}/tpa"))
        hanging = Payfip()
        order = Order(attempt=new_id(), cents=1000, label="x", mail="a@b.fr", back="https://portal.invalid")
        with pytest.raises(OutcomeUnknown):
            await hanging.start(payfip.account, order)
        assert await polling.look_due(lambda account: hanging if account == payfip.account else other.provider) == 1
    assert await state(found) == "paid"
    assert {await state(one) for one in stuck} == {"pending"}


@pytest.mark.parametrize(
    ("fault", "told"), [(faults.SILENT, 0), (faults.NOTIFIED_FIRST, 1), (faults.NOTIFIED_TWICE, 2)]
)
async def test_the_switches_notify_never_first_or_twice(http, played, payfip, monkeypatch, fault, told):
    """At the payer's page, as a browser meets it; a notification that is first has settled it before they are back."""
    intent, came = await payfip.due(), []

    async def notify(url, told, times, *late):
        for _ in range(times):
            await http.post(url, data=told)
            came.append(await state(intent))

    monkeypatch.setattr(card, "notify", notify)
    idop = await begin(payfip, intent)
    played.faults.add(fault)
    async with httpx.AsyncClient(transport=played.transport(), base_url="http://played.invalid") as browser:
        back = await browser.post("/tpa/paiementws.web", params={"idop": idop}, data={"resultrans": "P"})
    assert (back.status_code, back.headers["location"]) == (303, "https://portal.invalid/back")
    assert came == ["paid"] * told
    assert await state(intent) == ("paid" if told else "pending")
    put_clock(clock.now() + timedelta(minutes=2))
    await polling.look_due(lambda _: payfip.provider)
    assert await state(intent) == "paid"
