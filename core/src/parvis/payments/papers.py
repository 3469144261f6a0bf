"""Papers as PDF, with the emitter's name and colour: receipts, journals, arrêts. The one module that draws.

Receipts are in French, as the law wants them, whatever the reader's language.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=10, leading=14)
_RIGHT = ParagraphStyle("right", parent=_TEXT, alignment=TA_RIGHT)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=8, leading=11)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName="Helvetica-Bold", fontSize=16, leading=22, spaceBefore=8)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName="Helvetica-Bold", textColor=white)
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


def drawn(sheet: Sheet) -> bytes:
    """The paper as PDF. It takes a second for some thousand rows: call it off the loop for a journal."""
    written = io.BytesIO()
    paper = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=32 * mm,
        bottomMargin=18 * mm,
        title=sheet.title,
        author=sheet.sender,
        lang="fr-FR",
        invariant=True,
    )

    def around(canvas: Any, _: Any) -> None:
        _frame(canvas, sheet)

    paper.build(_parts(sheet, paper.width), onFirstPage=around, onLaterPages=around)
    return written.getvalue()


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


def _frame(canvas: Any, sheet: Sheet) -> None:
    width, height = A4
    canvas.saveState()
    canvas.setFillColor(HexColor(sheet.colour or _PLAIN))
    canvas.rect(0, height - 22 * mm, width, 22 * mm, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(18 * mm, height - 12 * mm, _plain(sheet.sender))
    canvas.setFont("Helvetica", 10)
    canvas.drawString(18 * mm, height - 17.5 * mm, _plain(sheet.under))
    canvas.setFillColor(HexColor("#444444"))
    canvas.drawRightString(width - 18 * mm, 10 * mm, f"Page {canvas.getPageNumber()}")
    canvas.restoreState()


def _said(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_plain(text)).replace("\n", "<br/>"), style)


def _plain(text: str) -> str:
    """The text in the signs that every reader of PDF has a letter for; others become a question mark."""
    return text.replace("\u202f", "\u00a0").replace("\u2212", "-").encode("cp1252", "replace").decode("cp1252")
