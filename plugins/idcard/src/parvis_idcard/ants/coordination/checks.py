"""What a resident's numbers are worth: asked as they are typed, when the form is sent, and before it is booked.

The resident waits two seconds at most; a check that could not be made is made later. What was answered is kept for some
minutes, so that the three ask the service once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from parvis import clock, crypto
from parvis.db import connection, in_transaction, transaction
from parvis.errors import Refusal
from parvis_idcard.ants import queries as search
from parvis_idcard.ants.coordination import client, rules
from parvis_idcard.ants.coordination.client import NotTaken
from parvis_idcard.ants.coordination.rules import Standing, Status
from parvis_idcard.queries import number_digest
from parvis_idcard.rules import Applicant

_KEPT = timedelta(minutes=15)
# A number that is no good may be mended any moment: its answer serves one sending of the form.
_NO_GOOD_KEPT = timedelta(seconds=15)
_PURPOSE = "idcard-number-check"


async def look(numbers: Sequence[str], place_id: str) -> dict[str, Standing]:
    """What the service says of numbers; those that could not be checked are left out."""
    service = client.current()
    if service is None or not numbers:
        return {}
    known = await _kept(numbers)
    missing = [number for number in numbers if number not in known]
    # Nobody waits for the network while a transaction is open.
    if missing and not in_transaction():
        try:
            asked = await service.status(missing, place_id, hurried=True)
        except NotTaken:
            asked = {}
        await _keep(asked)
        known |= asked
    return known


async def sweep() -> int:
    """Forget what was answered a while ago; how much."""
    async with transaction() as c:
        sql = "DELETE FROM idcard.number_check WHERE checked_at < $1 RETURNING true"
        return len(await c.fetch(sql, clock.now() - _KEPT))


def refusals(applicants: Sequence[Applicant], known: Mapping[str, Standing], zone: ZoneInfo) -> list[Refusal]:
    """What keeps these people from being booked online."""
    found = []
    for index, person in enumerate(applicants):
        if person.number and (standing := known.get(person.number)):
            others = rules.elsewhere(standing, search.own_addresses())
            found.append(rules.refusal(standing, others, person.cleared, f"applicants-{index}-number", zone))
    return [refusal for refusal in found if refusal]


def correction_refusals(known: Mapping[str, Standing], field: str, zone: ZoneInfo) -> list[Refusal]:
    """What keeps a number from replacing another one; an appointment elsewhere does not."""
    found = [rules.refusal(standing, (), True, field, zone) for standing in known.values()]
    return [refusal for refusal in found if refusal]


def all_validated(applicants: Sequence[Applicant], known: Mapping[str, Standing]) -> bool:
    """Whether every number was just found to be validated."""
    numbers = [person.number for person in applicants]
    return bool(numbers) and all(
        number is not None and number in known and known[number].status is Status.VALIDATED for number in numbers
    )


async def _kept(numbers: Sequence[str]) -> dict[str, Standing]:
    sql = "SELECT * FROM idcard.number_check WHERE number_digest = ANY($1) AND checked_at > $2"
    by_digest, now = {number_digest(number): number for number in numbers}, clock.now()
    async with connection() as c:
        rows = await c.fetch(sql, list(by_digest), now - _KEPT)
    found = {by_digest[row["number_digest"]]: (_opened(row["standing"]), now - row["checked_at"]) for row in rows}
    return {number: told for number, (told, age) in found.items() if age < _NO_GOOD_KEPT or _is_good(told)}


def _is_good(standing: Standing) -> bool:
    return standing.status is Status.VALIDATED and not rules.elsewhere(standing, search.own_addresses())


async def _keep(found: Mapping[str, Standing]) -> None:
    sql = (
        "INSERT INTO idcard.number_check (number_digest, standing, checked_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (number_digest) DO UPDATE SET standing = excluded.standing, checked_at = excluded.checked_at"
    )
    now = clock.now()
    rows = sorted((number_digest(number), _sealed(standing), now) for number, standing in found.items())
    async with transaction() as c:
        await c.executemany(sql, rows)


def _sealed(standing: Standing) -> bytes:
    return crypto.encrypt(msgspec.json.encode(standing), _PURPOSE)


def _opened(sealed: bytes) -> Standing:
    return msgspec.json.decode(crypto.decrypt(sealed, _PURPOSE), type=Standing)
