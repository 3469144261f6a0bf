"""Deposits and every change of them reach the coordination service, whatever it does meanwhile."""

import asyncio
import os
from datetime import timedelta

import pytest

from parvis import clock, logging, settings
from parvis.db import connection, transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.errors import Refused
from parvis.outbox import Later
from parvis_idcard import actions
from parvis_idcard.ants.coordination import actions as coordination
from parvis_idcard.ants.coordination import client, jobs, queries
from parvis_idcard.ants.coordination.rules import State
from parvis_idcard.ants.simulator import app as simulator
from parvis_idcard.ants.simulator import faults
from parvis_idcard.environment import Environment
from parvis_idcard.rules import Age, Applicant

RESIDENT = By("resident")
SOAK = os.environ.get("PARVIS_SOAK") == "1"
THREE_DAYS = timedelta(days=3)
LOOKS, BOOKED, TRIED = (75, 300, 10) if SOAK else (3, 60, 1)
FAULTS = [None, faults.SLOW, faults.DOWN, faults.TOKEN, faults.SILENT, faults.EXISTS, faults.ELSEWHERE]


async def states(dossier):
    return {row.number: row.state for row in await queries.of_dossier(dossier.id)}


async def corrected(dossier, number):
    after = Applicant(given="Léa", family="Martin", age=Age.ADULT, number=number)
    await actions.correct(await dossiers.dossier(dossier.id), 0, after, RESIDENT)


async def test_a_deposit_is_declared_once_for_each_number(service, worker, wanted, book, town):
    await book(["A123456789", "B123456789"])
    await worker()
    assert service.ours() == await wanted()
    assert {number for number, *_ in service.ours()} == {"A123456789", "B123456789"}
    assert len(service.posts("A123456789")) == len(service.posts("B123456789")) == 1
    at = f"{town.calendar.day}T09:00:00"
    assert {call[1]["appointment_date"] for call in service.asked if call[0] == "POST"} == {at}


async def test_only_deposits_are_declared(service, worker, town):
    hold = await town.hold(kind="collection")
    await actions.book(await town.request(hold, numbers=["A123456789"], reason=None))
    await worker()
    assert service.ours() == set()
    assert not service.posts("A123456789")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("change", ["book", "correct", "move", "cancel", "undo"])
async def test_whatever_the_service_does_it_ends_with_our_live_deposits(
    service, worker, settled, wanted, book, town, fault, change
):
    number = "A123456789"
    if change == "book":
        service.faults |= {fault} - {None, faults.ELSEWHERE}
        dossier = await book([number])
    else:
        dossier = await book([number])
        await settled()
    if change == "undo":
        await actions.cancel(dossier.id, RESIDENT)
        await settled()
        assert service.ours() == set()
    service.faults |= {fault} - {None}
    if change == "correct":
        await corrected(dossier, number := "Z987654321")
    elif change == "move":
        await actions.move(dossier, town.calendar.id, town.calendar.at(11), RESIDENT)
    elif change == "cancel":
        await actions.cancel(dossier.id, RESIDENT)
    elif change == "undo":
        await actions.restore(dossier.id, RESIDENT)
    await worker()
    service.faults.clear()
    await settled()
    assert len(await wanted()) == (change != "cancel")
    assert {told[0] for told in await wanted()} <= {number}
    assert set((await states(dossier)).values()) <= {State.DECLARED, State.WITHDRAWN}


@pytest.mark.parametrize("fault", FAULTS[:-1])
@pytest.mark.parametrize("change", ["correct", "move", "cancel"])
async def test_what_changes_before_it_was_ever_answered_ends_right_too(
    service, worker, settled, wanted, book, town, fault, change
):
    service.faults |= {fault} - {None}
    dossier = await book(["A123456789"])
    await worker()
    if change == "correct":
        await corrected(dossier, "Z987654321")
    elif change == "move":
        await actions.move(dossier, town.calendar.id, town.calendar.at(11), RESIDENT)
    else:
        await actions.cancel(dossier.id, RESIDENT)
    await worker()
    service.faults.clear()
    await settled()
    assert len(await wanted()) == (change != "cancel")


async def test_what_is_not_declared_says_why_and_when_it_is_tried_again(service, worker, book):
    service.faults.add(faults.TOKEN)
    dossier = await book()
    for _ in range(3):
        await worker()
        clock.move(timedelta(minutes=6))
    row = (await queries.of_dossier(dossier.id))[0]
    assert (row.state, row.error, row.attempts) == (State.DUE, "token", 3)
    assert await queries.count_not_declared(dossier.emitter) == 1
    service.faults.clear()
    await worker()
    assert await queries.count_not_declared(dossier.emitter) == 0


async def test_pauses_grow_to_five_minutes_and_nothing_is_given_up(service, worker, book):
    service.faults.add(faults.DOWN)
    dossier = await book()
    pauses = []
    for _ in range(20):
        await worker()
        row = (await queries.of_dossier(dossier.id))[0]
        pauses.append((row.due - clock.now()).total_seconds())
        clock.move(row.due - clock.now() + timedelta(seconds=1))
    assert pauses[0] < 3
    assert 150 <= max(pauses) <= 300
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.delivery WHERE state = 'dead'") == 0


async def test_three_days_down_with_hundreds_of_bookings(service, worker, wanted, book_many, next_attempt):
    service.faults.add(faults.DOWN)
    back = clock.now() + THREE_DAYS
    for _ in range(LOOKS):
        await book_many(BOOKED // LOOKS)
        await worker()
        clock.move((THREE_DAYS - timedelta(minutes=5)) / LOOKS)
    # The last minutes go by as they do, so that each waits for its own next attempt when the service returns.
    await every_attempt(worker, next_attempt, back)
    assert service.ours() == set()
    await returns(service, worker, wanted, next_attempt, BOOKED)


async def test_every_attempt_of_three_days_down(service, worker, wanted, book_many, next_attempt):
    service.faults.add(faults.DOWN)
    await book_many(TRIED)
    await worker()
    await every_attempt(worker, next_attempt, clock.now() + THREE_DAYS)
    # Five minutes are the longest pause, and half of it the shortest once it has grown.
    tried = await attempts()
    assert len(tried) == TRIED
    assert all(864 <= n < 2 * 864 for n in tried)
    await returns(service, worker, wanted, next_attempt, TRIED)


async def every_attempt(worker, next_attempt, until):
    """Each attempt at its time, as long as the service is away; nothing is lost that comparing would have to find."""
    while (at := await next_attempt(until)) and at < until:
        await worker()
    assert await jobs.compare() == 0


async def attempts():
    async with connection() as c:
        return [row["attempts"] for row in await c.fetch("SELECT attempts FROM idcard.declaration")]


async def returns(service, worker, wanted, next_attempt, many):
    """The service is there again: everything is declared by its own next attempt, within minutes, and once."""
    service.faults.clear()
    back = clock.now()
    while await next_attempt():
        await worker()
    took = clock.now() - back
    print(f"{many} declared within {took} of its return")
    assert timedelta() < took < timedelta(minutes=7)
    assert service.ours() == await wanted()
    declared = [call[1]["application_id"] for call in service.asked if call[0] == "POST"]
    assert len(declared) == len(set(declared)) == many
    assert await jobs.compare() == 0


async def test_a_move_deletes_and_creates_only_while_validated(service, worker, book, town, monkeypatch):
    dossier = await book(["A123456789"])
    await worker()
    before = service.ours()
    monkeypatch.setattr(service.registry, "status", lambda _: "expired")
    await actions.move(dossier, town.calendar.id, town.calendar.at(11), RESIDENT)
    await worker()
    assert service.ours() == before
    row = (await queries.of_dossier(dossier.id))[0]
    assert (row.state, row.error) == (State.REFUSED, "status-expired")


@pytest.mark.parametrize("overridden", [False, True])
async def test_nothing_is_declared_after_consumed(service, worker, book, town, monkeypatch, overridden):
    dossier = await book(["A123456789"])
    await worker()
    monkeypatch.setattr(service.registry, "status", lambda _: "consumed")
    await actions.move(dossier, town.calendar.id, town.calendar.at(11), RESIDENT)
    await worker()
    if overridden:
        await coordination.override((await queries.of_dossier(dossier.id))[0], dossier.id, "It is another paper.")
        await worker()
    assert len(service.posts("A123456789")) == 1


async def test_a_place_that_is_renamed_is_declared_again(service, worker, wanted, book, town):
    await book()
    await worker()
    async with transaction() as c:
        await c.execute("UPDATE parvis.place SET name = 'Mairie annexe' WHERE id = $1", town.calendar.place)
    assert await jobs.compare() == 1
    await worker()
    assert service.ours() == await wanted()
    assert {place for _, _, place, _, _ in service.ours()} == {"Mairie annexe"}
    assert await jobs.compare() == 0


async def test_an_applicant_who_leaves_is_withdrawn_and_one_who_comes_declared(service, worker, wanted, book):
    dossier = await book(["A123456789", "B123456789"])
    await worker()
    async with transaction() as c:
        await c.execute("DELETE FROM idcard.applicant WHERE dossier = $1 AND position = 1", dossier.id)
    await coordination.reconcile(dossier.id)
    await worker()
    assert service.ours() == await wanted()
    assert {number for number, *_ in service.ours()} == {"A123456789"}


async def test_what_no_event_told_is_found_by_comparing(service, worker, wanted, book):
    settings.provide(Environment())
    await book()
    await worker()
    assert service.ours() == set()
    assert await jobs.compare() == 0
    settings.provide(Environment(coordination="http://ants.test/api", coordination_token=simulator.TOKEN))
    assert await jobs.compare() == 1
    await worker()
    assert service.ours() == await wanted() != set()


async def test_an_attempt_whose_delivery_was_lost_is_made_again(service, worker, wanted, book):
    service.faults.add(faults.DOWN)
    await book()
    await worker()
    async with transaction() as c:
        await c.execute("UPDATE parvis.delivery SET state = 'dead' WHERE state = 'due'")
    service.faults.clear()
    clock.move(timedelta(minutes=30))
    assert await jobs.compare() == 1
    await worker()
    assert service.ours() == await wanted() != set()


async def test_two_workers_declare_once(service, book):
    dossier = await book()
    await coordination.reconcile(dossier.id)
    row = (await queries.of_dossier(dossier.id))[0]
    tried = await asyncio.gather(*(coordination.attempt(row.id) for _ in range(4)), return_exceptions=True)
    assert len(service.posts("A123456789")) == 1
    assert all(one is None or isinstance(one, Later | queries.Declaration) for one in tried)
    assert (await states(dossier))["A123456789"] is State.DECLARED


async def test_a_change_in_the_middle_of_an_attempt_is_not_lost(service, worker, settled, book, town, monkeypatch):
    dossier = await book()
    declare = client.Service.declare

    async def meanwhile(self, number, wanted):
        await declare(self, number, wanted)
        monkeypatch.setattr(client.Service, "declare", declare)
        await actions.move(dossier, town.calendar.id, town.calendar.at(11), RESIDENT)

    monkeypatch.setattr(client.Service, "declare", meanwhile)
    await settled()
    assert {at for *_, at, _ in service.ours()} == {f"{town.calendar.day}T11:00:00"}


async def test_an_hour_that_has_begun_stays_declared(service, worker, book, town):
    dossier = await book()
    await worker()
    before = service.ours()
    clock.move(town.calendar.at(9, 1) - clock.now())
    await coordination.reconcile(dossier.id)
    await worker()
    assert service.ours() == before


async def test_undoing_a_cancellation_is_refused_once_the_number_is_booked_elsewhere(service, book):
    dossier = await book()
    await actions.cancel(dossier.id, RESIDENT)
    await book(hour=11, email="paul@example.org")
    with pytest.raises(Refused):
        await actions.restore(dossier.id, RESIDENT)
    assert not (await dossiers.dossier(dossier.id)).visit.live


async def test_a_rehearsal_logs_without_the_number_and_is_done_for_good_later(service, worker, wanted, book, capsys):
    logging.configure(settings.current())
    settings.provide(Environment(coordination="dry-run"))
    dossier = await book()
    await worker()
    said = capsys.readouterr().err
    assert "ants.would-declare" in said
    assert "A123456789" not in said
    assert service.asked == []
    assert (await states(dossier))["A123456789"] is State.REHEARSED
    assert await jobs.compare() == 0
    settings.provide(Environment(coordination="http://ants.test/api", coordination_token=simulator.TOKEN))
    assert await jobs.compare() == 1
    await worker()
    assert service.ours() == await wanted() != set()


async def test_erasing_a_dossier_erases_its_numbers(service, worker, book):
    dossier = await book()
    await worker()
    assert (await actions.export(dossier.id))["declarations"][0]["number"] == "A123456789"
    await actions.erase([dossier.id])
    assert await queries.of_dossier(dossier.id) == []
