"""`parvis territory load`: the emitters, places and first grants of an instance, from a file that municipal IT keeps.

Loading is safe to repeat: what is there is brought up to date, what the file does not name is left alone. A calendar
is begun where a place has none for a service; its opening hours are the town hall's own business, in the back office.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec

from parvis.calendars import planning
from parvis.calendars import queries as calendars
from parvis.contract.values import Role, Service
from parvis.db import transaction
from parvis.errors import ConfigurationError, Conflict, Invalid
from parvis.identity import actions as identity
from parvis.identity import queries as people
from parvis.plugins import Plugins
from parvis.territory import actions, queries
from parvis.territory.queries import EmitterInfo, PlaceInfo

Slug: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Postcode: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^\d{5}$")]
Latitude: TypeAlias = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude: TypeAlias = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class EmitterEntry(_Entry, frozen=True, kw_only=True):
    """An emitter and the plugins it enables. The point is WGS84."""

    slug: Slug
    name: Name
    kind: Literal["agglomeration", "municipality", "contract-holder"]
    latitude: Latitude
    longitude: Longitude
    insee: str | None = None
    postcodes: tuple[Postcode, ...] = ()
    population: int = 0
    phone: str = ""
    phone_hours: str = ""
    plugins: tuple[str, ...] = ()


class PlaceEntry(_Entry, frozen=True, kw_only=True):
    """A place of an emitter, and the desks its calendars begin with: `desks = { idcard = ["Desk 1"] }`."""

    slug: Slug
    emitter: Slug
    operator: Slug | None = None
    name: Name
    address: str
    postcode: Postcode
    city: str
    latitude: Latitude
    longitude: Longitude
    accessible: bool = False
    phone: str = ""
    phone_hours: str = ""
    desks: Mapping[str, tuple[Name, ...]] = {}


class GrantEntry(_Entry, frozen=True, kw_only=True):
    """A role of somebody whom the sign-on knows by `subject`; `emitter` for a role at one."""

    subject: Name
    role: Role
    emitter: Slug | None = None


class TerritoryFile(_Entry, frozen=True, kw_only=True):
    """The whole file."""

    emitter: tuple[EmitterEntry, ...] = ()
    place: tuple[PlaceEntry, ...] = ()
    grant: tuple[GrantEntry, ...] = ()


def read(file: Path) -> TerritoryFile:
    """The file's content. Raises ConfigurationError that says where it cannot be understood."""
    try:
        return msgspec.toml.decode(file.read_bytes(), type=TerritoryFile)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: {error}") from error


def mistakes(found: TerritoryFile, known: frozenset[str], installed: Plugins) -> Iterator[str]:
    """What does not fit together, a line each; `known` are the slugs of emitters that are there already."""
    emitters, services = known | {entry.slug for entry in found.emitter}, _services(installed)
    yield from _twice("emitter", [entry.slug for entry in found.emitter])
    yield from _twice("place", [entry.slug for entry in found.place])
    for emitter in found.emitter:
        missing = [key for key in emitter.plugins if key not in installed.by_key]
        yield from (f"emitter {emitter.slug}: no plugin {key} is installed." for key in missing)
    for place in found.place:
        strangers = {place.emitter, place.operator or place.emitter} - emitters
        yield from (f"place {place.slug}: there is no emitter {slug}." for slug in strangers)
        unknown = place.desks.keys() - services
        yield from (f"place {place.slug}: no plugin brings a service {service}." for service in unknown)
    named = [(grant.subject, grant.emitter) for grant in found.grant if grant.emitter]
    yield from (f"grant of {who}: there is no emitter {slug}." for who, slug in named if slug not in emitters)


def _twice(sort: str, slugs: Sequence[str]) -> Iterator[str]:
    yield from (f"{sort} {slug} stands there {times} times." for slug, times in Counter(slugs).items() if times > 1)


async def load(found: TerritoryFile, installed: Plugins, issuer: str, *, rehearse: bool = False) -> list[str]:
    """Bring the territory in line, all or nothing; a line for each thing that is new or different.

    `rehearse` undoes it all at the end. Raises ConfigurationError, a line for each mistake.
    """
    if told := list(mistakes(found, frozenset(e.slug for e in await queries.emitters()), installed)):
        raise ConfigurationError("\n".join(told))
    done: list[str] = []
    try:
        async with transaction():
            done += [line for entry in found.emitter for line in await _emitter(entry, installed)]
            done += [line for entry in found.place for line in await _place(entry, _services(installed))]
            done += [line for entry in found.grant for line in await _grant(entry, issuer)]
            if rehearse:
                raise _RehearsedError
    except _RehearsedError:
        pass
    return done


class _RehearsedError(Exception):
    """Rolls a rehearsal back."""


def _services(installed: Plugins) -> dict[str, Service]:
    return {service.key: service for plugin in installed for service in plugin.services}


async def _emitter(entry: EmitterEntry, installed: Plugins) -> list[str]:
    before = next((known for known in await queries.emitters() if known.slug == entry.slug), None)
    values = msgspec.structs.asdict(entry)
    plugins = values.pop("plugins")
    added = await actions.add_emitter(**values)
    done = _difference(f"emitter {entry.slug}", before, await queries.emitter(added))
    for key in plugins:
        if not await queries.is_enabled(key, added):
            await actions.enable_plugin(added, key)
            for service in installed[key].services:
                await actions.publish(added, service.key)
            done.append(f"emitter {entry.slug}: {key} enabled")
    return done


async def _place(entry: PlaceEntry, services: Mapping[str, Service]) -> list[str]:
    before = next((known for known in await queries.places() if known.slug == entry.slug), None)
    values = msgspec.structs.asdict(entry) | {
        "emitter": (await queries.emitter_by_slug(entry.emitter)).id,
        "operator": (await queries.emitter_by_slug(entry.operator or entry.emitter)).id,
    }
    del values["desks"]
    try:
        added = await actions.add_place(**values)
    except Conflict as error:
        raise ConfigurationError(f"place {entry.slug} is another emitter's.") from error
    done = _difference(f"place {entry.slug}", before, await queries.place(added))
    for service, desks in entry.desks.items():
        if await calendars.calendar_of(added, service) is None:
            await _begin(added, services[service], desks)
            done.append(f"place {entry.slug}: calendar of {service} begun, with {len(desks)} desks and no hours yet")
    return done


async def _begin(place: UUID, service: Service, desks: tuple[str, ...]) -> None:
    calendar = await planning.add_calendar(place, service.key)
    for kind in service.kinds:
        await planning.offer(calendar, kind.key, kind.first, kind.further, people_max=kind.people, online=kind.online)
    for desk in desks:
        await planning.add_desk(calendar, desk)


async def _grant(entry: GrantEntry, issuer: str) -> list[str]:
    if not issuer:
        raise ConfigurationError("PARVIS_OIDC_ISSUER is missing: a grant is for somebody whom the sign-on knows.")
    emitter = await queries.emitter_by_slug(entry.emitter) if entry.emitter else None
    where = emitter.id if emitter else None
    person = await people.account(issuer, entry.subject) or await identity.ensure_person(issuer, entry.subject)
    if await people.has_grant(person, entry.role, where):
        return []
    try:
        await identity.grant(person, entry.role, where)
    except Invalid as error:
        raise ConfigurationError(f"grant of {entry.subject}: {entry.role} cannot be given there.") from error
    return [f"grant: {entry.subject} is {entry.role}" + (f" at {entry.emitter}" if entry.emitter else "")]


def _difference(what: str, before: EmitterInfo | PlaceInfo | None, after: EmitterInfo | PlaceInfo) -> list[str]:
    if before is None:
        return [f"{what} added"]
    changed = [name for name in _names(before) if getattr(before, name) != getattr(after, name)]
    return [f"{what}: {', '.join(changed)} changed"] if changed else []


def _names(value: Any) -> tuple[str, ...]:
    return tuple(value.__dataclass_fields__)
