"""What people type, read into a value, or the sentence that says what to type instead. No I/O.

A form is a frozen `msgspec.Struct`; its fields are `int`, `bool` (a checkbox), `str`, `date`, `time`, a `Literal` or an
`Enum` (a choice), a tuple of one of these (several choices) or of another Struct (`people-0-name`), or one of the
kinds below. `| None` makes a field optional. `Annotated[int, msgspec.Meta(ge=1, le=8)]` bounds it,
`Annotated[Email, Missing(Text("…"))]` says what to do when it was left empty.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any

import msgspec
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from parvis.errors import Text

# What anybody means; beyond it neither a day's beginning nor the day after it need be.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2099, 12, 31)
# What a column of whole numbers holds.
LEAST, MOST = -(2**31), 2**31 - 1
_LINE = 200
_WORDS = 2000
# Emoji joiners and direction marks stay; what a terminal or a log would obey goes.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_HOUR = re.compile(r"\s*(\d{1,2})\s*(?:(?:h|[:.])\s*(\d{2})?)?\s*(?:uhr)?\s*", re.IGNORECASE)
_DATE = re.compile(r"\s*(\d{1,4})\s*[-/.\s]\s*(\d{1,2})\s*[-/.\s]\s*(\d{1,4})\s*")


@dataclass(frozen=True, slots=True)
class Reader:
    """How a kind of field is read; `parts` are the suffixes of a field asked in several inputs.

    `empty`: what was left empty is read too, and is not what the field is by default.
    """

    read: Callable[..., Any]
    parts: tuple[str, ...] = ()
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """What to say when a required field was left empty."""

    text: Text


def line(raw: str) -> str | Text:
    """One line of text: spaces tidied, control and direction characters dropped, 200 characters at most.

    >>> line("  Jean\\u202e \\t Martin ")
    'Jean Martin'
    """
    return _limited(" ".join(_clean(raw).split()), _LINE)


def words(raw: str) -> str | Text:
    """Several lines, 2,000 characters at most."""
    return _limited(_clean(raw).replace("\r\n", "\n").strip(), _WORDS)


def lines(raw: str) -> tuple[str, ...]:
    """What was typed line by line, empty ones left out.

    >>> lines(" a \\n\\n b")
    ('a', 'b')
    """
    return tuple(tidy for typed in _clean(raw).splitlines() if (tidy := " ".join(typed.split())))


def email(raw: str) -> str | Text:
    """An e-mail address as it is written in one place only: no spaces, the domain in small letters.

    >>> email(" Jean.Martin @Example.FR ")
    'Jean.Martin@example.fr'
    """
    typed = "".join(_clean(raw).split()).removeprefix("mailto:")
    try:
        return validate_email(typed[:_LINE], check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return Text("Write the e-mail address in full, for example: name@example.org.")


def phone(raw: str) -> str | Text:
    """A telephone number in E.164; without a country it is read as a French one.

    >>> phone("06.12 34-56 78"), phone("0049 7623 1234567")
    ('+33612345678', '+4976231234567')
    """
    wrong = Text("Write the telephone number with all its figures, for example: 06 12 34 56 78.")
    typed = re.sub(r"^\s*00", "+", _clean(raw).replace("(0)", ""))
    try:
        number = phonenumbers.parse(typed[:40], "FR")
    except phonenumbers.NumberParseException:
        return wrong
    if not phonenumbers.is_valid_number(number) and not _kept_for_fiction(number):
        return wrong
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _kept_for_fiction(number: phonenumbers.PhoneNumber) -> bool:
    """Whether ARCEP gives this mobile number to nobody, for invented people: 06 39 98 and four figures."""
    return (number.country_code, (number.national_number or 0) // 10_000) == (33, 63_998)


def day(raw: str) -> date | Text:
    """A date as typed in Europe, day first, or as a browser sends it; two figures of a year are of this century.

    >>> day("4/1/27"), day("04.01.2027"), day("2027-01-04")
    (datetime.date(2027, 1, 4), datetime.date(2027, 1, 4), datetime.date(2027, 1, 4))
    >>> str(day("0001-01-01"))
    'Write a day of this century or of the last one.'
    """
    wrong = Text("Write the date as day, month and year, for example: 4/1/2027.")
    if not (found := _DATE.fullmatch(_clean(raw))):
        return wrong
    first, middle, last = found.groups()
    year, of_month = (first, last) if len(first) == 4 else (last, first)
    read = _date(f"20{year}" if len(year) == 2 else year, middle, of_month)
    if read and not FIRST_DAY <= read <= LAST_DAY:
        return Text("Write a day of this century or of the last one.")
    return read or wrong


def hour(raw: str) -> time | Text:
    """An hour of the clock as typed, in 24 hours.

    >>> hour("8"), hour("8h30"), hour(" 17 h 05 "), hour("9.30 Uhr")
    (datetime.time(8, 0), datetime.time(8, 30), datetime.time(17, 5), datetime.time(9, 30))
    """
    found = _HOUR.fullmatch(_clean(raw).replace("\u00a0", " "))
    hours, minutes = (int(found[1]), int(found[2] or 0)) if found else (24, 0)
    if hours > 23 or minutes > 59:
        return Text("Write the hour with its minutes, for example: 8:30 or 17:00.")
    return time(hours, minutes)


def birth_date(of_month: str, month: str, year: str) -> date | Text:
    """A birth date from its three inputs.

    >>> birth_date("4", "01", "1987")
    datetime.date(1987, 1, 4)
    """
    found = _date(year.strip(), month.strip(), of_month.strip()) if len(year.strip()) == 4 else None
    if found is None or found.year < 1900:
        return Text("Write the day, the month and the four figures of the year, for example: 4 1 1987.")
    return found


Line = Annotated[str, Reader(line)]
Words = Annotated[str, Reader(words)]
Email = Annotated[str, Reader(email)]
Phone = Annotated[str, Reader(phone)]
BirthDate = Annotated[date, Reader(birth_date, ("day", "month", "year"))]
Own = Annotated[str, Reader(words), msgspec.Meta(max_length=1000)]


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """What an emitter says in its own words, by language; as a field it is asked in each."""

    fr: Own = ""
    de: Own = ""
    en: Own = ""

    def in_(self, language: str) -> str:
        """The text in a language, in French where nothing is written in it."""
        return str(getattr(self, language, "")) or self.fr


def _date(year: str, month: str, of_month: str) -> date | None:
    try:
        return date(int(year), int(month), int(of_month))
    except ValueError:
        return None


def _clean(raw: str) -> str:
    return _CONTROLS.sub("", unicodedata.normalize("NFC", raw))


def _limited(text: str, limit: int) -> str | Text:
    if len(text) > limit:
        return Text("Please use at most {limit} characters; you wrote {n}.", {"limit": limit, "n": len(text)})
    return text
