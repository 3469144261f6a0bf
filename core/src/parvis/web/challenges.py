"""Proof of work: a second of calculation before something scarce is handed out, which a program pays for each time.

The server signs a challenge, the browser's worker (`static/challenge-worker.js`) looks for numbers whose digests begin
with zeros, the server checks these in microseconds and takes each challenge once. docs/decisions/0960 says why.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from parvis import clock, crypto
from parvis.crypto import Unreadable
from parvis.db import new_id, transaction
from parvis.web import fields

# Sixteen small searches take much the same time for everybody; one large one, a quarter or the fourfold of it.
PARTS = 16
BITS = 14
LASTS = timedelta(minutes=5)
LONGEST = 600
# The field of a form that has an answer in it; one that is too long is none.
Answer = Annotated[str, fields.Reader(lambda typed: typed[: LONGEST + 1])]
_PURPOSE = "challenge"
_ANSWER = re.compile(rf"([^~]+)~((?:[0-9]{{1,9}}\.){{{PARTS - 1}}}[0-9]{{1,9}})")


class Challenge(msgspec.Struct, frozen=True):
    """What a browser is to solve: for each of so many parts, a number whose digest begins with so many zero bits."""

    challenge: str
    parts: int
    bits: int


def issue(subject: UUID, bits: int = BITS) -> Challenge:
    """A challenge that counts once, within minutes, for one subject: an emitter, say."""
    payload = f"{subject.hex}.{new_id().hex}.{bits}"
    return Challenge(crypto.sign(payload, _PURPOSE, clock.now() + LASTS), PARTS, bits)


async def spend(answer: str, subject: UUID) -> bool:
    """Take an answer, `<challenge>~<number>.<number>…`; whether it is right, in time, for this subject, and the first.

    Of several at once, in whatever processes, one is taken.
    """
    found = solved(answer, subject, clock.now())
    if found is None:
        return False
    sql = "INSERT INTO parvis.spent_challenge (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id"
    async with transaction() as c:
        return await c.fetchval(sql, found, clock.now() + LASTS) is not None


def solved(answer: str, subject: UUID, now: datetime) -> UUID | None:
    """The challenge that an answer solves, if it is one of this subject and has not expired."""
    parts = _ANSWER.fullmatch(answer) if len(answer) <= LONGEST else None
    if parts is None:
        return None
    with suppress(Unreadable):
        told, challenge, bits = crypto.verify(parts[1], _PURPOSE, now).split(".")
        numbers = [int(number) for number in parts[2].split(".")]
        if told == subject.hex and is_work(parts[1], numbers, int(bits)):
            return UUID(hex=challenge)
    return None


def is_work(challenge: str, numbers: list[int], bits: int) -> bool:
    """Whether each number, with its place among them, gives a digest that begins with so many zero bits.

    >>> is_work("a", [0, 1], 0), is_work("a", [0, 1], 64)
    (True, False)
    """
    seed = hashlib.sha256(challenge.encode()).digest()
    return all(_zeros(seed, part, number) >= bits for part, number in enumerate(numbers))


async def forget_old() -> int:
    """Forget the challenges that nobody could spend again, and how many they were."""
    async with transaction() as c:
        told = await c.execute("DELETE FROM parvis.spent_challenge WHERE until < $1", clock.now())
        return int(told.rpartition(" ")[2])


def _zeros(seed: bytes, part: int, number: int) -> int:
    found = hashlib.sha256(seed + part.to_bytes(4, "big") + number.to_bytes(4, "big")).digest()
    return 256 - int.from_bytes(found, "big").bit_length()
