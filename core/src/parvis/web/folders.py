"""Which packages bring templates, catalogues and static files: the core's domains, then the plugins.

Everything `web` reads at start is derived from this one value and cached by it, so that a composition root
calls `use` once and tests of one plugin see that plugin only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

_BRINGS = ("templates", "locale", "static")
_CORE = Path(__file__).resolve().parent.parent
_plugins: list[tuple[Path, ...]] = [()]


def use(plugins: Iterable[Path]) -> None:
    """Add the folders of the installed plugins' packages to the core's own; replaces an earlier call."""
    _plugins[:] = [tuple(path.resolve() for path in plugins)]


def everything() -> tuple[Path, ...]:
    """The folders of every package with something to show, the core's first."""
    return core() + _plugins[0]


@cache
def core() -> tuple[Path, ...]:
    """The core's own folders, `web` first, so that its words win over a plugin's."""
    found = (path for path in _CORE.iterdir() if any((path / part).is_dir() for part in _BRINGS))
    return tuple(sorted(found, key=lambda path: (path.name != "web", path.name)))


def key(folder: Path) -> str:
    """The name a package's templates and static files are found under.

    >>> key(Path("/srv/parvis_idcard")), key(Path("/srv/parvis/dossiers"))
    ('idcard', 'dossiers')
    """
    return folder.name.removeprefix("parvis_")
