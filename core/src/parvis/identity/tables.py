"""Rows of identity: people, grants, invitations, sessions, second factors, proved contacts, logout tokens seen."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from parvis.db.sealed import Sealed
from parvis.territory.tables import Emitter


class Person(Table, tablename="person", schema="parvis"):
    """Somebody with an account. The key is (issuer, subject); a name or an e-mail never is.

    `merged_into` is the account that this is a further sign-on of; `mail_language` that of their pages when they
    signed in last.
    """

    id = UUID(primary_key=True, default=None)
    issuer = Varchar(length=300)
    subject = Varchar(length=255)
    name = Varchar(length=200)
    email = Varchar(length=254)
    phone = Varchar(length=30)
    created_at = Timestamptz(default=None)
    seen_at = Timestamptz(null=True, default=None)
    merged_into = UUID(null=True, default=None)
    mail_language = Varchar(length=2, default="fr")


class AccountMerge(Table, tablename="account_merge", schema="parvis"):
    """An operator made one account of two: `moved` lists what went from `merged` to `kept`, so that it can go back."""

    id = UUID(primary_key=True, default=None)
    kept = ForeignKey(Person, null=False, on_delete=OnDelete.cascade)
    merged = ForeignKey(Person, null=False, on_delete=OnDelete.cascade)
    reason = Varchar(length=300)
    moved = JSONB()
    merged_by = UUID(null=True, default=None)
    merged_at = Timestamptz(default=None)
    undone_by = UUID(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)


class Relative(Table, tablename="relative", schema="parvis"):
    """Somebody of an account's family; `details` (name, birth date, bond) are encrypted, `kept_by` is a sign-on."""

    id = UUID(primary_key=True, default=None)
    person = ForeignKey(Person, null=False, on_delete=OnDelete.cascade)
    details = Sealed("family")
    kept_by = UUID()
    kept_at = Timestamptz(default=None)


class Mandate(Table, tablename="mandate", schema="parvis"):
    """`proxy` may act for `resident` in `services` until `ends_at`; one of the two began it, the other accepts.

    Until then the other is null and `address` (encrypted) is where the link of this `serial` went. `begun_by`,
    `accepted_by` and `ended_by` are sign-ons.
    """

    id = UUID(primary_key=True, default=None)
    resident = ForeignKey(Person, null=True, default=None, on_delete=OnDelete.cascade)
    proxy = ForeignKey(Person, null=True, default=None, on_delete=OnDelete.cascade)
    bond = Varchar(length=12)
    services = Array(base_column=Varchar(length=40))
    ends_at = Timestamptz(default=None)
    address = Sealed("mandate-address", null=True, default=None)
    language = Varchar(length=2)
    serial = Integer()
    begun_by = UUID()
    begun_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    message = UUID(null=True, default=None)
    accepted_by = UUID(null=True, default=None)
    accepted_at = Timestamptz(null=True, default=None)
    ended_by = UUID(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)


class RoleGrant(Table, tablename="role_grant", schema="parvis"):
    """A person's role at an emitter, or without one on the territory (helper) or the instance (operator).

    Never deleted: `ended_at` is null while it holds, and `given_by` and `ended_by` say whose doing it was. `ends_at`
    is the instant from which it no longer holds by itself, null for one without an end.
    """

    id = UUID(primary_key=True, default=None)
    person = ForeignKey(Person, null=False, on_delete=OnDelete.cascade)
    role = Varchar(length=12)
    emitter = ForeignKey(Emitter, null=True, default=None, on_delete=OnDelete.cascade)
    given_by = UUID(null=True, default=None)
    given_at = Timestamptz(default=None)
    ends_at = Timestamptz(null=True, default=None)
    ended_by = UUID(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)


class RolePermission(Table, tablename="role_permission", schema="parvis"):
    """What an emitter says a role may do there, otherwise than by default."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    role = Varchar(length=12)
    permission = Varchar(length=80)
    allowed = Boolean()


class RightsChange(Table, tablename="rights_change", schema="parvis"):
    """A change of what roles may do at an emitter, by an account, counted from 1 for each emitter.

    `changes` are lists of permission, role, before and after; null is what it is by default. `undoes` is the version
    of the change it takes back.
    """

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    version = Integer()
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    undoes = Integer(null=True, default=None)
    changes = JSONB()


class Invitation(Table, tablename="invitation", schema="parvis"):
    """A role that somebody may accept with a link, with any account; `state` is pending, accepted or revoked.

    `address` is encrypted and goes with the end, `digest` finds it again; `serial` is that of the link that counts,
    `ends_at` is when the role will end, `message` the last mail. `ended_by` accepted or revoked it.
    """

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    role = Varchar(length=12)
    ends_at = Timestamptz(null=True, default=None)
    address = Sealed("invitation-address", null=True, default=None)
    digest = Bytea()
    language = Varchar(length=2)
    serial = Integer()
    invited_by = UUID()
    invited_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    message = UUID(null=True, default=None)
    state = Varchar(length=8)
    ended_at = Timestamptz(null=True, default=None)
    ended_by = UUID(null=True, default=None)


class Session(Table, tablename="session", schema="parvis"):
    """A browser that signed in or proved a contact. `digest` is SHA-256 of its token; `tokens` are encrypted.

    `refreshing_until` is held by the one request that renews the tokens; `claimed` are the roles that the
    provider's claim leaves, null where it makes none; `acr` is the level it said was reached. `acting` is the mandate
    by which they act for somebody.
    """

    id = UUID(primary_key=True, default=None)
    digest = Bytea(unique=True)
    person = ForeignKey(Person, null=True, default=None, on_delete=OnDelete.cascade)
    issuer = Varchar(length=300, null=True, default=None)
    sid = Varchar(length=255, null=True, default=None)
    tokens = Sealed("session-tokens", null=True, default=None)
    claimed = JSONB(null=True, default=None)
    acr = Varchar(length=100, null=True, default=None)
    started_at = Timestamptz(default=None)
    seen_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    refreshed_at = Timestamptz(null=True, default=None)
    refreshing_until = Timestamptz(null=True, default=None)
    acting = UUID(null=True, default=None)


class MailedFactor(Table, tablename="mailed_factor", schema="parvis"):
    """An emitter that takes a code mailed to the work address for a second factor."""

    emitter = ForeignKey(Emitter, primary_key=True, null=False, on_delete=OnDelete.cascade)
    chosen_at = Timestamptz(default=None)
    chosen_by = UUID(null=True, default=None)


class WorkAddress(Table, tablename="work_address", schema="parvis"):
    """Where somebody gets their codes at an emitter: encrypted, with a digest that finds it again."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    person = ForeignKey(Person, null=False, on_delete=OnDelete.cascade)
    address = Sealed("work-address")
    digest = Bytea()
    given_at = Timestamptz(default=None)
    given_by = UUID(null=True, default=None)


class SessionFactor(Table, tablename="session_factor", schema="parvis"):
    """A mailed code that was typed in a session, and counts at an emitter; `device` if it is remembered there."""

    id = UUID(primary_key=True, default=None)
    session = ForeignKey(Session, null=False, on_delete=OnDelete.cascade)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    device = UUID(null=True, default=None)
    given_at = Timestamptz(default=None)


class Station(Table, tablename="station", schema="parvis"):
    """A named browser at a counter (`device`, which its cookie names) where somebody gives no code until `ends_at`."""

    id = UUID(primary_key=True, default=None)
    device = UUID(default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    person = ForeignKey(Person, null=False, on_delete=OnDelete.cascade)
    name = Varchar(length=60)
    since = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)


class ContactProof(Table, tablename="contact_proof", schema="parvis"):
    """An e-mail address or a telephone number that somebody proves by a code.

    `address` is encrypted, `digest` finds it again, `code` is a keyed digest, null until a message carries one;
    `origin` is what it was asked for from: a held hour, a session.
    """

    id = UUID(primary_key=True, default=None)
    session = ForeignKey(Session, null=True, default=None, on_delete=OnDelete.set_null)
    kind = Varchar(length=4)
    digest = Bytea()
    origin = UUID(null=True, default=None)
    address = Sealed("contact")
    language = Varchar(length=2)
    code = Bytea(null=True, default=None)
    attempts = Integer()
    asked_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    proved_at = Timestamptz(null=True, default=None)


class LogoutSeen(Table, tablename="logout_seen", schema="parvis"):
    """A back-channel logout token that was obeyed, so that it is obeyed once."""

    jti = Text(primary_key=True)
    until = Timestamptz(default=None)
