"""The composition root: what a web process and a worker process are made of."""

from parvis.app.assembly import assemble
from parvis.app.portal_process import create
from parvis.app.worker_process import run_worker

__all__ = ["assemble", "create", "run_worker"]
