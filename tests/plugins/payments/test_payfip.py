"""PayFiP as its simulator plays it: what is believed, what is looked up, and what nobody loses."""

import asyncio
import os
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from tests.plugins.payments.conftest import a_payfip_till

from parvis import clock, settings
from parvis.app.portal_process import create as portal
from parvis.contract.payments import OutcomeUnknown, Result
from parvis.db import connection
from parvis.errors import Refused
from parvis.payments import attempts, intents, polling
from parvis.payments.books import ledger, proofs, receipts
from parvis.testing.visits import put_clock
from parvis_payments.payfip import provider as payfip_provider
from parvis_payments.payfip import routes
from parvis_payments.payfip.provider import Payfip
from parvis_payments.simulator import bank, faults

# Payments, and notifications of each: a thousand for a hundred in `make soak`.
MANY = (100, 10) if os.environ.get("PARVIS_SOAK") == "1" else (10, 8)


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
    app, base = portal(replace(settings.current())), settings.current().base_url
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


def test_what_is_kept_survives_a_restart_of_the_simulator(tmp_path, database):
    first = bank.Bank(tmp_path / "kept.json")
    told = {
        "numcli": "007700", "exer": "2027", "refdet": "ABCDEF", "objet": "Pool", "mel": "a@b.example", "montant": "100",
        "saisie": "T", "urlnotif": "http://x.invalid/n", "urlredirect": "http://x.invalid/r",
    }  # fmt: skip
    idop = first.create(told)
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
