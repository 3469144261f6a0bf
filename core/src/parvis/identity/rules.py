"""Decisions about rights, without I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from parvis.contract.values import Permission, Role

AT_AN_EMITTER = (Role.READER, Role.AGENT, Role.MANAGER, Role.ACCOUNTANT)


class Cell(NamedTuple):
    """A permission and a role: whether the one belongs to the other is what an emitter says."""

    permission: str
    role: Role


class CellChange(NamedTuple):
    """What an emitter says otherwise of a cell than before; None is nothing: as it is by default."""

    cell: Cell
    before: bool | None
    after: bool | None


class Mirrored(NamedTuple):
    """A role that holds, as the path of its group; `mailed`: its emitter asks for no key."""

    path: str
    mailed: bool


class Move(NamedTuple):
    """Somebody who joins a group, or leaves it."""

    path: str
    joins: bool

    def __str__(self) -> str:
        return f"{'join' if self.joins else 'leave'} {self.path}"


Said = Mapping[Cell, bool]


def left_alone(held_until: datetime | None, shortened_to: datetime | None, others: Iterable[datetime | None]) -> bool:
    """Whether an emitter would be without a manager earlier than now, once a manager's end is moved.

    Ends are instants, None for no end; `others` are those of the other managers.

    >>> from datetime import UTC
    >>> soon, late = datetime(2027, 1, 4, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC)
    >>> left_alone(None, soon, []), left_alone(None, soon, [late]), left_alone(late, soon, [None])
    (True, True, False)
    """
    if not _later(held_until, shortened_to):
        return False
    return all(_later(held_until, other) for other in others)


def masked(address: str) -> str:
    """A mail address as it is shown to somebody who should know it.

    >>> masked("claire.muller@illzach.example")
    'c…@illzach.example'
    """
    own, _, domain = address.rpartition("@")
    return f"{own[:1]}…@{domain}"


def waits_for_factor(one: Mirrored, there: Collection[str]) -> bool:
    """Whether somebody joins this group only once they have a second factor.

    Keycloak lets whoever has the password set one up: a group joined before would be worth a password.
    """
    return not one.mailed and one.path not in there


def moves(held: Iterable[Mirrored], there: Collection[str], *, has_factor: bool) -> list[Move]:
    """How somebody who is in the groups `there` comes to be in those of the roles they hold, leaving first.

    >>> agent = Mirrored("/emitters/illzach/agent", mailed=False)
    >>> [str(move) for move in moves([agent], ["/emitters/illzach/reader"], has_factor=True)]
    ['leave /emitters/illzach/reader', 'join /emitters/illzach/agent']
    >>> moves([agent], [], has_factor=False), moves([agent], [agent.path], has_factor=False)
    ([], [])
    """
    wanted = {one.path: one for one in held}
    leaving = [Move(path, joins=False) for path in sorted(set(there) - wanted.keys())]
    joining = [path for path, one in sorted(wanted.items()) if path not in there]
    ready = (path for path in joining if has_factor or not waits_for_factor(wanted[path], there))
    return [*leaving, *(Move(path, joins=True) for path in ready)]


def changeable(permission: Permission) -> bool:
    """Whether emitters may say which role has it: not what is fixed, nor what is of the whole territory alone."""
    return not permission.fixed and bool(permission.roles & frozenset(AT_AN_EMITTER))


def chosen(permissions: Iterable[Permission], ticked: frozenset[Cell], said: Said) -> Said:
    """What an emitter says once these cells are ticked: nothing where it is as by default; of others as before."""
    asked = {permission.key: permission.roles for permission in permissions if changeable(permission)}
    now = {cell: allowed for cell, allowed in said.items() if cell.permission not in asked}
    for key, roles in asked.items():
        for role in AT_AN_EMITTER:
            cell = Cell(key, role)
            if (wanted := cell in ticked) != (role in roles):
                now[cell] = wanted
    return now


def changes_between(before: Said, after: Said) -> tuple[CellChange, ...]:
    """What differs, by permission and role."""
    cells = sorted(before.keys() | after.keys())
    found = (CellChange(cell, before.get(cell), after.get(cell)) for cell in cells)
    return tuple(change for change in found if change.before is not change.after)


def with_changes(said: Said, changes: Iterable[CellChange]) -> Said:
    """What an emitter says after these changes.

    >>> cell = Cell("office.figures", Role.AGENT)
    >>> with_changes({}, [CellChange(cell, None, False)]) == {cell: False}, with_changes({cell: False}, [])
    (True, {Cell(permission='office.figures', role=<Role.AGENT: 'agent'>): False})
    """
    now = {**said, **{change.cell: change.after for change in changes}}
    return {cell: allowed for cell, allowed in now.items() if allowed is not None}


def reversed_where_still(said: Said, changes: Iterable[CellChange]) -> tuple[CellChange, ...]:
    """The changes that take others back, where nobody changed the same cell since."""
    back = (CellChange(change.cell, change.after, change.before) for change in changes)
    return tuple(change for change in back if said.get(change.cell) is change.before)


def before(said: Said, changes: Iterable[CellChange]) -> Said:
    """What was said before these changes, the latest of them first."""
    for change in changes:
        said = with_changes(said, [CellChange(change.cell, change.after, change.before)])
    return said


def _later(one: datetime | None, other: datetime | None) -> bool:
    """Whether an end is after another; no end is after every other."""
    if other is None:
        return False
    return one is None or one > other
