"""Facts of the identity-paper appointments, with identifiers only."""

from __future__ import annotations

from uuid import UUID

from parvis.events import Event


class ApplicantsChanged(Event, frozen=True, kw_only=True):
    """A number was corrected, or somebody was added to an appointment or left it."""

    type = "idcard.applicants-changed"

    dossier: UUID


class DeclarationDue(Event, frozen=True, kw_only=True):
    """An application number is to be checked, declared or withdrawn at the coordination service."""

    type = "idcard.declaration-due"

    declaration: UUID
