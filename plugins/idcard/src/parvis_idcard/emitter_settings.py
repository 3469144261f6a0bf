"""What a town hall chooses for its appointments: texts, reminders, limits, how long data are kept."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from parvis.contract.values import Asked
from parvis.errors import Text
from parvis.web.fields import Reader, Wording
from parvis.web.rules import ORIGIN, is_origin
from parvis_idcard.rules import PEOPLE

_TEXTS = Text("Texts")
_REMINDERS = Text("Reminders")
_EARLIER = Text("Earlier hours")
_LIMITS = Text("Limits")
_SITE = Text("Your own site")
_PROGRAMS = Text("Programs")
_KEPT = Text("How long data are kept")
_MOST_REMINDERS = 3
_FIRST_DAY, _LAST_DAY = 1, 30
_MOST_SITES = 20


def read_days(typed: str) -> tuple[int, ...] | Text:
    """Days before the appointment, each once, the furthest first; nothing for none.

    >>> read_days("2 ; 7, 2")
    (7, 2)
    >>> read_days("")
    ()
    """
    parts = re.findall(r"[^\s,;]+", typed)
    days = sorted({int(part) for part in parts if re.fullmatch(r"\d{1,3}", part)}, reverse=True)
    inside = all(_FIRST_DAY <= day <= _LAST_DAY for day in days)
    if not all(part.isdigit() for part in parts) or not inside or len(days) > _MOST_REMINDERS:
        return Text("Write at most {most} numbers of days from 1 to 30, for example: 7, 2.", {"most": _MOST_REMINDERS})
    return tuple(days)


def read_sites(typed: str) -> tuple[str, ...] | Text:
    """Sites by their origins, each once, as somebody types or copies them.

    >>> read_sites("https://www.Illzach.fr/, https://illzach.fr:8443")
    ('https://www.illzach.fr', 'https://illzach.fr:8443')
    """
    sites = tuple(dict.fromkeys(site.lower().removesuffix("/") for site in re.findall(r"[^\s,;]+", typed)))
    if len(sites) > _MOST_SITES or not all(is_origin(site) for site in sites):
        return Text(
            "Write at most {most} sites, each as https:// and its name with nothing behind it, for example: "
            "https://www.illzach.fr.",
            {"most": _MOST_SITES},
        )
    return sites


Origin = Annotated[str, msgspec.Meta(pattern=ORIGIN)]
Sites = Annotated[tuple[Origin, ...], Reader(read_sites, empty=True), msgspec.Meta(max_length=_MOST_SITES)]
Days = Annotated[tuple[int, ...], Reader(read_days, empty=True)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A town hall's settings: texts by language, days of reminders, people one contact may have, days data are kept.

    `framed_by` are the origins of sites that may frame the next free hours; with `proof_of_work` a browser calculates
    for a moment before an hour is held.
    """

    before: Annotated[
        Wording,
        Asked(
            label=Text("Before people say who comes"),
            hint=Text("For example where to park. Everybody sees it who has chosen an hour at your place."),
            section=_TEXTS,
        ),
    ] = Wording()
    mails: Annotated[
        Wording,
        Asked(
            label=Text("In the mails"),
            hint=Text("In the confirmation, the reminders, and when an hour is moved."),
            section=_TEXTS,
        ),
    ] = Wording()
    reminders: Annotated[
        Days,
        Asked(
            label=Text("Days before the appointment"),
            hint=Text("At most three, for example: 7, 2. Empty sends no reminder."),
            section=_REMINDERS,
        ),
    ] = (7, 2)
    earlier: Annotated[
        bool,
        Asked(
            label=Text("Propose hours that are given back to who asked for an earlier one"),
            hint=Text("One after the other, before the public sees them."),
            section=_EARLIER,
        ),
    ] = True
    answer_minutes: Annotated[
        int,
        msgspec.Meta(ge=15, le=1440),
        Asked(
            label=Text("Minutes to answer"),
            hint=Text("Then the next one is asked. From 15 minutes to a day."),
            section=_EARLIER,
        ),
    ] = 120
    people: Annotated[
        int,
        msgspec.Meta(ge=1, le=100),
        Asked(
            label=Text("People with an appointment to come, for one contact"),
            hint=Text("Counted over all town halls, by e-mail address or telephone number."),
            section=_LIMITS,
        ),
    ] = PEOPLE
    framed_by: Annotated[
        Sites,
        Asked(
            label=Text("Sites that may show your next free hours"),
            hint=Text("For example: https://www.illzach.fr. Only these may put the page into a frame."),
            section=_SITE,
        ),
    ] = ()
    proof_of_work: Annotated[
        bool,
        Asked(
            label=Text("Let a device calculate for about a second before an hour is held"),
            hint=Text("It slows down programs that take many hours. Without scripts fewer hours can be held instead."),
            section=_PROGRAMS,
        ),
    ] = False
    kept_days: Annotated[
        int,
        msgspec.Meta(ge=1, le=365),
        Asked(
            label=Text("Days after the appointment"),
            hint=Text("Then names, contact and numbers are erased. It counts for appointments booked from now on."),
            section=_KEPT,
        ),
    ] = 30
