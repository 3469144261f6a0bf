"""What the national search may ask, and how its answers are written. No I/O.

Its `Z` is not UTC: an hour is the place's wall-clock time with a `Z` behind it, because the search shows it as it
stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

from parvis_idcard.rules import Paper, read_number

T = TypeVar("T")
DOCUMENTS = 20
PLACES = 1_000
NUMBERS = 100
LONGEST = timedelta(days=366)
_FIELDS = PLACES + 100
_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_PAGE = "document"
_ROBOT = re.compile(r"bot\b|crawl|spider|slurp|preview|scanner|facebookexternalhit|monitor", re.IGNORECASE)
_DAY = "%Y-%m-%d"
_HOUR = "%Y-%m-%dT%H:%M"


class BadParameter(Exception):
    """A parameter is missing, given twice, or cannot be one; `message` names it."""

    def __init__(self, name: str) -> None:
        self.message = f"Invalid {name} param"
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class SlotsAsked:
    """Which hours the search wants: places by our ids, local days (both included), papers, for how many people."""

    places: tuple[str, ...]
    since: date
    until: date
    reason: Paper
    documents: int


Pairs = Sequence[tuple[str, str]]


def read_pairs(query: bytes) -> Pairs:
    """The parameters of an address. Raises BadParameter for what is no UTF-8, or for more than any search has."""
    try:
        text = query.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError as error:
        raise BadParameter("query") from error


def read_slots_asked(pairs: Pairs) -> SlotsAsked:
    """What `/availableTimeSlots` was asked. Raises BadParameter."""
    places = _several(pairs, "meeting_point_ids", PLACES)
    since, until = _day(pairs, "start_date"), _day(pairs, "end_date")
    if not timedelta() <= until - since <= LONGEST:
        raise BadParameter("end_date")
    try:
        reason = Paper(_one(pairs, "reason"))
    except ValueError as error:
        raise BadParameter("reason") from error
    return SlotsAsked(places, since, until, reason, read_documents(_one(pairs, "documents_number", "1")))


def read_documents(typed: str) -> int:
    """For how many people; as many as any place could ever take. Raises BadParameter."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 9 and 1 <= int(typed) <= DOCUMENTS):
        raise BadParameter("documents_number")
    return int(typed)


def read_numbers(pairs: Pairs) -> tuple[str, ...]:
    """The application numbers that `/searchApplicationIds` was asked, as they were written. Raises BadParameter."""
    numbers = _several(pairs, "application_ids", NUMBERS)
    if any(read_number(number) != number.upper() for number in numbers):
        raise BadParameter("application_ids")
    return numbers


def wall_hour(start: datetime, zone: ZoneInfo) -> str:
    """An instant as the search wants it: the wall-clock time of the place, with a `Z`.

    >>> from datetime import UTC
    >>> wall_hour(datetime(2027, 1, 4, 9, 0, tzinfo=UTC), ZoneInfo("Europe/Paris"))
    '2027-01-04T10:00Z'
    """
    return f"{start.astimezone(zone):{_HOUR}}Z"


def street(address: str, postcode: str) -> str:
    """An address without its postcode and what stands behind it: the search cuts it there itself, and badly.

    >>> street("89 rue Roger Bouvry, 59113 Seclin", "59113")
    '89 rue Roger Bouvry'
    """
    return address.partition(postcode)[0].rstrip(" ,;-") or address if postcode else address


def written_slots(
    page: str, place: str, days: Iterable[tuple[date, tuple[str, ...]]], reason: Paper, documents: int
) -> Iterator[str]:
    """A place's hours as a JSON array, in parts that the whole answer is joined from once: it has tens of megabytes.

    `days` has the wall-clock times of each local day, `page` is the emitter's.
    """
    address, end = f"{page}/at/{quote(place, safe='')}/", f'?reason={reason}&documents_number={documents}"}}'
    separator = "["
    for day, times in days:
        # Hundreds of thousands of hours: each is joined from three parts, and nothing else is done about it.
        begin, middle = f'{{"datetime":"{day.isoformat()}T', f'Z","callback_url":"{address}{day.isoformat()}T'
        hours = f"{end},{begin}".join([f"{time}{middle}{time}" for time in times])
        yield from (separator, begin, hours, end)
        separator = ","
    yield "[]" if separator == "[" else "]"


def opened_by_somebody(headers: Mapping[str, str]) -> bool:
    """Whether a person follows a link, as far as the headers tell: nothing fetched ahead, no robot that says so.

    >>> opened_by_somebody({"user-agent": "Mozilla/5.0", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"})
    True
    >>> opened_by_somebody({"sec-purpose": "prefetch;prerender"}), opened_by_somebody({"user-agent": "LinkedInBot/1.0"})
    (False, False)
    """
    if any(headers.get(name) for name in _AHEAD):
        return False
    if headers.get("sec-fetch-mode", "navigate") != "navigate" or headers.get("sec-fetch-dest", _PAGE) != _PAGE:
        return False
    return not _ROBOT.search(headers.get("user-agent", ""))


def read_hour(typed: str) -> datetime | None:
    """The wall-clock time of an hour's address, without a zone; None for what cannot be one."""
    try:
        return datetime.strptime(typed, _HOUR)  # noqa: DTZ007 - its zone is the place's
    except ValueError:
        return None


def _several(pairs: Pairs, name: str, most: int) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(value for key, value in pairs if key == name))
    if not 0 < len(found) <= most or "" in found:
        raise BadParameter(name)
    return found


def _one(pairs: Pairs, name: str, otherwise: str | None = None) -> str:
    found = [value for key, value in pairs if key == name]
    if not found and otherwise is not None:
        return otherwise
    if len(found) != 1:
        raise BadParameter(name)
    return found[0]


def _day(pairs: Pairs, name: str) -> date:
    try:
        return datetime.strptime(_one(pairs, name), _DAY).date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise BadParameter(name) from error
