"""Rows of the territory."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    Boolean,
    Date,
    DoublePrecision,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table


class Emitter(Table, tablename="emitter", schema="parvis"):
    """A body that publishes services: agglomeration, municipality, contract holder. `host` is a host name of its own.

    `latitude` and `longitude` are WGS84 degrees of the municipality's centroid; `folded` is the searched name.
    """

    id = UUID(primary_key=True, default=None)
    slug = Varchar(length=60, unique=True)
    name = Varchar(length=200)
    folded = Varchar(length=200)
    kind = Varchar(length=20)
    insee = Varchar(length=5, null=True, default=None)
    postcodes = Varchar(length=60)
    population = Integer()
    latitude = DoublePrecision()
    longitude = DoublePrecision()
    phone = Varchar(length=30)
    phone_hours = Text()
    host = Varchar(length=253, null=True, default=None, unique=True)


class Place(Table, tablename="place", schema="parvis"):
    """A physical site. Its owner is `emitter`; `operator` runs it, and is mostly the same."""

    id = UUID(primary_key=True, default=None)
    slug = Varchar(length=80, unique=True)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    operator = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    name = Varchar(length=200)
    address = Varchar(length=200)
    postcode = Varchar(length=5)
    city = Varchar(length=100)
    latitude = DoublePrecision()
    longitude = DoublePrecision()
    accessible = Boolean(default=False)
    phone = Varchar(length=30)
    phone_hours = Text()
    active = Boolean(default=True)


class Contract(Table, tablename="contract", schema="parvis"):
    """What an authority entrusts to a holder: services at places of its own, from a local day to another, included."""

    id = UUID(primary_key=True, default=None)
    authority = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    holder = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    title = Varchar(length=200)
    services = Array(base_column=Varchar(length=40), default=[])
    places = Array(base_column=UUID(default=None), default=[])
    first_day = Date(default=None)
    last_day = Date(default=None)


class Publication(Table, tablename="publication", schema="parvis"):
    """A service offered by an emitter; `state` is published or suspended (and draft or review, of its proposals).

    Under a `contract` it says what its authority has agreed to: where, from which day to which, and `about`, a text by
    language. `suspended_by` is the emitter that suspended it.
    """

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    service = Varchar(length=40)
    state = Varchar(length=10, default="draft")
    contract = ForeignKey(Contract, null=True, default=None, on_delete=OnDelete.restrict)
    places = Array(base_column=UUID(default=None), default=[])
    about = JSONB()
    first_day = Date(null=True, default=None)
    last_day = Date(null=True, default=None)
    suspended_by = UUID(null=True, default=None)


class Proposal(Table, tablename="proposal", schema="parvis"):
    """What a contract's holder wants to publish of a service; `state` is draft, or review while the authority has it.

    `version` counts the savings, so that nobody publishes what they did not see.
    """

    id = UUID(primary_key=True, default=None)
    contract = ForeignKey(Contract, null=False, on_delete=OnDelete.restrict)
    service = Varchar(length=40)
    state = Varchar(length=6)
    version = Integer()
    places = Array(base_column=UUID(default=None), default=[])
    about = JSONB()
    first_day = Date(default=None)
    last_day = Date(default=None)


class PublicationAct(Table, tablename="publication_act", schema="parvis"):
    """A step of a service under contract, by an account for an emitter, with what was said about it."""

    id = UUID(primary_key=True, default=None)
    contract = ForeignKey(Contract, null=False, on_delete=OnDelete.restrict)
    service = Varchar(length=40)
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    act = Varchar(length=20)
    comment = Text()


class ContractNotice(Table, tablename="contract_notice", schema="parvis"):
    """That an emitter was told of its contract's end: that it comes (`soon`), or came (`over`), with that last day."""

    id = UUID(primary_key=True, default=None)
    contract = ForeignKey(Contract, null=False, on_delete=OnDelete.restrict)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    notice = Varchar(length=4)
    last_day = Date(default=None)
    told_at = Timestamptz(default=None)


class EnabledPlugin(Table, tablename="enabled_plugin", schema="parvis"):
    """A plugin that an emitter's manager enabled, with its settings there and since when."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    plugin = Varchar(length=40)
    settings = JSONB()
    settings_version = Integer(default=1)
    enabled_at = Timestamptz(default=None)


class SettingsChange(Table, tablename="settings_change", schema="parvis"):
    """A change of an emitter's settings of a plugin: who (an account), when, and the whole settings before and after.

    `version` is the one it led to, counted from 1 for each emitter and plugin; `undoes` that of the change it takes
    back. `before_version` and `after_version` are those of the plugin's settings class.
    """

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    plugin = Varchar(length=40)
    version = Integer()
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    undoes = Integer(null=True, default=None)
    before = JSONB()
    before_version = Integer()
    after = JSONB()
    after_version = Integer()
