"""The words of a page: catalogues merged from every domain and plugin, and the language of a request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from litestar import Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from parvis import settings
from parvis.errors import Text
from parvis.web import folders, formats
from parvis.web.rules import LANGUAGES, choose_language

COOKIE = "parvis_language"
_YEAR = 365 * 24 * 3600
_SPOKEN = "parvis_language"
_Key = tuple[str | None, str]


def speak(request: ASGIConnection[Any, Any, Any, Any], lang: str) -> bool:
    """Answer this request in a language its address asks for; False if it is none of the portal's."""
    known = lang in LANGUAGES
    if known:
        request.scope.setdefault("state", {})[_SPOKEN] = lang
    return known


def language(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The language to answer in: the one of `speak`, else the cookie's, else Accept-Language's best, else French."""
    if spoken := request.scope.get("state", {}).get(_SPOKEN):
        return str(spoken)
    return choose_language(request.cookies.get(COOKIE), request.headers.get("accept-language", ""))


def cookie(lang: str) -> Cookie:
    """What keeps a chosen language for a year."""
    return Cookie(
        COOKIE, value=lang, path="/", max_age=_YEAR, httponly=True, samesite="lax", secure=settings.current().secure
    )


def arrive(request: ASGIConnection[Any, Any, Any, Any], response: Response[Any]) -> Response[Any]:
    """Speak the language of `?lang=`, if there is one, from this page on."""
    if speak(request, lang := request.query_params.get("lang", "")):
        response.cookies.append(cookie(lang))
    return response


def translate(text: Text | str, lang: str) -> str:
    """The sentence in `lang`, its parameters written in that language too; English where none was written."""
    if isinstance(text, str):
        return lookup(text, lang)
    return lookup(text.msgid, lang).format_map({name: _shown(value, lang) for name, value in text.params.items()})


def lookup(msgid: str, lang: str, context: str | None = None) -> str:
    """The written translation of `msgid`, or itself."""
    return _catalogue(folders.everything(), lang).get((context, msgid), (msgid,))[0]


def plural(singular: str, several: str, n: int, lang: str, context: str | None = None) -> str:
    """The form of a counted sentence that fits `n`; French says zero in the singular."""
    forms = _catalogue(folders.everything(), lang).get((context, singular), (singular, several))
    return forms[int(n > 1 if lang == "fr" else n != 1)] if len(forms) > 1 else forms[0]


def _shown(value: Any, lang: str) -> Any:
    if isinstance(value, Text):
        return translate(value, lang)
    if isinstance(value, datetime):
        return formats.day_hour(value, lang)
    if isinstance(value, time):
        return formats.hour(value, lang)
    return formats.day(value, lang) if isinstance(value, date) else value


@cache
def _catalogue(sources: tuple[Path, ...], lang: str) -> Mapping[_Key, tuple[str, ...]]:
    if lang not in LANGUAGES:
        raise ValueError(f"{lang} is not one of the portal's languages")
    merged: dict[_Key, tuple[str, ...]] = {}
    for folder in sources:
        file = folder / "locale" / f"{lang}.po"
        for key, forms in (_read(file, lang) if file.is_file() else {}).items():
            # The core's folders come first: a plugin adds words and changes none of the platform's.
            merged.setdefault(key, forms)
    return merged


def _read(file: Path, lang: str) -> dict[_Key, tuple[str, ...]]:
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=lang)
    found: dict[_Key, tuple[str, ...]] = {}
    for message in catalogue:
        msgid = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if msgid and forms and all(forms) and not message.fuzzy:
            found[message.context, msgid] = forms
    return found
