"""Where a dossier's own service shows it."""

from __future__ import annotations

from contextlib import suppress

from parvis import plugins
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound


async def visit_page(found: DossierInfo) -> str:
    """The service's page of the visit, where it is moved elsewhere or cancelled; empty without one."""
    with suppress(NotFound):
        counter = plugins.current().service(found.service)[1].counter
        return (await counter.card(found.id)).page if counter else ""
    return ""
