"""PostgreSQL: the pool, `transaction()`, identifiers, the embedded cluster, every app's migrations, back-ups.

Piccolo queries and asyncpg statements join the same transaction. Nested transactions are savepoints.
"""

from parvis.db.ids import InvalidReference, new_id, new_reference, new_word, read_reference
from parvis.db.names import fold
from parvis.db.pool import OUTAGE, Connection, close_pool, connection, in_transaction, open_pool, transaction

__all__ = [
    "OUTAGE",
    "Connection",
    "InvalidReference",
    "close_pool",
    "connection",
    "fold",
    "in_transaction",
    "new_id",
    "new_reference",
    "new_word",
    "open_pool",
    "read_reference",
    "transaction",
]
