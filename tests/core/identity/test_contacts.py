import asyncio
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock, crypto, settings
from parvis.contract.values import Channel
from parvis.db import connection, new_id, transaction
from parvis.errors import Invalid, TooMany
from parvis.identity import contacts, links, sessions
from parvis.identity.contacts import Contact

MAIL = Contact(Channel.MAIL, "sophie.keller@example.org")
PHONE = Contact(Channel.SMS, "+33639980001")


async def asked(contact=MAIL):
    proof = await contacts.ask(contact, "fr")
    return proof, await contacts.code_to_send(proof)


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_a_contact_is_proved_by_its_code_and_opens_a_session(database):
    proof, sent = await asked(PHONE)
    assert (sent.contact, sent.language, len(sent.code)) == (PHONE, "fr", 6)
    proved = await contacts.prove(proof, f" {sent.code[:3]} {sent.code[3:]} ", None)
    assert (proved.proof, proved.contact) == (proof, PHONE)
    assert await sessions.session_of(proved.token)
    with pytest.raises(Invalid):
        await contacts.prove(proof, sent.code, None)


async def test_asking_records_the_fact_without_the_address(database):
    await contacts.ask(MAIL, "fr")
    async with connection() as c:
        facts = await c.fetch("SELECT * FROM parvis.event")
        assert "sophie" not in repr(facts)
        assert "sophie" not in repr(await c.fetch("SELECT * FROM parvis.contact_proof"))
    assert len(facts) == 1


async def test_a_code_is_made_once(database):
    proof, sent = await asked()
    assert sent is not None
    assert await contacts.code_to_send(proof) is None


async def test_no_code_before_it_was_sent(database):
    proof = await contacts.ask(MAIL, "fr")
    for typed in ("", "000000", "None"):
        with pytest.raises(Invalid):
            await contacts.prove(proof, typed, None)


async def test_five_attempts_even_in_parallel_with_the_right_one_last(database):
    proof, sent = await asked()
    for left in (4, 3, 2, 1):
        with pytest.raises(Invalid) as refused:
            await contacts.prove(proof, wrong(sent.code), None)
        assert refused.value.refusals[0].text.params == {"left": left}
    with pytest.raises(Invalid) as refused:
        await contacts.prove(proof, wrong(sent.code), None)
    assert refused.value.refusals[0].code == "code-lapsed"
    with pytest.raises(Invalid):
        await contacts.prove(proof, sent.code, None)


async def test_a_code_lapses(database):
    proof, sent = await asked()
    clock.move(contacts.CODE_LASTS + timedelta(seconds=1))
    with pytest.raises(Invalid):
        await contacts.prove(proof, sent.code, None)
    proof = await contacts.ask(MAIL, "fr")
    clock.move(contacts.CODE_LASTS + timedelta(seconds=1))
    assert await contacts.code_to_send(proof) is None


async def test_a_code_belongs_to_its_own_request(database):
    _, first = await asked()
    clock.move(timedelta(seconds=61))
    second, other = await asked()
    if first.code != other.code:
        with pytest.raises(Invalid):
            await contacts.prove(second, first.code, None)


async def test_again_after_a_minute_and_six_in_an_hour(database):
    await contacts.ask(MAIL, "fr")
    with pytest.raises(TooMany) as refused:
        await contacts.ask(replace(MAIL, address="Sophie.Keller@example.org"), "fr")
    assert 0 < refused.value.retry_after <= 61
    await contacts.ask(PHONE, "fr")
    for _ in range(5):
        clock.move(timedelta(seconds=61))
        await contacts.ask(MAIL, "fr")
    clock.move(timedelta(seconds=61))
    with pytest.raises(TooMany):
        await contacts.ask(MAIL, "fr")
    clock.move(timedelta(hours=1))
    await contacts.ask(MAIL, "fr")


async def test_load_tests_lift_the_limits(database):
    settings.use(replace(settings.current(), limits=False))
    for _ in range(8):
        await contacts.ask(MAIL, "fr")


async def test_an_attempt_cannot_be_rolled_back(database):
    proof, sent = await asked()
    with pytest.raises(RuntimeError):
        async with transaction():
            await contacts.prove(proof, wrong(sent.code), None)


async def test_proving_renews_the_session_it_happens_in(database):
    token = await sessions.begin(None)
    session = await sessions.session_of(token)
    proof, sent = await asked()
    proved = await contacts.prove(proof, sent.code, session)
    assert await sessions.session_of(token) is None
    assert await sessions.session_of(proved.token) == session


async def test_a_link_opens_the_same_door_until_it_lapses(database):
    link = links.access_link(MAIL, clock.now() + timedelta(days=1))
    assert "sophie" not in link
    token = link.removeprefix("/access/")
    assert links.contact_of_link(token) == MAIL
    proved = await links.enter(MAIL, "fr", None)
    assert await sessions.session_of(proved.token)
    for broken in (token[:-2], "A" + token[1:], token[:20] + "é", ""):
        with pytest.raises(crypto.Unreadable):
            links.contact_of_link(broken)
    clock.move(timedelta(days=1, seconds=1))
    with pytest.raises(crypto.Unreadable):
        links.contact_of_link(token)


def test_a_contact_is_found_again_by_its_digest_alone(instance):
    assert MAIL.digest == Contact(Channel.MAIL, "SOPHIE.keller@example.org").digest
    assert MAIL.digest != Contact(Channel.SMS, MAIL.address).digest


@given(token=st.text(max_size=200) | st.binary(max_size=120).map(lambda raw: urlsafe_b64encode(raw).decode()))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_no_made_up_link_opens_anything(instance, token):
    with pytest.raises(crypto.Unreadable):
        links.contact_of_link(token)


async def test_one_origin_writes_to_a_few_contacts_and_no_more(database):
    settings.use(replace(settings.current(), limit_contacts=2))
    origin, other = new_id(), new_id()
    anybody = [Contact(Channel.SMS, f"+3363998{n:04}") for n in range(5)]
    for contact in anybody[:2]:
        await contacts.ask(contact, "fr", origin)
    with pytest.raises(TooMany) as refused:
        await contacts.ask(anybody[2], "fr", origin)
    assert refused.value.detail.params["n"] == 2
    assert 3500 < refused.value.retry_after <= 3601
    await contacts.ask(anybody[2], "fr", other)
    await contacts.ask(anybody[3], "fr")
    clock.move(timedelta(seconds=61))
    await contacts.ask(anybody[0], "fr", origin)
    clock.move(timedelta(hours=1))
    await contacts.ask(anybody[4], "fr", origin)


async def test_asking_again_keeps_where_it_came_from(database):
    settings.use(replace(settings.current(), limit_contacts=1))
    origin = new_id()
    proof = await contacts.ask(MAIL, "fr", origin)
    clock.move(timedelta(seconds=61))
    await contacts.ask_again(proof)
    clock.move(timedelta(minutes=59))
    with pytest.raises(TooMany):
        await contacts.ask(PHONE, "fr", origin)


async def test_many_at_once_from_one_origin_are_counted_one_by_one(database):
    settings.use(replace(settings.current(), limit_contacts=3))
    origin = new_id()
    asking = (contacts.ask(Contact(Channel.SMS, f"+3363998{n:04}"), "fr", origin) for n in range(12))
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert sum(isinstance(one, TooMany) for one in done) == 9
