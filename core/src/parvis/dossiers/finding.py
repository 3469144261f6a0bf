"""Finding a dossier by its reference and a name, so often and no more: names are easily guessed."""

from __future__ import annotations

from datetime import timedelta

from parvis import settings
from parvis.db import read_reference
from parvis.dossiers import queries
from parvis.dossiers.queries import DossierInfo
from parvis.errors import Text
from parvis.web import attempts
from parvis.web.limits import Limit, too_many


async def find(typed: str, name: str) -> DossierInfo:
    """The dossier of a reference and a name in it; counted by the reference, whoever asks from wherever.

    Not inside a transaction: an attempt counts even though it fails. Raises InvalidReference, NotFound if the two do
    not fit, TooMany.
    """
    reference = read_reference(typed)
    limit = Limit("find", settings.current().limit_finds, timedelta(hours=1))
    if wait := await attempts.count(limit, reference):
        text = Text(
            "Too many names were tried with this reference. Please try again at {hour}, or receive a code above."
        )
        raise too_many(text, wait)
    found = await queries.by_reference(reference, name)
    await attempts.forget(limit, reference)
    return found
