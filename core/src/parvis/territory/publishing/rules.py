"""Decisions about services under contract: who may take which step from where, and what a contract allows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from parvis.errors import Refusal, Text

ABOUT_SIGNS = 1000
# Who was told nothing of an end for so long knows it: an instance that was away, or is told of ends since today.
LATE = timedelta(days=14)


class Side(StrEnum):
    """Of a contract: who has entrusted, and who was entrusted."""

    AUTHORITY = "authority"
    HOLDER = "holder"


class Act(StrEnum):
    """A step of a service under contract."""

    SAVE = "save"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    DROP = "drop"
    SEND_BACK = "send-back"
    PUBLISH = "publish"
    SUSPEND = "suspend"
    RESUME = "resume"
    COMMENT = "comment"


class Notice(StrEnum):
    """What the sides of a contract are told of its end."""

    SOON = "soon"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a service stands: what residents have of it (`published`, `suspended`), what of it is proposed
    (`draft`, `review`); None for nothing."""

    live: str | None = None
    proposal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Who may take a step, what it makes of what stands (None stands for nothing), and whether it needs a word."""

    sides: frozenset[Side]
    live: Mapping[str | None, str | None] | None = None
    proposal: Mapping[str | None, str | None] | None = None
    says_why: bool = False


_BOTH = frozenset(Side)
_HOLDER, _AUTHORITY = frozenset({Side.HOLDER}), frozenset({Side.AUTHORITY})
_PUBLISHED: dict[str | None, str | None] = {None: "published", "published": "published", "suspended": "suspended"}
STEPS: Mapping[Act, Step] = MappingProxyType(
    {
        Act.SAVE: Step(sides=_HOLDER, proposal={None: "draft", "draft": "draft"}),
        Act.SUBMIT: Step(sides=_HOLDER, proposal={"draft": "review"}),
        Act.WITHDRAW: Step(sides=_HOLDER, proposal={"review": "draft"}),
        Act.DROP: Step(sides=_HOLDER, proposal={"draft": None}),
        Act.SEND_BACK: Step(sides=_AUTHORITY, proposal={"review": "draft"}, says_why=True),
        Act.PUBLISH: Step(sides=_AUTHORITY, proposal={"review": None}, live=_PUBLISHED),
        Act.SUSPEND: Step(sides=_BOTH, live={"published": "suspended"}, says_why=True),
        Act.RESUME: Step(sides=_BOTH, live={"suspended": "published"}),
        Act.COMMENT: Step(sides=_BOTH, says_why=True),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is offered of a service: at which places, from a local day to another, and what residents read about it,
    by language."""

    places: frozenset[UUID]
    first_day: date
    last_day: date
    about: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a proposal changes: a field of `Terms`, as it is published and as it is proposed."""

    field: str
    before: object
    after: object


def after(act: Act, side: Side, now: Standing, suspended_by: Side | None = None) -> Standing | None:
    """Where a step leads; None where it cannot be taken. A holder resumes only what it suspended itself.

    >>> after(Act.PUBLISH, Side.AUTHORITY, Standing(None, "review"))
    Standing(live='published', proposal=None)
    >>> after(Act.PUBLISH, Side.HOLDER, Standing(None, "review")) is None
    True
    """
    step = STEPS[act]
    if side not in step.sides or (act is Act.RESUME and side is Side.HOLDER and suspended_by is not Side.HOLDER):
        return None
    for table, stands in ((step.live, now.live), (step.proposal, now.proposal)):
        if table is not None and stands not in table:
            return None
    return Standing(
        step.live[now.live] if step.live is not None else now.live,
        step.proposal[now.proposal] if step.proposal is not None else now.proposal,
    )


def possible(side: Side, now: Standing, suspended_by: Side | None = None) -> tuple[Act, ...]:
    """The steps that a side can take now."""
    return tuple(act for act in Act if after(act, side, now, suspended_by) is not None)


def in_force(first_day: date, last_day: date, today: date) -> bool:
    """Whether a day lies within two others, both included."""
    return first_day <= today <= last_day


def notice_due(first_day: date, last_day: date, today: date, ahead: timedelta) -> Notice | None:
    """What is to be told of a contract's end by a day; `ahead` of the last one it is told that it comes.

    >>> first, last = date(2026, 1, 1), date(2026, 12, 31)
    >>> notice_due(first, last, date(2026, 10, 31), timedelta(60)) is None
    True
    >>> [str(notice_due(first, last, day, timedelta(60))) for day in (date(2026, 11, 1), last, date(2027, 1, 1))]
    ['soon', 'soon', 'over']
    """
    if today > last_day:
        return Notice.OVER if today - last_day <= LATE else None
    return Notice.SOON if in_force(max(first_day, last_day - ahead), last_day, today) else None


def over_from(last_day: date, zone: tzinfo) -> datetime:
    """The instant from which a contract no longer holds."""
    return datetime.combine(last_day + timedelta(days=1), time(), zone)


def refusals(terms: Terms, allowed: Collection[UUID], first_day: date, last_day: date) -> Iterator[Refusal]:
    """What of a proposal its contract does not allow, by field."""
    if not terms.places:
        yield Refusal("places-missing", Text("Choose at least one place."), "places")
    elif terms.places - frozenset(allowed):
        yield Refusal("places-outside", Text("The contract names other places."), "places")
    if not in_force(first_day, last_day, terms.first_day):
        yield Refusal("day-outside", Text("Choose a day within the contract."), "first_day")
    if not in_force(first_day, last_day, terms.last_day):
        yield Refusal("day-outside", Text("Choose a day within the contract."), "last_day")
    elif terms.last_day < terms.first_day:
        yield Refusal("days-reversed", Text("The last day comes before the first one."), "last_day")
    if not terms.about.get("fr", "").strip():
        yield Refusal("about-missing", Text("Say in French what residents find there."), "about-fr")


def differences(before: Terms | None, proposed: Terms) -> tuple[Difference, ...]:
    """What a proposal changes; everything where nothing is published yet."""
    fields = ("places", "first_day", "last_day", "about")
    pairs = ((name, getattr(before, name) if before else None, getattr(proposed, name)) for name in fields)
    return tuple(Difference(field=name, before=old, after=new) for name, old, new in pairs if old != new)
