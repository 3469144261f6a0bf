"""Who makes a request: somebody signed in, somebody with a proved contact, or nobody we know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from parvis.contract.values import Behalf, Channel, Permission, Role

Powers = Mapping[str, frozenset[Role]]


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at an emitter; the helper's and the operator's have none. `slug` and `name` are the emitter's.

    `gained` and `lost` are the permissions that the emitter gave this role, or took from it. `confirmed`: a second
    factor was given that counts there; a role that wants one gives nothing before.
    """

    role: Role
    emitter: UUID | None = None
    slug: str | None = None
    name: str | None = None
    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    confirmed: bool = True

    def gives(self, permission: str, powers: Powers) -> bool:
        """Whether it carries a permission, of those there are: as the emitter says, else as it is by default."""
        if not self.confirmed or permission not in powers or permission in self.lost:
            return False
        return permission in self.gained or self.role in powers[permission]


@dataclass(frozen=True, slots=True)
class Proof:
    """A contact proved in this session; `digest` finds what belongs to it, `until` is when it lapses (UTC)."""

    id: UUID
    kind: Channel
    digest: bytes
    until: datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts: `person` is the sign-on they came with, whose roles they have and whom traces name.

    `merged_into` is the account that it is a further sign-on of; `behalf` is set while they act as somebody's proxy,
    then they have no role and no proof. `sign_on_silent`: the provider did not confirm the account lately, so no staff
    writes.
    """

    person: UUID | None = None
    session: UUID | None = None
    name: str = ""
    grants: tuple[Grant, ...] = ()
    proofs: tuple[Proof, ...] = ()
    powers: Powers = field(default_factory=dict)
    sign_on_silent: bool = False
    merged_into: UUID | None = None
    behalf: Behalf | None = None

    @property
    def account(self) -> UUID | None:
        """Whose things are theirs, with whichever of their sign-ons they came."""
        return self.merged_into or self.person

    @property
    def owner(self) -> UUID | None:
        """Whose will be what they book: their account's, or the resident's for whom they act."""
        return self.behalf.resident if self.behalf else self.account

    def owns(self, account: UUID | None, service: str) -> bool:
        """Whether what an account has with a service is theirs to see and change: a proxy's, in the services named."""
        if self.behalf and service not in self.behalf.services:
            return False
        return account is not None and account == self.owner

    def may(self, permission: str, slug: str | None = None) -> bool:
        """Whether a role of theirs has `permission`: at the emitter of that slug, or anywhere without one."""
        return any(grant.gives(permission, self.powers) for grant in self.grants if slug in (None, grant.slug))

    def may_on_territory(self, permission: str) -> bool:
        """Whether a role of theirs that is at no emitter, a helper's say, has `permission`."""
        return any(grant.gives(permission, self.powers) for grant in self.grants if not grant.slug)

    def roles_at(self, slug: str) -> frozenset[Role]:
        """Their roles at one emitter; empty for somebody foreign to it."""
        return frozenset(grant.role for grant in self.grants if grant.slug == slug)

    def is_confirmed(self, slug: str | None = None) -> bool:
        """Whether nothing is missing for their roles at an emitter, or at none, to count: no second factor, say."""
        return all(grant.confirmed for grant in self.grants if grant.slug == slug)

    def has(self, role: Role) -> bool:
        """Whether they have a role anywhere."""
        return any(grant.role is role for grant in self.grants)

    def acts_for(self, permission: str, prefer: UUID) -> UUID | None:
        """For which emitter they do what needs `permission`: `prefer` if it is theirs; None for a helper's role."""
        theirs = [found.emitter for found in self.grants if found.emitter and found.gives(permission, self.powers)]
        return prefer if prefer in theirs else next(iter(theirs), None)

    @property
    def desks(self) -> tuple[Grant, ...]:
        """One grant for each emitter they work for, by the emitter's name."""
        by_slug = {grant.slug: grant for grant in self.grants if grant.slug}
        return tuple(sorted(by_slug.values(), key=lambda grant: grant.name or ""))


ANONYMOUS = Actor()


def powers_of(permissions: Iterable[Permission]) -> Powers:
    """Which roles have each permission: the core's and the plugins' together.

    >>> from parvis.errors import Text
    >>> powers_of([Permission(key="office.enter", name=Text("Enter"), roles=frozenset({Role.AGENT}))])["office.enter"]
    frozenset({<Role.AGENT: 'agent'>})
    """
    return {permission.key: permission.roles for permission in permissions}


def narrowed(grants: Iterable[Grant], claimed: Iterable[str] | None) -> tuple[Grant, ...]:
    """The grants that a provider's role claim leaves: it can take away and never adds; None claims nothing.

    >>> agent = Grant(Role.AGENT, slug="illzach")
    >>> narrowed([agent], None) == (agent,), narrowed([agent], ["/emitters/illzach/reader"])
    (True, ())
    """
    if claimed is None:
        return tuple(grants)
    left = frozenset(claimed)
    return tuple(grant for grant in grants if _claim(grant) in left)


def _claim(grant: Grant) -> str:
    return f"/emitters/{grant.slug}/{grant.role}" if grant.slug else f"/{grant.role}"
