"""Days, hours, distances and amounts as people write them, in French, German and English.

Instants are shown in the zone given, or in the territory's; every function takes the language last but one.
What belongs together (a day and its month, an hour and its minutes) never ends up on two lines.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo
from decimal import Decimal

import phonenumbers
from babel.dates import format_date, format_skeleton, get_day_names
from babel.numbers import format_decimal

from parvis import settings

NBSP = "\u00a0"
# Of the private use area: nobody types them.
CUT_FROM, CUT_TO = "\ue000", "\ue001"
_NEAR = {
    "fr": ("aujourd’hui", "demain"),
    "de": ("heute", "morgen"),
    "en": ("today", "tomorrow"),
}
_LONG = {"fr": f"EEEE d{NBSP}MMMM y", "de": f"EEEE, d.{NBSP}MMMM y", "en": f"EEEE d{NBSP}MMMM y"}
_SHORT = {"fr": f"EEE d{NBSP}MMM", "de": f"EEE d.{NBSP}MMM", "en": f"EEE d{NBSP}MMM"}
_THIS_YEAR = {"fr": f"EEEE d{NBSP}MMMM", "de": f"EEEE, d.{NBSP}MMMM", "en": f"EEEE d{NBSP}MMMM"}
_JOIN = {"fr": f"{{day}} à{NBSP}{{hour}}", "de": f"{{day}} um{NBSP}{{hour}}", "en": f"{{day}} at{NBSP}{{hour}}"}
_HOUR = re.compile(r"(?<=\d) h(?: (?=\d\d\b)|\b)")
_DOUBLE_SIGN = re.compile(r"(?<=\S) (?=[:;?!»€%])|(?<=«) ")
_AWAY = {"fr": "à {figure}", "de": "{figure} entfernt", "en": "{figure} away"}


def day(when: date, lang: str, zone: tzinfo | None = None) -> str:
    """A day in full.

    >>> [day(date(2027, 1, 4), lang).replace(NBSP, " ") for lang in ("fr", "de", "en")]
    ['lundi 4 janvier 2027', 'Montag, 4. Januar 2027', 'Monday 4 January 2027']
    """
    return _written(_local(when, zone), _LONG[lang], lang)


def plain_day(when: date, lang: str) -> str:
    """A day of a life, without its weekday.

    >>> [plain_day(date(2015, 1, 4), lang).replace(NBSP, " ") for lang in ("fr", "de", "en")]
    ['4 janvier 2015', '4. Januar 2015', '4 January 2015']
    """
    return _written(when, _LONG[lang].removeprefix("EEEE").removeprefix(",").lstrip(), lang)


def short_day(when: date, lang: str, zone: tzinfo | None = None) -> str:
    """A day for a table or a column: `lun. 4 janv.`"""
    return _written(_local(when, zone), _SHORT[lang], lang)


def near_day(when: date, today: date, lang: str, zone: tzinfo | None = None) -> str:
    """A day said as one says it today; the year only where it is not the coming one.

    >>> near_day(date(2026, 11, 24), date(2026, 11, 23), "fr").replace(NBSP, " ")
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


def decimal(figure: float, lang: str) -> str:
    """A figure to two places after the point.

    >>> decimal(3.759, "fr"), decimal(0.5, "en")
    ('3,76', '0.50')
    """
    return str(format_decimal(figure, "#,##0.00", locale=lang))


def percent(ppm: int, lang: str) -> str:
    """Millionths as a percentage, without a figure too many.

    >>> [percent(ppm, "fr") for ppm in (200_000, 55_000, 619)], percent(55_000, "en")
    (['20\\xa0%', '5,5\\xa0%', '0,0619\\xa0%'], '5.5%')
    """
    figure = format_decimal(Decimal(ppm) / 10_000, "#,##0.####", locale=lang)
    return f"{figure}%" if lang == "en" else f"{figure}{NBSP}%"


def whole(figure: int, lang: str) -> str:
    """A whole figure, its thousands set apart.

    >>> whole(45000, "en"), whole(45000, "de"), whole(12, "fr")
    ('45,000', '45.000', '12')
    """
    return str(format_decimal(figure, "#,##0", locale=lang))


def cuttable(text: str) -> str:
    """What of a message may be cut where the message would be too long, between marks that are removed again."""
    return f"{CUT_FROM}{text}{CUT_TO}"


def capital(text: str) -> str:
    """A sentence's or a line's beginning.

    >>> capital("demain, mardi"), capital("à 4 km"), capital("")
    ('Demain, mardi', 'À 4 km', '')
    """
    return text[:1].upper() + text[1:]


def unbroken(text: str) -> str:
    """What an emitter typed, with its hours and its double signs kept on one line.

    >>> unbroken("de 8 h 30 à 12 h : au guichet").replace(NBSP, "_")
    'de 8_h_30 à 12_h_: au guichet'
    """
    return _DOUBLE_SIGN.sub(NBSP, _HOUR.sub(lambda found: found[0].replace(" ", NBSP), text))


def _local(when: date, zone: tzinfo | None) -> date:
    if isinstance(when, datetime):
        return when.astimezone(zone or settings.current().zone).date()
    return when


def _written(when: date, pattern: str, lang: str) -> str:
    text = format_date(when, pattern, locale=lang)
    # French counts its first day with an ordinal, CLDR does not.
    return text.replace(f" 1{NBSP}", f" 1er{NBSP}", 1) if lang == "fr" and when.day == 1 else text


def telephone(number: str) -> str:
    """A number (E.164) as people write it: French ones by pairs of figures, others with their country.

    >>> telephone("+33389000001").replace(NBSP, "_"), telephone("+4976231234567").replace(NBSP, "_")
    ('03_89_00_00_01', '+49_7623_1234567')
    """
    read = phonenumbers.parse(number)
    home = read.country_code == phonenumbers.country_code_for_region("FR")
    wanted = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(read, wanted)).replace(" ", NBSP)
