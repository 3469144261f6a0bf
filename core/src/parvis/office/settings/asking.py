"""The questions that a plugin's settings are asked in, and what differs between two of them, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from parvis.contract.values import Asked
from parvis.errors import Refusal, Text
from parvis.merging import Path
from parvis.web import forms
from parvis.web.fields import Wording
from parvis.web.forms import Form, Raw

_LANGUAGES: Mapping[str, Text] = {"fr": Text("in French"), "de": Text("in German"), "en": Text("in English")}
_ANSWER = Text("Write a whole number.")
_LONG = 90


class Sort(StrEnum):
    """How a setting is answered: a whole number, a tick, a line (shown again or not), several in one line, or a text
    by language."""

    WHOLE = "whole"
    TICK = "tick"
    LINE = "line"
    SECRET = "secret"  # noqa: S105 - a kind of question
    LIST = "list"
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A setting as it is asked: the name of its field, what it is called, and how it is answered."""

    name: str
    sort: Sort
    asked: Asked

    @property
    def fields(self) -> tuple[tuple[str, Text], ...]:
        """The names of its inputs, and what each is called besides."""
        return tuple((f"{self.name}-{lang}", text) for lang, text in _LANGUAGES.items())


def questions(kind: type[msgspec.Struct]) -> list[Question]:
    """The questions of a settings class, in the order of its fields; without an `Asked` it is asked by its name."""
    hints = get_type_hints(kind, include_extras=True)
    return [_question(item.name, hints[item.name]) for item in msgspec.structs.fields(kind)]


def sections(kind: type[msgspec.Struct]) -> list[tuple[Text | None, list[Question]]]:
    """The questions under their headings."""
    return [(section, list(group)) for section, group in groupby(questions(kind), lambda found: found.asked.section)]


def filled(settings: msgspec.Struct) -> Form[Any]:
    """The form of these settings, as one would type them."""
    form = forms.of(settings)
    sorts = {found.name: found.sort for found in questions(type(settings))}
    raw = {name: (", ".join(typed),) if sorts.get(name) is Sort.LIST else typed for name, typed in form.raw.items()}
    shown = {name: typed for name, typed in raw.items() if sorts.get(name) is not Sort.SECRET}
    return Form(shown, {}, settings)


def with_secrets(raw: Raw, kept: msgspec.Struct) -> Raw:
    """What was typed, with the secrets that were left empty as they are kept."""
    secret = [found.name for found in questions(type(kept)) if found.sort is Sort.SECRET]
    empty = [name for name in secret if not "".join(raw.get(name, ())).strip()]
    return {**raw, **{name: (str(getattr(kept, name)),) for name in empty}}


def unanswered(kind: type[msgspec.Struct], form: Form[Any]) -> Iterator[Refusal]:
    """The numbers that were left empty: nobody means what a plugin has by default."""
    for found in questions(kind):
        if found.sort is Sort.WHOLE and not form.text(found.name).strip():
            yield Refusal("missing", _ANSWER, found.name)


def differences(before: msgspec.Struct, after: msgspec.Struct) -> list[tuple[Path, Text]]:
    """What is otherwise in `after`, by the path of the setting."""
    return [said for found in questions(type(after)) for said in _differences(found, before, after)]


def _differences(found: Question, before: msgspec.Struct, after: msgspec.Struct) -> Iterator[tuple[Path, Text]]:
    was, now = getattr(before, found.name), getattr(after, found.name)
    if found.sort is Sort.WORDS:
        for lang, language in _LANGUAGES.items():
            if (old := getattr(was, lang)) != (new := getattr(now, lang)):
                label = Text("{what} ({language})", {"what": found.asked.label, "language": language})
                yield (found.name, lang), _changed(label, old, new)
    elif was != now:
        yield (found.name,), _changed(found.asked.label, was, now)


def _changed(label: Text, before: Any, after: Any) -> Text:
    values = {"what": label, "before": _said(before), "after": _said(after)}
    return Text("{what}: {after} instead of {before}", values)


def _said(value: Any) -> Text | str:
    if isinstance(value, bool):
        return Text("yes") if value else Text("no")
    if isinstance(value, tuple):
        value = ", ".join(str(part) for part in value)
    if value == "":
        return Text("nothing")
    if not isinstance(value, str):
        return str(value)
    said = " ".join(value.split())
    return Text("“{text}”", {"text": said[:_LONG] + ("…" if len(said) > _LONG else "")})


def _question(name: str, hint: Any) -> Question:
    notes = hint.__metadata__ if get_origin(hint) is Annotated else ()
    bare = get_args(hint)[0] if notes else hint
    asked = next((note for note in notes if isinstance(note, Asked)), None)
    sort = Sort.SECRET if asked and asked.secret else _sort(bare)
    return Question(name=name, sort=sort, asked=asked or Asked(label=Text(name)))


def _sort(bare: Any) -> Sort:
    if bare is bool:
        return Sort.TICK
    if get_origin(bare) is tuple:
        return Sort.LIST
    if isinstance(bare, type) and issubclass(bare, Wording):
        return Sort.WORDS
    return Sort.WHOLE if bare is int else Sort.LINE
