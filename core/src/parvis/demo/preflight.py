"""What must be true before anything starts; each thing that is not is one line that says what to do."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from parvis.db.cluster import cluster_in
from parvis.errors import ConfigurationError

_LOCK = "demo.lock"
_MADE_HERE = (
    "mail", "simulators", "logs", "keys", "clock", "faults.json", "seeded", "audit-head", "postgres.lock", "keycloak",
    "keycloak.draft", _LOCK
)  # fmt: skip


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say in one line which file of the data folder cannot be written. Raises ConfigurationError."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise ConfigurationError(
            f"{error.filename} cannot be written to ({error.strerror}): give yourself the right, "
            f"or set PARVIS_DATA to another folder than {folder}."
        ) from error


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the data folder for one demo; the system lets go of it whatever ends the process.

    Raises ConfigurationError if the folder cannot be written to, or another demo runs in it.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"Another demo runs in {folder}: stop it first, or set PARVIS_DATA to another folder."
            ) from None
        yield


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The portal's socket, open from the first moment on. Raises ConfigurationError if the port is in use."""
    with _open(host, port, "The portal") as found:
        yield found


def require_free(ports: Iterable[tuple[str, int]]) -> None:
    """Look whether the other processes will have their ports. Raises ConfigurationError for the first one in use."""
    for name, port in ports:
        _open("127.0.0.1", port, name).close()


def empty(folder: Path) -> None:
    """Remove what demos leave in their folder, and nothing else. Raises ConfigurationError while one runs."""
    with claimed(folder), writing(folder):
        cluster = cluster_in(folder)
        cluster.stop()
        for found in (cluster.data, *(folder / name for name in _MADE_HERE)):
            shutil.rmtree(found) if found.is_dir() else found.unlink(missing_ok=True)
        (folder / "postgres").unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _open(host: str, port: int, name: str) -> socket.socket:
    try:
        found = socket.create_server((host, port), backlog=1024)
    except (OSError, OverflowError) as error:
        said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise ConfigurationError(
            f"{name} cannot open port {port} ({said}): stop what uses it, or set PARVIS_PORT to another first port."
        ) from error
    os.set_inheritable(found.fileno(), True)
    return found
