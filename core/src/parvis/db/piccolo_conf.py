"""Where Piccolo's tables find their engine; `parvis.db.pool` points it at the right database."""

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine


class _LateEngine(PostgresEngine):
    """An engine that connects when the pool opens, not when it is imported; migrating checks the version."""

    async def check_version(self) -> None:
        """Not at import."""

    async def prep_database(self) -> None:
        """Not at import: migrations create the extensions."""


DB = _LateEngine(config={}, extensions=())
APP_REGISTRY = AppRegistry(apps=[])
