"""The whole export as a PDF, in the reader's language and under the territory's name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from parvis import settings
from parvis.branding.queries import brand_of, letter_colour
from parvis.errors import Text
from parvis.portal.mine.rules import Shown
from parvis.web.formats import day_hour
from parvis.web.i18n import translate
from parvis.web.papers import Line, Listing, listed

_TITLE = Text("My data")
_UNDER = Text("Everything the portal and its services keep about you.")
_PAGE = Text("Page")
_UNWRITABLE = Text("A question mark may stand for a letter that this document cannot show: the file (JSON) has it.")


async def paper(export: Iterable[Shown], lang: str) -> bytes:
    """The lines of an export as PDF. It is drawn off the loop: nobody waits for somebody's many requests."""
    slug = settings.current().territory
    listing = Listing(
        sender=(await brand_of(slug)).name,
        under=translate(_UNDER, lang),
        colour=await letter_colour(slug),
        title=translate(_TITLE, lang),
        lang=lang,
        page=translate(_PAGE, lang),
        lines=list(_parts(export, lang)),
        unwritable=translate(_UNWRITABLE, lang),
    )
    return await asyncio.to_thread(listed, listing)


def _parts(export: Iterable[Shown], lang: str) -> Iterator[Line]:
    """A heading for every part, whether it holds something or not; the instant it was made stands above them."""
    for part in export:
        if part.at:
            yield _line(part, 1, lang)
            continue
        yield Line(_said(part.label, lang))
        if part.within:
            yield from _lines(part.within, 1, lang)
        else:
            yield Line("", _value(part, lang), 1)


def _lines(export: Iterable[Shown], depth: int, lang: str) -> Iterator[Line]:
    for one in export:
        yield _line(one, depth, lang)
        yield from _lines(one.within, depth + 1, lang)


def _line(one: Shown, depth: int, lang: str) -> Line:
    return Line(_said(one.label, lang), None if one.within else _value(one, lang), depth)


def _value(one: Shown, lang: str) -> str:
    if isinstance(one.value, tuple):
        return ""
    return day_hour(one.at, lang) if one.at else _said(one.value, lang)


def _said(text: object, lang: str) -> str:
    """What a `Text` says in a language; what somebody wrote stays as it is."""
    return translate(text, lang) if isinstance(text, Text) else str(text)
