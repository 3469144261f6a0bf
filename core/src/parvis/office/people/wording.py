"""Permissions and changes of rights in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from parvis import plugins
from parvis.contract.values import Permission, Role
from parvis.errors import Text
from parvis.identity.rules import AT_AN_EMITTER, Cell, CellChange, Said
from parvis.identity.words import ROLES
from parvis.office.permissions import PERMISSIONS
from parvis.plugins import Plugin
from parvis.territory import queries as territory

_OFFICE = Text("The back office")
_ROLES = frozenset(role.value for role in AT_AN_EMITTER)


@dataclass(frozen=True, slots=True)
class Row:
    """A permission with the roles that have it now, and those that have it unless the emitter says otherwise."""

    key: str
    name: Text
    roles: frozenset[Role]
    usual: tuple[Role, ...]

    @property
    def unusual(self) -> bool:
        """Whether the emitter says otherwise."""
        return self.roles != frozenset(self.usual)


async def permissions_of(emitter: UUID) -> list[tuple[Text, Sequence[Permission]]]:
    """The core's permissions, and those of each plugin that is of use at an emitter, under a name."""
    found = [(plugin, await _is_of_use(plugin, emitter)) for plugin in plugins.current() if plugin.permissions]
    brought = [(plugin.manifest.name, plugin.permissions) for plugin, is_of_use in found if is_of_use]
    return [(_OFFICE, PERMISSIONS), *brought]


def row(permission: Permission, said: Said) -> Row:
    """A permission as it is at an emitter that says this."""
    usual = tuple(role for role in AT_AN_EMITTER if role in permission.roles)
    now = frozenset(role for role in AT_AN_EMITTER if said.get(Cell(permission.key, role), role in usual))
    return Row(permission.key, permission.name, now, usual)


def cells(ticked: Iterable[str]) -> frozenset[Cell]:
    """The cells of a form, as `permission:role`; what is none is left out."""
    split = (one.rpartition(":") for one in ticked)
    return frozenset(Cell(key, Role(role)) for key, _, role in split if role in _ROLES)


def changes(changed: Iterable[CellChange]) -> list[Text]:
    """What changes of rights make, a sentence each."""
    known = {one.key: one for one in (*PERMISSIONS, *plugins.current().permissions())}
    return [_said(change, known.get(change.cell.permission)) for change in changed]


def _said(change: CellChange, permission: Permission | None) -> Text:
    role = change.cell.role
    usual = permission is not None and role in permission.roles
    allowed = usual if change.after is None else change.after
    what = {"role": ROLES[role], "what": permission.name if permission else change.cell.permission}
    return Text("{role}: may from now on – {what}", what) if allowed else Text("{role}: may no longer – {what}", what)


async def _is_of_use(plugin: Plugin, emitter: UUID) -> bool:
    everywhere = any(mount.everywhere for mount in plugin.routes)
    return everywhere or await territory.is_enabled(plugin.key, emitter)
