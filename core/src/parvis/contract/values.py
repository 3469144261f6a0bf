"""What a plugin's hooks return: frozen values, read once when the instance starts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import msgspec
from litestar import Router

from parvis.contract.payments import Provider
from parvis.errors import Refusal, Text
from parvis.events import Event

# The areas of a back office's navigation, in their order.
AREAS = ("today", "requests", "money", "offer", "settings")
# The area of navigation entries for those who have a role on the whole territory.
TERRITORY = "territory"


class Audience(StrEnum):
    """For whom an address is."""

    PUBLIC = "public"
    RESIDENT = "resident"
    STAFF = "staff"
    MACHINE = "machine"


class Role(StrEnum):
    """A person's role by a grant: at an emitter, on the territory (helper), on the instance (operator)."""

    READER = "reader"
    AGENT = "agent"
    MANAGER = "manager"
    ACCOUNTANT = "accountant"
    HELPER = "helper"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataHeld:
    """Personal data a plugin holds: what, why, and for how long after the matter is closed."""

    what: Text
    why: Text
    kept: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Who a plugin is and what it asks for; an emitter's manager reads it before enabling."""

    key: str
    name: Text
    core: str
    summary: Text
    data: tuple[DataHeld, ...] = ()
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A variant of a service, which decides the minutes: `first` for one person, `further` for each other one.

    What a place says of it in its own calendar goes first. `number`: an application number is asked for.
    """

    key: str
    name: Text
    first: int
    further: int
    reasons: tuple[str, ...] = ()
    people: int = 8
    online: bool = True
    number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Behalf:
    """For which resident (an account) a proxy acts, by which mandate, in which services, and who they are to them.

    `until` (UTC) is when it ends. Once it is over there are no services, and nothing that may be done.
    """

    mandate: UUID
    resident: UUID | None = None
    name: str = ""
    services: frozenset[str] = frozenset()
    until: datetime | None = None
    bond: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """A hold that its holder wants to become a booking, with the service's own details, decoded.

    `for_others`: an agent of the emitter `office`, or a helper without one, books for somebody as `person`; limits
    per contact and proofs do not apply, a contact is not needed. Without `tell` nobody is written to about it.
    `home` is the INSEE code of the municipality they said they come from, if that is known here. `account` is whose
    the booking will be, `behalf` for whom a proxy books; then `person` only says who did it.
    """

    hold: UUID
    secret: str
    details: msgspec.Struct
    language: str
    person: UUID | None = None
    proof: UUID | None = None
    for_others: bool = False
    office: UUID | None = None
    tell: bool = True
    home: str | None = None
    account: UUID | None = None
    behalf: Behalf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The outcome of a booking request: its dossier, what people call it, and the page that shows it."""

    dossier: UUID
    booking: UUID
    reference: str
    link: str


class Book(Protocol):
    """How a service takes a booking: in one transaction of its own, or raising Refused."""

    async def __call__(self, request: BookingRequest, /) -> Booked:
        """Take it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that somebody brings: `key` tells it from the others of the same dossier (40 signs at most)."""

    key: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who comes: a name, what to know of them, and what they bring."""

    name: str
    about: tuple[Text | str, ...] = ()
    brings: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a service tells the agents of a dossier: what it is for, who comes, the resident's page (with its key)."""

    what: Text
    visitors: tuple[Visitor, ...] = ()
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAct:
    """An act of staff: who, for which emitter, and whether the resident is written to about it."""

    person: UUID
    emitter: UUID
    tell: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What a service brings to the back office. `card` is asked for when an agent opens a dossier of it.

    `find` gives the dossiers of an emitter that a number of the service's own belongs to, none for what is no such
    number; `restore` undoes a cancellation.
    """

    card: Callable[[UUID], Awaitable[Card]]
    find: Callable[[str, UUID], Awaitable[Sequence[UUID]]] | None = None
    restore: Callable[[UUID, StaffAct], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a resident may ask for. `first_page` is under the emitter's address; `kept` runs from the visit.

    `earlier` tells how long an emitter keeps a freed hour for somebody who asked for an earlier one, None if it asks
    nobody; without it nobody can ask. `asks_work` says whether an emitter asks for a proof of work
    (`web.challenges`) before one of its hours is held.
    """

    key: str
    name: Text
    summary: Text
    kinds: tuple[Kind, ...]
    details: type[msgspec.Struct]
    first_page: str
    kept: timedelta
    book: Book | None = None
    counter: Counter | None = None
    earlier: Callable[[UUID], Awaitable[timedelta | None]] | None = None
    asks_work: Callable[[UUID], Awaitable[bool]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Routes and their place.

    `where` is `emitter` (`/e/<emitter>/<plugin>`), `office` (`/office/<emitter>/<plugin>`), `api`
    (`/api/v1/<plugin>`), or an address of its own that begins with a slash. The first two answer only where the
    emitter enabled the plugin, unless they are `everywhere`: what other emitters offer is of use to all.
    """

    where: str
    audience: Audience
    router: Router
    everywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Something a role may do; `roles` have it unless the emitter says otherwise. Keys are `<owner>.<name>`.

    `fixed`: no emitter may say otherwise.
    """

    key: str
    name: Text
    roles: frozenset[Role] = frozenset()
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NavEntry:
    """A line of the back office's navigation; `count` tells how much waits there for an emitter, `key` leads there.

    `area` is one of AREAS, `icon` one of `web/icons.svg`. It is shown where the emitter enabled the plugin, or
    `everywhere`. In the area TERRITORY it is a line of the portal's navigation instead, for those whose role on the
    territory has the permission; `path` is then an address.
    """

    area: str
    label: Text
    path: str
    permission: str
    count: Callable[[UUID], Awaitable[int]] | None = None
    key: str = ""
    icon: str | None = None
    everywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the core's editor asks for a setting: an annotation of the field of a plugin's settings.

    `section` stands above the settings that have the same one in a row. A `secret` line, of a till's account at a
    provider, is never shown again: left empty it stays as it is.
    """

    label: Text
    hint: Text | None = None
    section: Text | None = None
    secret: bool = False


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A message by its key (`<owner>/<name>`), with a sample for previews and tests; agents know it by its `name`.

    `settled` gives what the plugin's settings of an emitter put into it, in a language (`fr`, `de`, `en`).
    """

    key: str
    name: Text
    channels: frozenset[Channel]
    sample: Mapping[str, Any] = field(default_factory=dict)
    settled: Callable[[Any, str], Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What happens about an event: at least once, after commit, one delivery for each reaction."""

    key: str
    event: type[Event]
    handle: Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """Export and erasure of one plugin's rows of a dossier; `erase` leaves figures as anonymous facts.

    `export` raises NotFound for a dossier it knows nothing of. `words` are what people call the keys and the values of
    what it exports. `keeps` says why a dossier cannot be erased yet although its resident asks, None if it can.
    """

    key: str
    export: Callable[[UUID], Awaitable[Mapping[str, Any]]]
    erase: Callable[[Sequence[UUID]], Awaitable[int]]
    words: Mapping[str, Text] = field(default_factory=dict)
    keeps: Callable[[UUID], Awaitable[Text | None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentProvider:
    """A way to pay online. `account` is what a till says of its account there, as a Struct whose every field has a
    default, asked in the back office like settings; it is kept encrypted.

    `origins` are those of the pages a payer is led to, asked once at start. `available` says whether the operator has
    switched it on; it can be chosen only where the emitter enabled the plugin. `fault` says what is wrong with an
    account's details, by field; `checked` does too, having asked the provider, and says nothing if it gave no answer.
    `notified` is the address at which it is told of payments, the account's key after it. `kinds` are those of the
    tills that it is made for (`regie`, `mandate`, `own`): there it is shown first.
    """

    key: str
    name: Text
    provider: Provider
    account: type[msgspec.Struct] | None = None
    origins: Callable[[], Sequence[str]] | None = None
    available: Callable[[], bool] | None = None
    fault: Callable[[Any], Sequence[Refusal]] | None = None
    checked: Callable[[Any], Awaitable[Sequence[Refusal]]] | None = None
    notified: str = ""
    kinds: tuple[str, ...] = ("regie", "mandate", "own")


@dataclass(frozen=True, slots=True)
class Fault:
    """A switch of the demo: its key, what it breaks, and what to watch meanwhile."""

    key: str
    name: Text
    about: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a simulator is given: a folder for what it keeps, and which faults are on, asked anew each time."""

    folder: Path
    faults: Callable[[], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """Another system that the demo plays, in a process of its own on loopback.

    `about` says what one can try with it; `port` counts from the demo's first one, `app` makes an ASGI application;
    `environ` names the variables that lead the instance to its address.
    """

    key: str
    about: Text
    port: int
    app: Callable[[Stage], Any]
    environ: Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What a plugin brings to the demo: `seed` runs once on an empty territory, faults are switches it understands."""

    seed: Callable[[], Awaitable[None]] | None = None
    simulators: tuple[Simulator, ...] = ()
    faults: tuple[Fault, ...] = ()
