"""Days, hours, distances and amounts as people write them, in French, German and English.

Instants are shown in the zone given, or in the territory's; every function takes the language last but one.
"""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo

from babel.dates import format_date, format_skeleton, get_day_names
from babel.numbers import format_decimal

from parvis import settings

NBSP = "\u00a0"
_NEAR = {
    "fr": ("aujourd’hui", "demain"),
    "de": ("heute", "morgen"),
    "en": ("today", "tomorrow"),
}
_LONG = {"fr": "EEEE d MMMM y", "de": "EEEE, d. MMMM y", "en": "EEEE d MMMM y"}
_SHORT = {"fr": "EEE d MMM", "de": "EEE d. MMM", "en": "EEE d MMM"}
_THIS_YEAR = {"fr": "EEEE d MMMM", "de": "EEEE, d. MMMM", "en": "EEEE d MMMM"}
_JOIN = {"fr": "{day} à {hour}", "de": "{day} um {hour}", "en": "{day} at {hour}"}
_AWAY = {"fr": "à {figure}", "de": "{figure} entfernt", "en": "{figure} away"}


def day(when: date, lang: str, zone: tzinfo | None = None) -> str:
    """A day in full.

    >>> day(date(2027, 1, 4), "fr"), day(date(2027, 1, 4), "de"), day(date(2027, 1, 4), "en")
    ('lundi 4 janvier 2027', 'Montag, 4. Januar 2027', 'Monday 4 January 2027')
    """
    return _written(_local(when, zone), _LONG[lang], lang)


def short_day(when: date, lang: str, zone: tzinfo | None = None) -> str:
    """A day for a table or a column: `lun. 4 janv.`"""
    return _written(_local(when, zone), _SHORT[lang], lang)


def near_day(when: date, today: date, lang: str, zone: tzinfo | None = None) -> str:
    """A day said as one says it today; the year only where it is not the coming one.

    >>> near_day(date(2026, 11, 24), date(2026, 11, 23), "fr")
    'demain, mardi 24 novembre'
    """
    local = _local(when, zone)
    away = (local - today).days
    text = _written(local, _THIS_YEAR[lang] if 0 <= away < 180 else _LONG[lang], lang)
    return f"{_NEAR[lang][away]}, {text}" if 0 <= away < 2 else text


def month(when: date, lang: str) -> str:
    """A month and its year: `janvier 2027`."""
    return format_skeleton("yMMMM", datetime(when.year, when.month, 1), locale=lang)  # noqa: DTZ001 - only its month is read


def weekdays(lang: str) -> list[tuple[str, str]]:
    """The short and the full names of the days, Monday first."""
    short = get_day_names("abbreviated", "stand-alone", locale=lang)
    full = get_day_names("wide", "stand-alone", locale=lang)
    return [(short[n].rstrip("."), full[n]) for n in range(7)]


def hour(when: datetime | time, lang: str, zone: tzinfo | None = None) -> str:
    """An hour of the clock.

    >>> [hour(time(9, 30), lang).replace(NBSP, " ") for lang in ("fr", "de", "en")]
    ['9 h 30', '9:30 Uhr', '9:30 am']
    """
    clock = when.astimezone(zone or settings.current().zone) if isinstance(when, datetime) else when
    if lang == "fr":
        return f"{clock.hour}{NBSP}h" + (f"{NBSP}{clock.minute:02}" if clock.minute else "")
    if lang == "de":
        return f"{clock.hour}" + (f":{clock.minute:02}" if clock.minute else "") + f"{NBSP}Uhr"
    minutes = f":{clock.minute:02}" if clock.minute else ""
    return f"{clock.hour % 12 or 12}{minutes}{NBSP}{'am' if clock.hour < 12 else 'pm'}"


def day_hour(when: datetime, lang: str, zone: tzinfo | None = None) -> str:
    """A day in full and its hour: `mardi 5 janvier 2027 à 9 h 30`."""
    return _JOIN[lang].format(day=day(when, lang, zone), hour=hour(when, lang, zone))


def distance(metres: float, lang: str) -> str:
    """How far, rounded as people say it: under a kilometre to 100 m, under ten to half a kilometre.

    >>> distance(3980, "fr").replace(NBSP, " "), distance(430, "de").replace(NBSP, " ")
    ('à 4 km', '400 m entfernt')
    """
    if metres < 950:
        figure = f"{max(100, round(metres / 100) * 100)}{NBSP}m"
    else:
        kilometres = round(metres / 500) / 2 if metres < 10_000 else round(metres / 1000)
        figure = f"{format_decimal(kilometres, '0.#', locale=lang)}{NBSP}km"
    return _AWAY[lang].format(figure=figure)


def money(cents: int, lang: str) -> str:
    """An amount in euros from integer cents: `12,50 €`."""
    amount = format_decimal(cents / 100, "#,##0.00", locale=lang)
    return f"€{amount}" if lang == "en" else f"{amount}{NBSP}€"


def _local(when: date, zone: tzinfo | None) -> date:
    if isinstance(when, datetime):
        return when.astimezone(zone or settings.current().zone).date()
    return when


def _written(when: date, pattern: str, lang: str) -> str:
    text = format_date(when, pattern, locale=lang)
    # French counts its first day with an ordinal, CLDR does not.
    return text.replace(" 1 ", f" 1er{' '}", 1) if lang == "fr" and when.day == 1 else text
