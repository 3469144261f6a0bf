"""What an instance has in its books before an upgrade is what it has after it, and can be dealt with as before."""

from urllib.parse import urlsplit

import asyncpg
from tests.core.payments.test_disputes import paid
from tests.core.payments.test_disputes_any_order import by_hand
from tests.core.payments.test_refunds import MANAGER, books
from tests.core.payments.test_set_offs import kept

from parvis import settings
from parvis.contract.payments import Sent
from parvis.db import connection
from parvis.db.migrations import installed_apps, migrate
from parvis.payments import intents, mistaken, refund_sending, refundable, returning, stranded
from parvis.testing.payments import a_shop

# As the last release had it: what was kept, and what a bank took, named the payment in the books.
BEFORE = """
ALTER TABLE parvis.ledger_entry DISABLE TRIGGER USER;
UPDATE parvis.ledger_entry e SET source = s.capture FROM parvis.set_off s WHERE s.id = e.source;
UPDATE parvis.ledger_entry e SET source = v.capture FROM parvis.capture_return v WHERE v.id = e.source;
ALTER TABLE parvis.ledger_entry ENABLE TRIGGER USER;
DROP TABLE parvis.set_off;
DROP INDEX parvis.capture_return_standing, parvis.capture_return_capture;
ALTER TABLE parvis.capture_return DROP COLUMN id, DROP COLUMN stands, DROP COLUMN undone_at, DROP COLUMN undone_by,
    DROP COLUMN undone_why, ADD PRIMARY KEY (capture);
DELETE FROM migration WHERE name IN ('payments_0023_set_offs', 'payments_0024_mistaken');
"""


async def upgraded() -> None:
    owner, served = settings.current().database_owner_url, urlsplit(settings.current().database_url).username
    connected = await asyncpg.connect(owner)
    try:
        await connected.execute(BEFORE)
    finally:
        await connected.close()
    assert await migrate(owner, installed_apps(), served) == ["payments_0023_set_offs", "payments_0024_mistaken"]


async def test_what_was_kept_is_freed_by_what_comes_back_after_it(database):
    shop = await a_shop(alone_up_to=200)
    due, both, late = await kept(shop)
    before = await books(shop)
    await upgraded()
    async with connection() as c:
        assert await refundable.set_off(c, late) == 500
    assert await books(shop) == before
    await refund_sending.finish(both[0].id, Sent.FAILED)
    async with connection() as c:
        assert await refundable.set_off(c, late) == 200
    assert (await intents.intent(due.id)).state == "to_refund"
    assert sum((await books(shop)).values()) == 0


async def test_what_was_entered_by_hand_is_undone_after_it(database):
    shop = await a_shop(alone_up_to=200)
    due, settled, _ = await paid(shop)
    before = await books(shop)
    await by_hand(settled.capture)
    await upgraded()
    told = await returning.returned(settled.capture)
    assert (told.by is not None, told.mistake) == (True, "")
    await mistaken.undo(settled.capture, "It was another one", MANAGER)
    assert (await books(shop), (await intents.intent(due.id)).state) == (before, "paid")
    await by_hand(settled.capture)
    assert (await intents.intent(due.id)).state == "created"
    assert await stranded.stranded(shop.till) == []
