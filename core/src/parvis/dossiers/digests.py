"""Keyed digests of names, another set for each emitter, so that nobody is found outside of it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from parvis import crypto
from parvis.dossiers import spelling


def of_names(names: Iterable[str], emitter: UUID) -> list[int]:
    """What is kept of names to find them at an emitter."""
    return sorted(crypto.blind(spelling.kept(names), _purpose(emitter)))


def of_word(word: str, emitter: UUID) -> list[int]:
    """What a typed word (folded) is looked for by at an emitter: any of these finds it."""
    return sorted(crypto.blind(spelling.wanted(word), _purpose(emitter)))


def of_whole(word: str, emitter: UUID) -> list[int]:
    """What a typed word (folded) is looked for by as it stands."""
    return sorted(crypto.blind([spelling.whole(word)], _purpose(emitter)))


def _purpose(emitter: UUID) -> str:
    return f"names-{emitter}"
