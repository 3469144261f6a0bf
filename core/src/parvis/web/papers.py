"""Papers as PDF, under the name and colour of who gives them: tables of money, lists of facts. Only it draws.

A `Sheet` is in French, as the law wants receipts, whatever the reader's language; a `Listing` is in its reader's.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from parvis.web import lettering
from parvis.web.lettering import BOLD, PLAIN

_TEXT = ParagraphStyle("text", fontName=PLAIN, fontSize=10, leading=14)
_RIGHT = ParagraphStyle("right", parent=_TEXT, alignment=TA_RIGHT)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=8, leading=11)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName=BOLD, fontSize=16, leading=22, spaceBefore=8)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName=BOLD, textColor=white)
_HEAD_RIGHT = ParagraphStyle("head-right", parent=_HEAD, alignment=TA_RIGHT)
_PLAIN = "#1f3d7a"
_LINE = HexColor("#c8ccd6")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A paper: who gives it (and the colour, `#rrggbb`), its title, facts, a table of texts, and what stands below.

    `widths` are shares of the line; the columns from `figures_from` on hold amounts.
    """

    sender: str
    under: str
    colour: str | None
    title: str
    facts: Sequence[tuple[str, str]]
    header: Sequence[str]
    rows: Iterable[Sequence[str]]
    widths: Sequence[int]
    figures_from: int
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A fact of a listing, `depth` levels down; without a value it is the heading of what follows."""

    name: str
    value: str | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Facts under headings, in the language of their reader (`fr`, `de`, `en`), with the word for a page.

    `unwritable` stands at the end if there was a letter that the font has no shape for: it is a question mark then.
    """

    sender: str
    under: str
    colour: str | None = None
    title: str
    lang: str
    page: str
    lines: Sequence[Line]
    unwritable: str


def drawn(sheet: Sheet) -> bytes:
    """The paper as PDF. It takes a second for some thousand rows: call it off the loop for a journal."""
    return _built(sheet, "fr-FR", "Page", lambda width: _parts(sheet, width))


def listed(listing: Listing) -> bytes:
    """The listing as PDF. Call it off the loop: it has no upper size."""
    return _built(listing, listing.lang, listing.page, lambda _: list(_listing(listing)))


def _built(paper: Sheet | Listing, lang: str, page: str, parts: Callable[[float], list[Any]]) -> bytes:
    lettering.shapes()
    written = io.BytesIO()
    made = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=32 * mm,
        bottomMargin=18 * mm,
        title=paper.title,
        author=paper.sender,
        lang=lang,
        invariant=True,
    )

    def around(canvas: Any, _: Any) -> None:
        _frame(canvas, paper, page)

    made.build(parts(made.width), onFirstPage=around, onLaterPages=around)
    return written.getvalue()


def _listing(listing: Listing) -> Iterator[Any]:
    yield _said(listing.title, _style(16, bold=True))
    for line in listing.lines:
        yield _said(_fact(line, listing.lang), _line_style(line))
    if not all(lettering.is_drawn_whole(text) for line in listing.lines for text in (line.name, line.value or "")):
        yield _said(listing.unwritable, _style(9, above=6 * mm))


def _fact(line: Line, lang: str) -> str:
    said = [text for text in (line.name, line.value) if text]
    return ("\u00a0: " if lang == "fr" else ": ").join(said)


def _line_style(line: Line) -> ParagraphStyle:
    # Deeper than eight levels, an indent would leave no room for the text.
    indent = 5 * mm * min(max(line.depth - 1, 0), 8)
    if line.value is not None:
        return _style(9, indent=indent)
    size, above = (13, 5 * mm) if line.depth == 0 else (9, 2 * mm)
    return _style(size, bold=True, indent=indent, above=above)


def _style(size: int, *, bold: bool = False, indent: float = 0, above: float = 0) -> ParagraphStyle:
    return ParagraphStyle(
        "fact",
        fontName=BOLD if bold else PLAIN,
        fontSize=size,
        leading=size * 1.4,
        leftIndent=indent,
        spaceBefore=above,
        keepWithNext=bold,
    )


def _parts(sheet: Sheet, width: float) -> list[Any]:
    parts: list[Any] = [_said(sheet.title, _TITLE), Spacer(1, 4 * mm)]
    parts += [_said(f"{name} : {value}", _TEXT) for name, value in sheet.facts]
    parts += [Spacer(1, 5 * mm), _table(sheet, width), Spacer(1, 5 * mm)]
    return parts + [_said(note, _SMALL) for note in sheet.notes]


def _table(sheet: Sheet, width: float) -> Table:
    def line(cells: Sequence[str], left: ParagraphStyle, right: ParagraphStyle) -> list[Paragraph]:
        return [_said(cell, right if n >= sheet.figures_from else left) for n, cell in enumerate(cells)]

    rows = [line(sheet.header, _HEAD, _HEAD_RIGHT), *(line(row, _TEXT, _RIGHT) for row in sheet.rows)]
    shares = [width * share / sum(sheet.widths) for share in sheet.widths]
    look = [
        ("BACKGROUND", (0, 0), (-1, 0), HexColor(sheet.colour or _PLAIN)),
        ("LINEBELOW", (0, 1), (-1, -1), 0.5, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Table(rows, colWidths=shares, repeatRows=1, style=TableStyle(look))


def _frame(canvas: Any, sheet: Sheet | Listing, page: str) -> None:
    width, height = A4
    canvas.saveState()
    canvas.setFillColor(HexColor(sheet.colour or _PLAIN))
    canvas.rect(0, height - 22 * mm, width, 22 * mm, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont(BOLD, 14)
    canvas.drawString(18 * mm, height - 12 * mm, lettering.drawn(sheet.sender))
    canvas.setFont(PLAIN, 10)
    canvas.drawString(18 * mm, height - 17.5 * mm, lettering.drawn(sheet.under))
    canvas.setFillColor(HexColor("#444444"))
    canvas.drawRightString(width - 18 * mm, 10 * mm, f"{page} {canvas.getPageNumber()}")
    canvas.restoreState()


def _said(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(_marked(text), style)


def _marked(text: str) -> str:
    return escape(lettering.drawn(text)).replace("\n", "<br/>")
