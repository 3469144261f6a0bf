"""What an emitter chooses of its look, as a form asks it and a version keeps it. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

import msgspec

from parvis.branding.colours import read_colour
from parvis.branding.heraldry import PORTAL_GREEN
from parvis.branding.rules import Palette, palette
from parvis.errors import Text
from parvis.web.fields import Line, Missing, Reader

_COLOUR = Text("Write a colour as six figures and letters, for example: #15594a.")
_PICTURE = Text("Please choose the picture again.")
_NAME = Text("Write the name that people know you by.")


class Typeface(StrEnum):
    """What headings are set in: a typeface that the platform brings under a free licence, or the reader's own."""

    SOURCE_SERIF = "source-serif"
    LORA = "lora"
    ATKINSON = "atkinson"
    SYSTEM = "system"


TYPEFACES: Mapping[Typeface, Text] = {
    Typeface.SOURCE_SERIF: Text("Source Serif: the portal's own, quiet, with serifs"),
    Typeface.LORA: Text("Lora: rounder, with serifs"),
    Typeface.ATKINSON: Text("Atkinson Hyperlegible: without serifs, drawn for people who see badly"),
    Typeface.SYSTEM: Text("What each device has: without serifs, nothing to load"),
}
_NAMES: Mapping[Typeface, Text | str] = {
    Typeface.SOURCE_SERIF: "Source Serif",
    Typeface.LORA: "Lora",
    Typeface.ATKINSON: "Atkinson Hyperlegible",
    Typeface.SYSTEM: Text("what each device has"),
}
_FAMILIES: Mapping[Typeface, str] = {
    Typeface.SOURCE_SERIF: '"Source Serif 4",ui-serif,Charter,"Noto Serif",Cambria,Georgia,serif',
    Typeface.LORA: "Lora,ui-serif,Charter,Georgia,serif",
    Typeface.ATKINSON: '"Atkinson Hyperlegible Next",var(--sans)',
    Typeface.SYSTEM: "var(--sans)",
}


def colour(typed: str) -> str | Text:
    """A colour as typed, in six small figures; nothing stays nothing."""
    return read_colour(typed) or (_COLOUR if typed.strip() else "")


def picture(typed: str) -> str | Text:
    """The name of a picture that was kept, such as `0123456789ab.svg`; nothing stays nothing."""
    return typed if re.fullmatch(r"([0-9a-f]{12}\.(svg|png))?", typed) else _PICTURE


Colour = Annotated[str, Reader(colour)]
PerhapsColour = Annotated[str, Reader(colour, empty=True)]
PerhapsPicture = Annotated[str, Reader(picture, empty=True)]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """An emitter's look as it asks for it; its palette is corrected when it is worn.

    Colours are `#rrggbb`: without an `accent` the portal's sandstone stays, without `mail` mails wear the main colour.
    `logo` and `icon` are names of kept pictures; without an icon it is the logo.
    """

    name: Annotated[Line, msgspec.Meta(max_length=80), Missing(_NAME)]
    colour: Annotated[Colour, Missing(_COLOUR)]
    accent: PerhapsColour = ""
    mail: PerhapsColour = ""
    typeface: Typeface = Typeface.SOURCE_SERIF
    logo: PerhapsPicture = ""
    icon: PerhapsPicture = ""

    @property
    def palette(self) -> Palette:
        """The tokens of its pages."""
        return palette(self.colour, self.accent)

    @property
    def mail_asked(self) -> str:
        """The colour asked for on the head of mails."""
        return self.mail or self.colour

    def stylesheet(self) -> str:
        """The token file of its pages."""
        return self.palette.stylesheet(titles=_FAMILIES[self.typeface])

    @property
    def mark(self) -> str:
        """What tells this look from others: a page that was previewed carries it."""
        return sha256(msgspec.json.encode(self)).hexdigest()[:16]


def plain(name: str) -> Look:
    """The portal's plain look, which an emitter wears that chose none."""
    return Look(name=name, colour=PORTAL_GREEN)


def differences(before: Look, after: Look) -> Iterator[tuple[str, Text]]:
    """What is otherwise in `after`, by the name of its field."""
    for name, label in _LABELS.items():
        was, now = getattr(before, name), getattr(after, name)
        if was == now:
            continue
        if name in ("logo", "icon"):
            yield (
                name,
                Text("{what}: another picture", {"what": label}) if now else Text("{what}: none", {"what": label}),
            )
        else:
            values = {"what": label, "before": _said(was), "after": _said(now)}
            yield name, Text("{what}: {after} instead of {before}", values)


_LABELS: Mapping[str, Text] = {
    "name": Text("Name"),
    "colour": Text("Main colour"),
    "accent": Text("Accent"),
    "mail": Text("Head of mails"),
    "typeface": Text("Typeface of headings"),
    "logo": Text("Logo"),
    "icon": Text("Small picture of the browser's tab"),
}


def _said(value: str) -> Text | str:
    if isinstance(value, Typeface):
        return _NAMES[value]
    return value or Text("the usual one")
