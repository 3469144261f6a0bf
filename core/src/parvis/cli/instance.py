"""What a command works on: the instance's settings with its database up."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from parvis import crypto, logging, settings
from parvis.db import close_pool, open_pool
from parvis.db.embedded import provided
from parvis.settings import Settings

T = TypeVar("T")


@contextmanager
def instance() -> Iterator[Settings]:
    """The instance's settings with its database up, keys loaded and logging set."""
    read = Settings.from_env(os.environ)
    logging.configure(read)
    crypto.use(crypto.load_keys(read))
    with provided(read, os.environ) as ready:  # type: ignore[arg-type]
        settings.use(ready)
        yield ready


async def asked(ready: Settings, question: Coroutine[Any, Any, T]) -> T:
    """The answer to a question to the instance's database."""
    await open_pool(ready.database_url, 1)
    try:
        return await question
    finally:
        await close_pool()
