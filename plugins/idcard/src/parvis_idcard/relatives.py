"""People of one's family, put into the form of a visit: into the places that are empty, never over what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from parvis.identity.family import Details
from parvis.web.forms import Raw
from parvis_idcard.rules import Age


def filled(raw: Raw, people: int, relatives: Iterable[Details], on: date) -> Raw:
    """A form with these relatives in the empty places of a visit on a day; those who are in it already are left out."""
    now = {name: typed for name, typed in raw.items() if name != "relatives"}
    for relative in relatives:
        place = next(iter(_empty(now, people)), None)
        if place is not None and not _is_in(now, people, relative):
            now |= _told(place, relative, on)
    return now


def age(years: int) -> Age:
    """In which of the ages that papers know somebody of so many years is.

    >>> age(11).value, age(12).value, age(18).value
    ('under-12', 'minor', 'adult')
    """
    if years >= 18:
        return Age.ADULT
    return Age.MINOR if years >= 12 else Age.UNDER_12


def _told(place: int, relative: Details, on: date) -> Raw:
    told = {"given": relative.given, "family": relative.family, "age": age(relative.years(on)).value}
    return {f"applicants-{place}-{name}": (value,) for name, value in told.items()}


def _empty(raw: Raw, people: int) -> Iterator[int]:
    for place in range(people):
        if not any(_name(raw, place)):
            yield place


def _is_in(raw: Raw, people: int, relative: Details) -> bool:
    return any(_name(raw, place) == (relative.given, relative.family) for place in range(people))


def _name(raw: Raw, place: int) -> tuple[str, str]:
    given, family = (raw.get(f"applicants-{place}-{part}", ("",))[0].strip() for part in ("given", "family"))
    return given, family
