"""Brings the database up to date and seeds it once; the supervisor runs `python -m parvis.demo.prepare`."""

from __future__ import annotations

import asyncio
import os
import sys

from parvis import clock, crypto, plugins, settings
from parvis.db import close_pool, open_pool
from parvis.db.embedded import bring_up_to_date
from parvis.demo import houses
from parvis.demo.seed import admit, seed
from parvis.errors import ParvisError
from parvis.settings import Settings


def main() -> None:
    """Prepare, or end with one line and exit code 1."""
    try:
        ready = Settings.from_env(os.environ)
        settings.use(ready)
        crypto.use(crypto.load_keys(ready))
        clock.follow(ready.data / "clock")
        accepted = plugins.load().accepted(ready.skip_refused_plugins)
        bring_up_to_date(ready, accepted.every_app())
        asyncio.run(_fill(ready, accepted))
    except ParvisError as error:
        sys.exit(f"parvis: {error}")


async def _fill(ready: Settings, accepted: plugins.Plugins) -> None:
    await open_pool(ready.database_url)
    try:
        await seed([plugin.demo for plugin in accepted if plugin.demo])
        await admit(ready.oidc_issuer)
        await houses.entrust(accepted)
    finally:
        await close_pool()


if __name__ == "__main__":
    main()
