from dataclasses import replace
from datetime import timedelta

import pytest

from parvis import clock, crypto
from parvis.errors import Refused
from parvis_idcard import actions


@pytest.fixture
def rotate(instance, database):
    def put_a_new_key_in_front():
        kept = (instance.data / "keys").read_text().strip()
        crypto.use(crypto.load_keys(replace(instance, keys=f"{crypto.new_key()},{kept}")))

    return put_a_new_key_in_front


async def test_a_number_stays_taken_after_a_rotation(town, rotate):
    await actions.book(await town.request(await town.hold(), numbers=["A123456789"]))
    rotate()
    again = await town.request(await town.hold(10), numbers=["A123456789"], email="paul@example.org")
    with pytest.raises(Refused) as refused:
        await actions.book(again)
    assert [refusal.code for refusal in refused.value.refusals] == ["application-booked"]


async def test_the_people_of_a_contact_are_counted_over_a_rotation(town, rotate):
    await actions.book(await town.request(await town.hold(people=6)))
    rotate()
    clock.move(timedelta(minutes=2))
    more = await town.request(await town.hold(days=1, people=3), numbers=[f"B{n}23456789" for n in range(3)])
    with pytest.raises(Refused) as refused:
        await actions.book(more)
    assert [refusal.code for refusal in refused.value.refusals] == ["contact-limit"]
