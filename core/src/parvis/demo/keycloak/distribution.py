"""The distribution of Keycloak: fetched by Maven, built and started once, and kept in the user's cache.

Maven knows the developer's mirrors and proxies (its settings.xml) and compares checksums; the digest is ours besides.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from parvis.demo.keycloak.server import ADMIN, JAVA, Keycloak, free_port
from parvis.errors import ConfigurationError

VERSION = "26.7.3"
_SHA512 = (
    "15c764765576eef267cf15cc5225a5826b5394a25a83d9bfa5b8544e4bbba690"
    "cb743c9d384200b93bb71ee4c4a328e1dd8c0a00f822fd3e6e154f14b1e47216"
)
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_BUILD = ("build", "--db=dev-file", "--health-enabled=true")
_LEAST_JAVA = 17


class KeycloakMissing(ConfigurationError):
    """There is no Keycloak to be had on this machine, and why, in one line."""

    code = "keycloak-missing"


def prepared() -> Path:
    """The home of a built Keycloak whose database has the master realm and ADMIN. Raises KeycloakMissing."""
    home = _home()
    cache = home.parent
    cache.mkdir(parents=True, exist_ok=True)
    _require_java()
    with (cache / "keycloak.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not home.exists():
            with tempfile.TemporaryDirectory(dir=cache) as draft:
                _unpacked(Path(draft)).rename(home.with_suffix(".draft"))
            _build(home.with_suffix(".draft"))
            home.with_suffix(".draft").rename(home)
    return home


def is_prepared() -> bool:
    """Whether it is in the cache already; otherwise `prepared` takes a minute or two."""
    return _home().exists()


def copied(home: Path, into: Path) -> Path:
    """The copy that is kept in a folder; made anew, with an empty database, where it is of another distribution."""
    if (into / "lib").resolve() != (home / "lib").resolve():
        shutil.rmtree(into, ignore_errors=True)
        draft = into.with_name(f"{into.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        copy(home, draft).rename(into)
    return into


def copy(home: Path, into: Path) -> Path:
    """A Keycloak of one's own: the programs of `home`, and its database as it was when it was prepared."""
    into.mkdir()
    for own in ("bin", "conf", "data"):
        shutil.copytree(home / own, into / own)
    for shared in ("lib", "providers", "themes"):
        (into / shared).symlink_to(home / shared)
    return into


def java_version(said: str) -> int:
    """The major version in what `java -version` says, 0 if it says none.

    >>> java_version('openjdk version "17.0.15" 2025-04-15'), java_version('java version "1.8.0_392"')
    (17, 8)
    """
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else 0


def _home() -> Path:
    recipe = hashlib.sha256(repr((_SHA512, _BUILD, ADMIN)).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parvis"
    return cache / f"keycloak-{VERSION}-{recipe}"


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else "java"
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError) as error:
        raise KeycloakMissing(f"{java} does not run: install Java {_LEAST_JAVA} or newer") from error
    if java_version(said) < _LEAST_JAVA:
        raise KeycloakMissing(f"{java} is older than {_LEAST_JAVA}")


def _unpacked(folder: Path) -> Path:
    words = [f"-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip", f"-DoutputDirectory={folder}"]
    try:
        subprocess.run(["mvn", "-B", "-q", "-C", _COPY, *words], capture_output=True, text=True, check=True)
    except OSError as error:
        raise KeycloakMissing("mvn does not run: install Maven, which fetches Keycloak") from error
    except subprocess.CalledProcessError as error:
        raise KeycloakMissing(
            f"Maven cannot fetch Keycloak {VERSION}: {error.stdout.strip().splitlines()[0]}"
        ) from error
    archive = folder / f"keycloak-quarkus-dist-{VERSION}.zip"
    with archive.open("rb") as content:
        if hashlib.file_digest(content, "sha512").hexdigest() != _SHA512:
            raise KeycloakMissing(f"{archive.name} is not the file that was published: its digest is another")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder / f"keycloak-{VERSION}"


def _build(home: Path) -> None:
    for script in (home / "bin").glob("*.sh"):
        script.chmod(0o755)
    subprocess.run([home / "bin/kc.sh", *_BUILD], capture_output=True, check=True, env=os.environ | {"JAVA_OPTS": JAVA})
    first = Keycloak(home, free_port())
    first.start()
    first.stop()
