"""A plugin's settings for one emitter: a typed Struct, kept as JSON with the version that wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from parvis.errors import Invalid, Refusal, Text

S = TypeVar("S", bound=msgspec.Struct)
_SIMPLE = (bool, int, str)
_LANGUAGES = {"fr", "de", "en"}
_ASKED = "take int, bool, str, tuple[int, ...], tuple[str, ...] or web.fields.Wording"


class SettingsInvalid(Invalid):
    """Settings of a plugin that do not fit its type; the refusal names the field."""

    code = "settings-invalid"


def version_of(kind: type[msgspec.Struct]) -> int:
    """The version of a settings class; 1 unless it says otherwise."""
    return int(getattr(kind, "version", 1))


def decode(kind: type[S], kept: Mapping[str, Any], version: int = 1) -> S:
    """The settings that were kept, brought up to today's version. Raises SettingsInvalid, naming the field.

    >>> class Loans(msgspec.Struct, frozen=True): days: int = 21
    >>> decode(Loans, {"days": 7})
    Loans(days=7)
    >>> decode(Loans, {"days": "many"})
    Traceback (most recent call last):
    parvis.plugins.emitter_settings.SettingsInvalid: days: Expected `int`, got `str`
    """
    today = version_of(kind)
    if version > today:
        raise _invalid(None, f"version {version} is newer than this plugin's {today}: install its newer version")
    raw = dict(kept)
    if version < today and (upgrade := getattr(kind, "upgrade", None)):
        raw = upgrade(raw, version)
    if unknown := sorted(set(raw) - {field.encode_name for field in msgspec.structs.fields(kind)}):
        raise _invalid(unknown[0], "there is no such setting")
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise _invalid(where.rstrip("`") or None, what) from error


def encode(settings: msgspec.Struct) -> tuple[dict[str, Any], int]:
    """What to keep of settings: JSON's own types, and the version."""
    return msgspec.to_builtins(settings), version_of(type(settings))


def unsuitable(kind: type[msgspec.Struct] | None) -> Iterator[str]:
    """One sentence for each reason why `kind` cannot be a plugin's settings."""
    if kind is None:
        return
    for field in msgspec.structs.fields(kind):
        if field.required:
            yield f"the setting {kind.__name__}.{field.name} needs a default, for emitters that just enabled it"
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if name in kind.__struct_fields__ and not askable(hint):
            yield f"the setting {kind.__name__}.{name} is of a type that no manager can be asked for: {_ASKED}"
    if version_of(kind) > 1 and not callable(getattr(kind, "upgrade", None)):
        yield f"{kind.__name__} is of version {version_of(kind)}: add upgrade(kept, version) for older ones"


def askable(hint: Any) -> bool:
    """Whether the editor of settings has a question for a type.

    >>> askable(bool), askable(tuple[int, ...]), askable(Annotated[str, "a note"]), askable(dict[str, int])
    (True, True, True, False)
    """
    bare = _bare(hint)
    if get_origin(bare) is tuple:
        first, *rest = get_args(bare)
        return rest == [...] and _bare(first) in _SIMPLE
    return bare in _SIMPLE or _by_language(bare)


def _by_language(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct) and set(kind.__struct_fields__) == _LANGUAGES


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _invalid(field: str | None, what: str) -> SettingsInvalid:
    return SettingsInvalid(
        Refusal("setting-invalid", Text("{field}: {what}", {"field": field or "settings", "what": what}), field)
    )
