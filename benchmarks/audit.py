"""Writing traces while they are chained, against plain inserts, and against a chain in the writer's own transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import asyncpg

from benchmarks.measure import Line, line, rounds
from parvis import clock, crypto, settings
from parvis.audit import actions
from parvis.audit.chaining import LINE, chain
from parvis.audit.heads import kept
from parvis.audit.rules import Line as AuditLine
from parvis.audit.rules import link_hash
from parvis.audit.verifying import verify
from parvis.db import new_id, transaction
from parvis.identity.actors import Actor

_CLIENTS, _BETWEEN = 16, 0.5
_TABLES = """
DROP TABLE IF EXISTS public.raw_trace, public.raw_head;
CREATE TABLE public.raw_trace (LIKE parvis.audit_trace INCLUDING DEFAULTS INCLUDING INDEXES);
ALTER TABLE public.raw_trace ALTER seq DROP NOT NULL;
CREATE TABLE public.raw_head (number bigint NOT NULL, hash bytea NOT NULL);
INSERT INTO public.raw_head VALUES (0, decode(repeat('00', 32), 'hex'));
"""
_RAW = f"INSERT INTO public.raw_trace ({LINE}) VALUES ($1, $2, $3, NULL, NULL, 'read', 'dossier', $4, '{{}}')"
_Write = Callable[[], Awaitable[None]]


async def audit_lines(url: str, times: int, seconds: float) -> list[Line]:
    """Traces a second by sixteen clients; the chain has to be whole in the end."""
    crypto.use(crypto.load_keys(settings.current()))
    owner = await asyncpg.connect(url)
    await owner.execute(_TABLES)
    await owner.close()
    contenders = {
        "chained": lambda _: _rate(_ours, seconds, chained=True),
        "alone": lambda _: _rate(_ours, seconds),
        "locked": lambda _: _rate(_under_a_lock, seconds),
        "raw": lambda _: _rate(_raw, seconds),
    }
    found = await rounds(contenders, times)
    note = await _whole()
    pairs = {
        "alone": ("traces written while a worker chains them ÷ the same without the chain", "0.70", "0.90"),
        "raw": ("the same ÷ plain inserts without a stamp", "–", "–"),
        "locked": ("the same ÷ chained in the writer's transaction, under a lock", "2", "4"),
    }
    return [line(said[0], found["chained"], found[who], *said[1:], note) for who, said in pairs.items()]


async def _rate(write: _Write, seconds: float, *, chained: bool = False) -> float:
    """Traces a second; what an earlier contender left is chained before."""
    await chain()
    async with AsyncExitStack() as stack:
        if chained:
            await stack.enter_async_context(_chaining())
        began = time.perf_counter()
        written = sum(await asyncio.gather(*(_client(write, began + seconds) for _ in range(_CLIENTS))))
        return written / (time.perf_counter() - began)


async def _client(write: _Write, until: float) -> int:
    written = 0
    while time.perf_counter() < until:
        await write()
        written += 1
    return written


@asynccontextmanager
async def _chaining() -> AsyncIterator[None]:
    """A worker beside the writers, in their process and twenty times as busy as a real one."""

    async def often() -> None:
        while True:
            await asyncio.sleep(_BETWEEN)
            await chain()

    worker = asyncio.create_task(often())
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def _ours() -> None:
    await actions.trace(Actor(person=new_id()), actions.READ, "dossier", new_id())


async def _raw() -> None:
    async with transaction() as c:
        await c.execute(_RAW, new_id(), clock.now(), new_id(), new_id())


async def _under_a_lock() -> None:
    said = AuditLine(
        id=new_id(),
        at=clock.now(),
        person=new_id(),
        behalf=None,
        emitter=None,
        action=actions.READ,
        subject="dossier",
        subject_id=new_id(),
        details={},
    )
    async with transaction() as c:
        head = await c.fetchrow("SELECT number, hash FROM public.raw_head FOR UPDATE")
        await c.execute(_RAW, said.id, said.at, said.person, said.subject_id)
        after = link_hash(head["hash"], head["number"] + 1, said)
        await c.execute("UPDATE public.raw_head SET number = number + 1, hash = $1", after)


async def _whole() -> str:
    """That every line is in its place, and how fast lines are chained and read again."""
    for _ in range(2000):
        await _ours()
    began = time.perf_counter()
    lines = await chain()
    chained = lines / (time.perf_counter() - began)
    began = time.perf_counter()
    verdict = await verify(kept())
    if verdict.faults or verdict.waiting:
        raise RuntimeError(f"The chain is not whole: {verdict}")
    return f"{chained:,.0f} lines/s chained, {verdict.lines / (time.perf_counter() - began):,.0f}/s verified"
