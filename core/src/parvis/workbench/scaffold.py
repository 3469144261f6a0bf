"""`parvis plugin new`: a plugin that works from its first minute, copied from `blueprint/`."""

from __future__ import annotations

from pathlib import Path

from parvis.errors import ConfigurationError
from parvis.plugins.rules import key_mistake

BLUEPRINT = Path(__file__).parent / "blueprint"


def new_plugin(key: str, parent: Path, name: str | None = None) -> Path:
    """Write the plugin `key` into a new folder of `parent`; the folder. Raises ConfigurationError."""
    if mistake := key_mistake(key):
        raise ConfigurationError(f"{mistake[0].upper()}{mistake[1:]}.")
    home = parent / f"parvis-{key}"
    if home.exists():
        raise ConfigurationError(f"{home} exists already: choose another key, or move the folder away.")
    for file in sorted(BLUEPRINT.rglob("*")):
        if file.is_file():
            written = home / _filled(str(file.relative_to(BLUEPRINT)).removesuffix(".in"), key, name)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(_filled(file.read_text(encoding="utf-8"), key, name), encoding="utf-8")
    return home


def _filled(text: str, key: str, name: str | None) -> str:
    path = text.replace("src/package/", f"src/parvis_{key}/")
    return path.replace("@key@", key).replace("@Name@", name or key.capitalize())
