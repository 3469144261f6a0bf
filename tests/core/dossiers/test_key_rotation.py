from dataclasses import replace
from uuid import uuid4

import pytest

from parvis import clock, crypto
from parvis.contract.values import Channel
from parvis.dossiers import actions, queries
from parvis.dossiers.actions import By, NewDossier
from parvis.identity import contacts
from parvis.identity.actors import Actor, Proof
from parvis.identity.contacts import Contact
from parvis.testing.calendars import a_place

LEA = Contact(Channel.MAIL, "lea@example.org")


@pytest.fixture
def rotate(instance, database):
    """Put a new key in front of the others, as an operator does; `without` forgets the one of before."""

    def put(without=False):
        kept = [] if without else [(instance.data / "keys").read_text().strip()]
        crypto.use(crypto.load_keys(replace(instance, keys=",".join([crypto.new_key(), *kept]))))

    return put


async def opened():
    _, emitter = await a_place()
    new = NewDossier(service="idcard", emitter=emitter, contact=LEA, names=("Léa Martin",), language="fr", kept_days=30)
    return (await actions.open(new, By("resident"))).id


def proved(contact):
    return Actor(proofs=(Proof(uuid4(), contact.kind, contact.digest, clock.now()),))


async def test_a_contact_finds_its_requests_from_before_and_after_a_rotation(rotate):
    early, before = await opened(), proved(LEA)
    rotate()
    late, after = await opened(), proved(LEA)
    for actor in (before, after):
        assert {found.id for found in await queries.of_actor(actor)} == {early, late}
        assert (await queries.for_resident(early, actor, None)).names == ("Léa Martin",)
    assert set(await queries.open_of_contact(LEA)) == {early, late}


async def test_a_code_on_its_way_is_worth_something_after_a_rotation(rotate):
    proof = await contacts.ask(LEA, "fr")
    sent = await contacts.code_to_send(proof)
    rotate()
    assert (await contacts.prove(proof, sent.code, None)).contact == LEA


async def test_requests_that_are_not_found_any_more_are_noticed(rotate):
    assert await queries.is_found_again()
    await opened()
    assert await queries.is_found_again()
    rotate()
    assert await queries.is_found_again()
    rotate(without=True)
    assert not await queries.is_found_again()
