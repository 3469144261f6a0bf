"""Palettes everyone can read: what is made of an emitter's colours in both schemes, and every pair measured. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from parvis.branding.colours import READABLE, contrast, mix, readable, tint
from parvis.errors import Text

WHITE, BLACK = "#ffffff", "#000000"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a palette stands on: the stylesheet's own colours in one scheme, from `web/static/site.css`."""

    paper: str
    surface: str
    ink: str
    ink_soft: str
    sunken: str
    stone_soft: str
    good_soft: str
    warn_soft: str
    danger_soft: str
    dark: bool

    @property
    def colours(self) -> dict[str, str]:
        """The stylesheet's own colours, by the names of their tokens."""
        return {field.name.replace("_", "-"): getattr(self, field.name) for field in fields(self)[:-1]}


LIGHT = Ground(
    paper="#faf7f2",
    surface="#ffffff",
    ink="#1c2b29",
    ink_soft="#4e5e5b",
    sunken="#f3eee6",
    stone_soft="#f9ece4",
    good_soft="#e6f3e9",
    warn_soft="#fcf0d6",
    danger_soft="#fcebea",
    dark=False,
)
DARK = Ground(
    paper="#111716",
    surface="#19211f",
    ink="#e8eeeb",
    ink_soft="#a9b7b2",
    sunken="#0d1211",
    stone_soft="#32231c",
    good_soft="#182c1f",
    warn_soft="#30260f",
    danger_soft="#361b1c",
    dark=True,
)
# What links stand on.
GROUNDS = (
    "paper", "surface", "brand-soft", "sunken", "stone-soft", "good-soft", "warn-soft", "danger-soft",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Palette:
    """The tokens of both schemes, and what they would be if no colour had to give way to be readable."""

    light: Mapping[str, str]
    dark: Mapping[str, str]
    asked_light: Mapping[str, str]
    asked_dark: Mapping[str, str]

    def stylesheet(self, **more: str) -> str:
        """The token file: custom properties that the platform's stylesheet reads; `more` are others, by name."""
        return (
            f":root{{{_declarations({**self.light, **more})}}}\n"
            f"@media (prefers-color-scheme:dark){{:root{{{_declarations(self.dark)}}}}}\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two colours that meet on a page: as they were asked for, as they are worn, and what both measure (1 to 21)."""

    use: Text
    dark: bool
    asked: tuple[str, str]
    worn: tuple[str, str]

    @property
    def asked_ratio(self) -> float:
        """The contrast of the colours as they were asked for."""
        return contrast(*self.asked)

    @property
    def ratio(self) -> float:
        """The contrast of the colours as they are worn."""
        return contrast(*self.worn)

    @property
    def corrected(self) -> bool:
        """Whether a colour that could not be read gave way."""
        return self.asked != self.worn and self.asked_ratio < READABLE


# What is written in which token on which: a test holds them to the stylesheet.
USES: tuple[tuple[str, str, Text], ...] = (
    ("brand", "paper", Text("Links on the page")),
    ("brand", "surface", Text("Links on a card, quiet buttons")),
    ("brand", "brand-soft", Text("Links on a tinted ground")),
    ("brand", "sunken", Text("Links on a sunken ground")),
    ("brand", "stone-soft", Text("Links on a notice")),
    ("brand", "good-soft", Text("Links on what went well")),
    ("brand", "warn-soft", Text("Links on a warning")),
    ("brand", "danger-soft", Text("Links on what went wrong")),
    ("brand-ink", "brand", Text("Words on a button")),
    ("brand-ink", "brand-strong", Text("Words on a button under the pointer")),
    ("brand-strong", "paper", Text("Links under the pointer")),
    ("brand-strong", "surface", Text("Links on a card under the pointer")),
    ("brand-strong", "brand-soft", Text("Links on a tinted ground under the pointer")),
    ("ink", "brand-soft", Text("Text on a tinted ground")),
    ("ink-soft", "brand-soft", Text("Small text on a tinted ground")),
)
ACCENT_USES: tuple[tuple[str, str, Text], ...] = (
    ("surface", "stone", Text("Numbers beside an entry of the navigation")),
    ("stone", "surface", Text("Signs on a card")),
    ("stone", "paper", Text("Signs on the page")),
    ("stone", "stone-soft", Text("Ribbons and notices")),
    ("ink", "stone-soft", Text("Text on a notice")),
    ("ink-soft", "stone-soft", Text("Small text on a notice")),
)


def palette(colour: str, accent: str = "") -> Palette:
    """The tokens made from a main colour, and from an accent if there is one; both `#rrggbb`."""
    return Palette(
        light=_scheme(colour, accent, LIGHT),
        dark=_scheme(colour, accent, DARK),
        asked_light=_asked(colour, accent, LIGHT),
        asked_dark=_asked(colour, accent, DARK),
    )


def mail_colour(asked: str) -> str:
    """The nearest shade of a colour that carries white words and can be read on white, as in a mail."""
    return readable(asked, [WHITE], BLACK)


def pairs(made: Palette, mail: str) -> Iterator[Pair]:
    """Every pair of colours that a palette makes on pages and, from the colour asked for, in mails."""
    uses = USES + (ACCENT_USES if "stone" in made.light else ())
    for ground, worn, asked in ((LIGHT, made.light, made.asked_light), (DARK, made.dark, made.asked_dark)):
        seen, wanted = {**ground.colours, **worn}, {**ground.colours, **asked}
        for front, back, use in uses:
            pair = (wanted[front], wanted[back]), (seen[front], seen[back])
            yield Pair(use=use, dark=ground.dark, asked=pair[0], worn=pair[1])
    use = Text("Words on the head of a mail")
    yield Pair(use=use, dark=False, asked=(WHITE, mail), worn=(WHITE, mail_colour(mail)))


def _scheme(colour: str, accent: str, ground: Ground) -> dict[str, str]:
    towards, away = _directions(ground)
    asked = _asked(colour, accent, ground)
    # What is written on the tint keeps its own ratio: the tint gives way, never the text.
    texts = (ground.ink, ground.ink_soft)
    accented: dict[str, str] = {}
    if accent:
        soft = tint(asked["stone-soft"], ground.surface, texts)
        stone = readable(accent, [ground.paper, ground.surface, soft], towards)
        accented = _accented(stone, soft, ground)
    soft = tint(asked["brand-soft"], ground.surface, texts)
    under = {**ground.colours, **accented, "brand-soft": soft}
    brand = readable(colour, [under[name] for name in GROUNDS], towards)
    return _tokens(brand, soft, away, ground) | accented


def _asked(colour: str, accent: str, ground: Ground) -> dict[str, str]:
    part = 0.86 if ground.dark else 0.9
    tokens = _tokens(colour, mix(colour, ground.surface, part), _directions(ground)[1], ground)
    return tokens | (_accented(accent, mix(accent, ground.surface, part), ground) if accent else {})


def _tokens(brand: str, soft: str, ink: str, ground: Ground) -> dict[str, str]:
    return {
        "brand": brand,
        "brand-strong": mix(brand, _directions(ground)[0], 0.25),
        # Readable on the surface, so its opposite is readable on it.
        "brand-ink": ink,
        "brand-soft": soft,
        "brand-line": mix(brand, ground.surface, 0.65),
    }


def _accented(stone: str, soft: str, ground: Ground) -> dict[str, str]:
    return {"stone": stone, "stone-soft": soft, "stone-line": mix(stone, ground.surface, 0.65)}


def _directions(ground: Ground) -> tuple[str, str]:
    """Where a colour goes to be readable on this ground, and where from."""
    return (WHITE, BLACK) if ground.dark else (BLACK, WHITE)


def _declarations(tokens: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in tokens.items())
