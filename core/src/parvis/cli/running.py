"""`parvis serve` and `parvis worker`: the processes of an instance."""

from __future__ import annotations

import click
import uvicorn

from parvis.app import run_worker
from parvis.cli.instance import instance

_GRACE_SECONDS = 3


@click.command()
@click.option("--workers", default=1, show_default=True, help="Web processes.")
@click.option("--fd", type=int, help="Serve on this open socket, handed over by a supervisor, instead of the port.")
def serve(workers: int, fd: int | None) -> None:
    """Serve the portal and the API (bring the database up to date first: `parvis migrate`)."""
    with instance() as ready:
        uvicorn.run(
            "parvis.app:create",
            factory=True,
            host=ready.host,
            port=ready.port,
            fd=fd,
            workers=workers,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=ready.secure,
            # Streams of the agents' day have no end of their own.
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )


@click.command()
def worker() -> None:
    """Deliver what is recorded: mails, mirrors, timers. Run one or more beside the portal."""
    with instance() as ready:
        run_worker(ready)
