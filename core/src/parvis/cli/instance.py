"""What a command works on: the instance's settings with its database up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from parvis import crypto, logging, settings
from parvis.db.embedded import provided
from parvis.settings import Settings


@contextmanager
def instance() -> Iterator[Settings]:
    """The instance's settings with its database up, keys loaded and logging set."""
    read = Settings.from_env(os.environ)
    logging.configure(read)
    crypto.use(crypto.load_keys(read))
    with provided(read, os.environ) as ready:  # type: ignore[arg-type]
        settings.use(ready)
        yield ready
