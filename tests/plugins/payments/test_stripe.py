"""Stripe Checkout as its simulator plays it: what is opened, what is believed, what is done once."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import stripe as library
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.payments.conftest import a_stripe_till

from parvis import clock
from parvis.contract.payments import Order, OutcomeUnknown, Result, RowKind, Sent
from parvis.db import connection, new_id
from parvis.errors import Refused
from parvis.payments import attempts, intents, polling
from parvis.payments.accounts import keep_details
from parvis.payments.books import ledger, proofs
from parvis.testing.visits import put_clock
from parvis_payments.simulator import faults
from parvis_payments.simulator.checkout import Checkout
from parvis_payments.simulator.stripe import KEY, WEBHOOK, nested
from parvis_payments.stripe import client, rules
from parvis_payments.stripe.objects import Moved, Session, StripeAccount
from parvis_payments.stripe.provider import StripeCheckout


async def begin(till, intent, mail="a.resident@example.org"):
    back = "https://portal.invalid/back"
    page = await attempts.begin(
        intent.id, lambda _: till.provider, till.account, label="Patinoire", mail=mail, back=back
    )
    return page.url.rpartition("/")[2]


async def state(intent):
    return (await intents.intent(intent.id)).state


def test_the_version_is_the_one_that_the_library_was_made_for():
    assert library.api_version == client.VERSION


async def test_one_session_an_attempt_with_one_line_and_our_reference(played, stripe):
    now, intent = clock.now(), await stripe.due(4207)
    session = played.stripe.kept.things[await begin(stripe, intent)]
    assert (session["amount_total"], session["currency"], session["label"]) == (4207, "eur", "Patinoire")
    assert session["customer_email"] == "a.resident@example.org"
    async with connection() as c:
        attempt = await c.fetchval("SELECT id::text FROM parvis.payment_attempt WHERE intent = $1", intent.id)
    assert session["client_reference_id"] == attempt
    assert session["ours"] == {"account": stripe.account, "attempt": attempt}
    assert session["expires_at"] >= now.timestamp() + 30 * 60
    assert [key for key in played.stripe.kept.answers if attempt in key]


async def test_the_same_page_is_come_back_to_and_a_paid_one_is_no_longer_open(played, stripe):
    intent = await stripe.due()
    ref = await begin(stripe, intent)
    played.stripe.refuse(ref)
    assert await begin(stripe, intent) == ref
    played.stripe.pay(ref)
    await attempts.look(stripe.provider, stripe.account, ref)
    assert await state(intent) == "paid"
    with pytest.raises(Refused):
        await begin(stripe, intent)


async def test_a_former_page_is_closed_before_another_is_opened(played, stripe):
    intent, now = await stripe.due(minutes=120), clock.now()
    first = await begin(stripe, intent)
    # Stripe's clock is not ours: the session is still open there.
    played.stripe.kept.things[first]["expires_at"] += 3600
    put_clock(now + timedelta(minutes=36))
    second = await begin(stripe, intent)
    assert (second != first, played.stripe.kept.things[first]["status"]) == (True, "expired")


async def test_a_former_page_that_was_paid_unheard_is_taken_instead_of_paid_again(played, stripe):
    intent, now = await stripe.due(minutes=120), clock.now()
    first = await begin(stripe, intent)
    played.stripe.pay(first)
    put_clock(now + timedelta(minutes=36))
    with pytest.raises(Refused):
        await begin(stripe, intent)
    assert await state(intent) == "paid"
    assert len(played.stripe.of(KEY, "checkout.session")) == 1


async def test_a_lost_answer_is_asked_for_again_under_the_same_key(played, stripe):
    lost = [True]

    async def once(request):
        answer = await played._ask(request)
        if request.method == "POST" and lost:
            lost.clear()
            raise httpx.ReadTimeout("lost")
        return answer

    provider = StripeCheckout(httpx.MockTransport(once))
    await provider.start(stripe.account, _order())
    assert len(played.stripe.of(KEY, "checkout.session")) == 1


async def test_an_answer_lost_for_good_is_an_unknown_outcome_and_another_attempt_follows(played, stripe):
    intent = await stripe.due()
    played.faults.add(faults.STRIPE_LOST)
    with pytest.raises(OutcomeUnknown):
        await begin(stripe, intent)
    played.faults.clear()
    await begin(stripe, intent)
    references = {session["client_reference_id"] for session in played.stripe.of(KEY, "checkout.session")}
    assert len(references) == 2


@pytest.mark.parametrize("wrong", [{"currency": "chf"}, {"livemode": True}, {"metadata": {"account": "another"}}, {}])
async def test_currency_mode_and_account_are_compared(played, stripe, wrong):
    intent = await stripe.due()
    ref = await begin(stripe, intent)
    played.stripe.pay(ref)
    played.stripe.kept.things[ref] |= wrong
    found = await stripe.provider.lookup(stripe.account, ref)
    assert found.result == (Result.GONE if wrong else Result.PAID)


async def test_another_amount_is_given_back(played, stripe):
    intent = await stripe.due(1000)
    ref = await begin(stripe, intent)
    played.stripe.pay(ref, 999)
    settled = await attempts.look(stripe.provider, stripe.account, ref)
    assert (settled.taken_as, await state(intent)) == ("vain", "to_refund")


async def test_two_tills_at_one_account_of_stripes_do_not_take_each_others_money(played, stripe):
    other = await a_stripe_till(played)
    ref = await begin(stripe, await stripe.due())
    played.stripe.pay(ref)
    assert (await other.provider.lookup(other.account, ref)).result == Result.GONE
    assert await attempts.look(other.provider, other.account, ref) is None


async def test_a_wrong_key_opens_nothing_and_concludes_nothing(played):
    till = await a_stripe_till(played, key="pk_test_wrong")
    with pytest.raises(Refused, match="nothing was taken"):
        await till.provider.start(till.account, _order())
    with pytest.raises(OutcomeUnknown):
        await till.provider.lookup(till.account, "cs_test_1")


@pytest.mark.parametrize("body", [b"<a", b"", b"[]", b'{"id": 1}', b"\xff"])
async def test_an_answer_that_is_none_is_an_unknown_outcome(stripe, body):
    provider = StripeCheckout(httpx.MockTransport(lambda _: httpx.Response(200, content=body)))
    with pytest.raises(OutcomeUnknown):
        await provider.lookup(stripe.account, "cs_test_1")


OTHER = "sk_test_anotheraccount"


async def test_what_was_opened_with_another_accounts_key_is_unknown_and_never_gone(played, stripe):
    intent, now = await stripe.due(minutes=120), clock.now()
    ref = await begin(stripe, intent)
    played.stripe.pay(ref)
    await keep_details(stripe.account, StripeAccount(key=OTHER, webhook=WEBHOOK))
    with pytest.raises(OutcomeUnknown):
        await attempts.look(stripe.provider, stripe.account, ref)
    put_clock(now + timedelta(minutes=36))
    with pytest.raises(OutcomeUnknown):
        await begin(stripe, intent)
    assert await state(intent) == "pending"
    await keep_details(stripe.account, StripeAccount(key=KEY, webhook=WEBHOOK))
    put_clock(now + timedelta(minutes=50))
    assert await polling.look_due(lambda _: stripe.provider) == 1
    assert await state(intent) == "paid"


async def test_real_money_is_found_after_a_key_of_test_mode_was_put_in_and_out_again(played):
    live = "sk_live_abcdefgh"
    till = await a_stripe_till(played, key=live)
    intent = await till.due(minutes=120)
    ref = await begin(till, intent)
    played.stripe.pay(ref)
    await keep_details(till.account, StripeAccount(key=KEY, webhook=WEBHOOK))
    with pytest.raises(OutcomeUnknown):
        await attempts.look(till.provider, till.account, ref)
    await keep_details(till.account, StripeAccount(key=live, webhook=WEBHOOK))
    await attempts.look(till.provider, till.account, ref)
    assert await state(intent) == "paid"


async def test_a_test_that_was_begun_before_the_account_went_live_is_gone(played, stripe):
    intent = await stripe.due(minutes=120)
    ref = await begin(stripe, intent)
    played.stripe.pay(ref)
    await keep_details(stripe.account, StripeAccount(key="sk_live_abcdefgh", webhook=WEBHOOK))
    assert await attempts.look(stripe.provider, stripe.account, ref) is None
    assert await state(intent) == "created"


@pytest.mark.parametrize("cents", [50, 99])
async def test_less_than_a_euro_is_paid_at_the_counter_as_everywhere(played, stripe, cents):
    intent = await stripe.due(cents)
    with pytest.raises(Refused, match="at the counter"):
        await begin(stripe, intent)
    assert played.stripe.of(KEY, "checkout.session") == []


async def test_stripe_may_tell_nothing_and_it_is_found_all_the_same(played, stripe):
    intent, came = await stripe.due(), []

    async def tell(_, events, times=1):
        came.extend(events * times)

    played.app.state.tell = tell
    ref = await begin(stripe, intent)
    played.faults.add(faults.STRIPE_SILENT)
    async with httpx.AsyncClient(transport=played.transport(), base_url="http://played.invalid") as browser:
        back = await browser.post(f"/stripe/pay/{ref}", data={"act": "pay"})
    assert (back.status_code, came) == (303, [])
    put_clock(clock.now() + timedelta(minutes=2))
    assert await polling.look_due(lambda _: stripe.provider) == 1


async def test_a_refund_is_found_again_after_stripe_forgot_what_it_was_asked(played, stripe):
    ref, refund = await _paid(played, stripe), uuid4()
    assert await stripe.provider.refund(stripe.account, ref, refund, 400) == Sent.DONE
    played.stripe.kept.answers.clear()
    assert await stripe.provider.refund(stripe.account, ref, refund, 400) == Sent.DONE
    assert len(played.stripe.of(KEY, "refund")) == 1


async def test_a_refund_that_waits_is_not_done(played, stripe):
    ref, refund = await _paid(played, stripe), uuid4()
    await stripe.provider.refund(stripe.account, ref, refund, 400)
    [made] = played.stripe.of(KEY, "refund")
    made["status"] = "pending"
    assert await stripe.provider.refund(stripe.account, ref, refund, 400) == Sent.UNKNOWN


async def test_the_statement_is_read_page_by_page_and_has_what_is_not_ours(played, stripe, monkeypatch):
    monkeypatch.setattr(client, "_PAGE", 3)
    refs = {await _paid(played, stripe) for _ in range(8)}
    refund = new_id()
    await stripe.provider.refund(stripe.account, next(iter(refs)), refund, 250)
    [made] = played.stripe.of(KEY, "refund")
    played.stripe.fail(made["id"])
    foreign = played.stripe.open(KEY, {"line_items": [{"price_data": {"unit_amount": "700", "currency": "eur",
                                                                      "product_data": {"name": "x"}}}]})  # fmt: skip
    played.stripe.pay(foreign["id"])
    rows = {(row.kind, row.ref): row.cents for row in await stripe.provider.rows(stripe.account, ledger.today())}
    assert {ref for kind, ref in rows if kind is RowKind.CAPTURE} == refs | {foreign["id"], str(refund)}
    assert rows[RowKind.REFUND, str(refund)] == rows[RowKind.CAPTURE, str(refund)] == 250


async def test_no_notification_comes_and_it_is_found_all_the_same(played, stripe):
    intent, now = await stripe.due(), clock.now()
    played.stripe.pay(await begin(stripe, intent))
    put_clock(now + timedelta(minutes=1, seconds=1))
    assert await polling.look_due(lambda _: stripe.provider) == 1
    assert (await state(intent), await proofs.unbalanced()) == ("paid", [])


@pytest.mark.parametrize(("key", "webhook", "fields"), [
    ("sk_test_abcdefgh", "whsec_abcdefgh", []),
    ("rk_live_abcdefgh", "whsec_abcdefgh", []),
    ("pk_live_abcdefgh", "whsec_abcdefgh", ["key"]),
    ("", "", ["key", "webhook"]),
    ("sk_test_abcdefgh", "sk_test_abcdefgh", ["webhook"]),
])  # fmt: skip
def test_what_a_till_says_of_its_account_is_looked_at(key, webhook, fields):
    assert [one.field for one in rules.account_fault(StripeAccount(key=key, webhook=webhook))] == fields
    assert StripeAccount(key="sk_live_1").live
    assert not StripeAccount(key="sk_test_live").live


STATES = st.sampled_from(["open", "complete", "expired", None])
PAID = st.sampled_from(["paid", "unpaid", "no_payment_required"])


@given(STATES, PAID, st.booleans(), st.booleans(), st.sampled_from(["eur", "usd", None]), st.integers(0, 10**8))
def test_money_is_only_found_where_everything_fits(status, payment, live, ours, currency, cents):
    told = Session("cs_1", status, payment, cents, currency, live, metadata={"account": "a"})
    found = rules.found(told, "a" if ours else "b", True)
    fits = ours and live and currency == "eur"
    assert (found.result is Result.PAID) == (fits and payment == "paid")
    assert found.cents == (cents if found.result is Result.PAID else 0)


LINES = st.lists(st.tuples(st.sampled_from(["charge", "refund", "adjustment", "stripe_fee"]), st.integers(1, 10**6),
                           st.integers(0, 5000)), max_size=20)  # fmt: skip


@given(LINES)
def test_fees_and_payout_add_up_to_what_was_collected(lines):
    moved = [
        Moved(f"txn_{n}", kind, cents if kind == "charge" else -cents, 0 if kind == "stripe_fee" else fee)
        for n, (kind, cents, fee) in enumerate(lines)
    ]
    payout = sum(one.amount - one.fee for one in moved)
    collected = sum(one.amount for one in moved if one.type != "stripe_fee")
    assert payout + rules.fees([*moved, Moved("txn_po", "payout", -payout)]) == collected


def test_what_is_kept_survives_a_restart_of_the_simulator(tmp_path, database):
    first = Checkout(tmp_path / "kept.json")
    asked = nested([("line_items[0][price_data][unit_amount]", "700"), ("line_items[0][price_data][currency]", "eur"),
                    ("line_items[0][price_data][product_data][name]", "x")])  # fmt: skip
    ref = first.open(KEY, asked)["id"]
    first.pay(ref)
    assert Checkout(tmp_path / "kept.json").get(KEY, ref)["payment_status"] == "paid"


def _order(cents=1000):
    return Order(attempt=new_id(), cents=cents, label="Pool", mail="a@example.org", back="https://portal.invalid/b")


async def _paid(played, till, cents=1000):
    started = await till.provider.start(till.account, _order(cents))
    played.stripe.pay(started.ref)
    return started.ref
