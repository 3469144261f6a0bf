"""Jinja, one environment a language, so that macros know their words without being handed a context."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, tzinfo
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from parvis import clock, settings
from parvis.errors import Text
from parvis.web import folders, formats, i18n
from parvis.web.statics import static

_NAMES = {"fr": "Français", "de": "Deutsch", "en": "English"}
_NOON = 12
_FORMATS = (
    "day",
    "plain_day",
    "short_day",
    "month",
    "hour",
    "day_hour",
    "distance",
    "money",
    "decimal",
    "percent",
    "whole",
)


def render_text(template: str, lang: str, **context: Any) -> str:
    """A template rendered in `lang`, for pages and messages alike; `.html` ones are escaped."""
    return environment(lang).get_template(template).render(context)


def environment(lang: str) -> Environment:
    """The templates of every package with the words and formats of one language."""
    return _environment(folders.everything(), lang)


@cache
def _environment(sources: tuple[Path, ...], lang: str) -> Environment:
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder / "templates") for folder in sources]),
        autoescape=lambda name: name is None or not name.endswith((".txt", ".subject", ".sms")),  # noqa: S701 - plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        finalize=partial(_finalized, lang),
        cache_size=-1,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]
        partial(i18n.lookup, lang=lang),
        lambda one, many, n: i18n.plural(one, many, n, lang),
        newstyle=True,
        pgettext=lambda context, msgid: i18n.lookup(msgid, lang, context),
        npgettext=lambda context, one, many, n: i18n.plural(one, many, n, lang, context),
    )
    made.filters.update({name: _bound(getattr(formats, name), lang) for name in _FORMATS})
    made.filters["near_day"] = partial(_near_day, lang)
    made.filters["weeks"] = lambda first: calendar.Calendar().monthdatescalendar(first.year, first.month)
    made.filters.update(halves=_halves, capital=formats.capital, unbroken=formats.unbroken, cuttable=formats.cuttable)
    made.filters["before"] = lambda day: day - timedelta(days=1)
    made.filters["telephone"] = formats.telephone
    made.filters["t"] = partial(i18n.translate, lang=lang)
    made.globals.update(lang=lang, languages=_NAMES, weekdays=formats.weekdays(lang), static=static)
    made.globals.update(now=clock.now, today=_today)
    return made


def _bound(write: Callable[..., str], lang: str) -> Callable[..., str]:
    return lambda value, *zone: write(value, lang, *zone)


def _near_day(lang: str, when: date | datetime, zone: tzinfo | None = None) -> str:
    return formats.near_day(when, _today(zone), lang, zone)


def _today(zone: tzinfo | None = None) -> date:
    return clock.now().astimezone(zone or settings.current().zone).date()


def _halves(slots: Iterable[Any], zone: tzinfo | None = None) -> tuple[list[Any], list[Any]]:
    """Slots before noon and after, on the place's clock."""
    zone = zone or settings.current().zone
    halves: tuple[list[Any], list[Any]] = ([], [])
    for slot in slots:
        halves[slot.start.astimezone(zone).hour >= _NOON].append(slot)
    return halves


def _finalized(lang: str, value: Any) -> Any:
    if isinstance(value, Text):
        return i18n.translate(value, lang)
    return "" if value is None else value
