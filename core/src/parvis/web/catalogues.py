"""Keeping catalogues true: which sentences the code says, and which of them nobody has written yet.

A package with a `locale` folder owns its words; `web` owns those of the core's ground, which has none. What `web`
has already written, no other catalogue needs to repeat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from parvis.web import folders

# What stands below `web` and says little: `web` writes it for them.
_GROUND = ("contract", "db", "plugins", "outbox", "jobs")
WRITTEN = ("fr", "de")
_KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "Text", "NotFound", "Forbidden", "TooMany", "Unavailable")),
    **dict.fromkeys(("ngettext", "plural"), (1, 2)),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_METHODS = [("**/piccolo_migrations/**", "ignore"), ("**.py", "python"), ("**/templates/**", "jinja2")]
_OPTIONS = {"**/templates/**": {"trimmed": "true", "extensions": "jinja2.ext.do", "silent": "false"}}
_PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
_Key = tuple[str | None, str]


def extract(folder: Path) -> Catalog:
    """Every sentence that a package says, in the order of its files."""
    catalogue = Catalog()
    for source in (folder, *(_ground(folder) if folder.name == "web" else ())):
        # Of the core's root only its own modules count: its folders come one by one.
        below = (lambda _: False) if source == folder.parent else None
        found = extract_from_dir(source, _METHODS, _OPTIONS, _KEYWORDS, directory_filter=below)
        for name, _line, msgid, _comments, context in found:
            catalogue.add(msgid, locations=[(f"{source.name}/{name}", 0)], context=context)
    return catalogue


def check(folder: Path) -> list[str]:
    """What is missing, obsolete or has other placeholders in a package's catalogues, a line each."""
    said = {_key(message): message for message in _own(folder)}
    return [line for lang in WRITTEN for line in _faults(folder, lang, said)]


def differences(packages: Iterable[Path]) -> list[str]:
    """Sentences that two packages write differently, a line each: which of the two is shown would be chance."""
    lines = []
    for lang in WRITTEN:
        first: dict[_Key, tuple[str, Any]] = {}
        for folder in packages:
            for message in _read(folder, lang):
                where, string = first.setdefault(_key(message), (folders.key(folder), message.string))
                if string != message.string:
                    lines.append(f"{folders.key(folder)}/locale/{lang}.po: not as in {where}: {_key(message)[1]}")
    return lines


def update(folder: Path) -> None:
    """Add what is missing, drop what is obsolete, keep what was written."""
    wanted = _own(folder)
    for lang in WRITTEN:
        written = {_key(message): message for message in _read(folder, lang)}
        catalogue = Catalog(locale=lang)
        for message in wanted:
            kept = written.get(_key(message))
            string = kept.string if kept else None
            catalogue.add(message.id, string, message.locations, context=message.context)
        file = folder / "locale" / f"{lang}.po"
        file.parent.mkdir(exist_ok=True)
        with file.open("wb") as stream:
            write_po(stream, catalogue, omit_header=True, include_lineno=False, sort_output=True, width=110)


def _faults(folder: Path, lang: str, said: dict[_Key, Message]) -> Iterator[str]:
    where = f"{folders.key(folder)}/locale/{lang}.po"
    written = {_key(message): message for message in _read(folder, lang)}
    for key in said:
        if key not in written or not _complete(written[key]):
            yield f"{where}: missing: {key[1]}"
        elif _placeholders(written[key].string) - _placeholders(said[key].id):
            yield f"{where}: unknown placeholder: {key[1]}"
    for key in written.keys() - said.keys():
        yield f"{where}: obsolete: {key[1]}"


def _own(folder: Path) -> list[Message]:
    """A package's sentences, without those that `web` has written for everybody."""
    said = [message for message in extract(folder) if message.id]
    web = next(path for path in folders.core() if path.name == "web")
    if folder == web:
        return said
    shared = {_key(message) for message in _read(web, WRITTEN[0])}
    return [message for message in said if _key(message) not in shared]


def _ground(web: Path) -> Iterator[Path]:
    yield web.parent
    yield from (path for name in _GROUND if (path := web.parent / name).is_dir())


def _read(folder: Path, lang: str) -> list[Message]:
    file = folder / "locale" / f"{lang}.po"
    if not file.is_file():
        return []
    with file.open("rb") as stream:
        return [message for message in read_po(stream, locale=lang) if message.id]


def _key(message: Message) -> _Key:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def _complete(message: Message) -> bool:
    forms = (message.string,) if isinstance(message.string, str) else message.string
    return bool(forms) and all(forms or ()) and not message.fuzzy


def _placeholders(text: Any) -> set[str]:
    joined = text if isinstance(text, str) else " ".join(text)
    return set(_PLACEHOLDER.findall(joined))
