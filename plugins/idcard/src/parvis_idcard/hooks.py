"""The hooks of the plugin: identity cards and passports."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from parvis.contract.hookspecs import hookimpl
from parvis.contract.values import (
    TERRITORY,
    Audience,
    DataHeld,
    Demo,
    Manifest,
    MessageTemplate,
    Mount,
    NavEntry,
    Permission,
    PersonalData,
    Reaction,
    Service,
)
from parvis.errors import Text
from parvis_idcard import actions, messages, personal, queries, work
from parvis_idcard import demo as demonstration
from parvis_idcard import reactions as reacting
from parvis_idcard.ants import routes as ants
from parvis_idcard.ants.coordination.queries import count_not_declared
from parvis_idcard.ants.simulator.app import COORDINATION
from parvis_idcard.ants.simulator.faults import FAULTS
from parvis_idcard.counter import COUNTER
from parvis_idcard.details import Details
from parvis_idcard.emitter_settings import Settings
from parvis_idcard.environment import ADDRESSES
from parvis_idcard.permissions import BOOK_FOR_OTHERS, DECLARATIONS, PERMISSIONS
from parvis_idcard.routes import COUNTER_PAGES, ROUTER, solidarity
from parvis_idcard.rules import KINDS
from parvis_idcard.seats import HELPING_PATH

_KEPT = timedelta(days=Settings().kept_days)


@hookimpl
def manifest() -> Manifest:
    """Who the plugin is."""
    return Manifest(
        key="idcard",
        name=Text("Identity cards and passports"),
        core=">=0.1,<0.2",
        summary=Text("Residents find a free hour over every equipped town hall and take it in one go."),
        calls=tuple(ADDRESSES.values()),
        data=(
            DataHeld(
                what=Text("Names, ages (adult, minor, under 12), pre-application numbers, one contact"),
                why=Text("To receive the right people at the right hour, and to tell them of changes"),
                kept=_KEPT,
            ),
        ),
    )


@hookimpl
def settings() -> type[Struct]:
    """An emitter's settings."""
    return Settings


@hookimpl
def services() -> tuple[Service, ...]:
    """The one service, with its kinds."""
    return (
        Service(
            key="idcard",
            name=Text("Identity card or passport"),
            summary=Text("Find an hour at any equipped town hall of the territory, to apply or to collect."),
            kinds=KINDS,
            details=Details,
            first_page="/",
            kept=_KEPT,
            book=actions.book,
            counter=COUNTER,
            earlier=queries.answer_time,
            asks_work=work.asks,
        ),
    )


@hookimpl
def routes() -> tuple[Mount, ...]:
    """The pages of the resident's journey, and what the national search calls and leads to."""
    return (
        Mount(where="emitter", audience=Audience.PUBLIC, router=ROUTER),
        Mount(where="emitter", audience=Audience.PUBLIC, router=ants.PAGES),
        Mount(where="office", audience=Audience.STAFF, router=COUNTER_PAGES),
        Mount(where="office", audience=Audience.STAFF, router=ants.OFFICE),
        Mount(where="office", audience=Audience.STAFF, router=solidarity.OFFICE, everywhere=True),
        Mount(where=HELPING_PATH, audience=Audience.STAFF, router=solidarity.HELPING),
        Mount(where="/ants", audience=Audience.MACHINE, router=ants.NATIONAL),
    )


@hookimpl
def permissions() -> tuple[Permission, ...]:
    """What staff may do."""
    return PERMISSIONS


@hookimpl
def nav_entries() -> tuple[NavEntry, ...]:
    """What the back office's navigation leads to."""
    return (
        NavEntry(
            area="today",
            label=Text("New appointment"),
            path="/book",
            permission=BOOK_FOR_OTHERS,
            key="n",
            icon="plus",
        ),
        NavEntry(
            area="requests",
            label=Text("Declarations to the ANTS"),
            path="/declarations",
            permission=DECLARATIONS,
            icon="inbox",
            count=count_not_declared,
        ),
        NavEntry(
            area="today",
            label=Text("Book for somebody, anywhere"),
            path="/solidarity",
            permission=BOOK_FOR_OTHERS,
            icon="pin",
            everywhere=True,
        ),
        NavEntry(area=TERRITORY, label=Text("Help somebody"), path=HELPING_PATH, permission=BOOK_FOR_OTHERS),
    )


@hookimpl
def message_templates() -> tuple[MessageTemplate, ...]:
    """What residents are sent."""
    return messages.TEMPLATES


@hookimpl
def reactions() -> tuple[Reaction, ...]:
    """What happens on events."""
    return reacting.REACTIONS


@hookimpl
def personal_data() -> tuple[PersonalData, ...]:
    """Export and erasure."""
    return (
        PersonalData(
            key="idcard.visits",
            export=actions.export,
            erase=actions.erase,
            words=personal.WORDS,
            keeps=personal.why_kept,
        ),
    )


@hookimpl
def demo() -> Demo:
    """Half a year of hours at seven town halls, the next weeks partly taken, and the national coordination service."""
    return Demo(seed=demonstration.seed, simulators=(COORDINATION,), faults=FAULTS)
