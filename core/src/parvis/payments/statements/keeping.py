"""How long what providers say is kept: its lines for fifteen months, as raw data; what differed, with the books."""

from __future__ import annotations

from datetime import timedelta

from parvis.db import transaction
from parvis.payments.books import ledger
from parvis.payments.statements import drafts

_KEPT = timedelta(days=456)


async def forget_old() -> int:
    """Forget the lines of old statements, that each was read stays; and files nobody brought in. How many lines."""
    sql = "DELETE FROM parvis.statement_line USING parvis.statement s WHERE s.id = statement AND s.day < $1"
    async with transaction() as c:
        gone = await c.execute(sql, ledger.today() - _KEPT)
    await drafts.forget_old()
    return int(gone.rpartition(" ")[2])
