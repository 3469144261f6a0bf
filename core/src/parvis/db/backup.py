"""Back-up and restore of the whole database with PostgreSQL's own tools, of the server's own version."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from parvis.db.cluster import embedded_tools
from parvis.errors import ConfigurationError

_EMBEDDED_MAJOR = 18
_DEBIAN = Path("/usr/lib/postgresql")
_OUR_SCHEMAS = (
    "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' "
    "AND EXISTS (SELECT FROM pg_class WHERE relnamespace = pg_namespace.oid)"
)


def backup(owner_url: str, file: Path) -> int:
    """Write the database into `file` (pg_dump's custom format) and return its bytes.

    The file appears whole or not at all. Keys are not in it. Raises ConfigurationError.
    """
    if file.exists():
        raise ConfigurationError(f"{file} exists already: name another file.")
    draft = file.with_name(file.name + ".part")
    _run(_tool("pg_dump", owner_url), "--format=custom", "--no-owner", f"--dbname={owner_url}", f"--file={draft}")
    draft.chmod(0o600)
    draft.rename(file)
    return file.stat().st_size


def restore(owner_url: str, file: Path, replace: bool = False) -> None:
    """Put a back-up into the database, in one transaction: all or nothing. Raises ConfigurationError.

    A database that is not empty is refused, unless `replace` says that it may be overwritten.
    """
    if not file.is_file():
        raise ConfigurationError(f"{file} is not there.")
    there = _ask(owner_url, _OUR_SCHEMAS).split()
    if there and not replace:
        raise ConfigurationError("The database is not empty. `parvis restore --replace` overwrites it.")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "restore.sql"
        _run(_tool("pg_restore", owner_url), "--no-owner", f"--file={script}", str(file))
        drops = "; ".join(f"DROP SCHEMA {schema} CASCADE" for schema in there) or "SELECT 1"
        words = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--dbname={owner_url}")
        again = ("--command", drops, "--command", "CREATE SCHEMA IF NOT EXISTS public", f"--file={script}")
        _run(_tool("psql", owner_url), *words, *again)


def _tool(name: str, url: str) -> str:
    major = int(_ask(url, "SHOW server_version_num")) // 10000
    if major == _EMBEDDED_MAJOR:
        return str(embedded_tools() / name)
    found = shutil.which(name, path=f"{_DEBIAN / str(major) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise ConfigurationError(f"{name} of PostgreSQL {major} is missing: install postgresql-client-{major}.")
    return found


def _ask(url: str, sql: str) -> str:
    return _run(str(embedded_tools() / "psql"), "--no-psqlrc", "-At", f"--dbname={url}", "--command", sql).strip()


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigurationError(f"{Path(words[0]).name}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")
    return done.stdout
