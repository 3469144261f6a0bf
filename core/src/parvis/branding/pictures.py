"""Whether a file may stand as a logo or as a browser tab's picture: an SVG or a PNG that shows, no more. No I/O."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from parvis.branding import drawings, pngs
from parvis.errors import Refusal, Text

LARGEST = 256 * 1024
_NEITHER = Text("Please choose an SVG drawing or a PNG picture.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A cleaned picture; `kind` is `svg` or `png`."""

    kind: str
    content: bytes

    @property
    def file(self) -> str:
        """Its name, which carries its hash."""
        return f"{hashlib.sha256(self.content).hexdigest()[:12]}.{self.kind}"


def read_picture(content: bytes, field: str = "logo") -> Picture | Refusal:
    """A file as a picture, cleaned, or why it cannot be one, at the `field` that asked for it."""
    read = _read(content)
    return replace(read, field=field) if isinstance(read, Refusal) else read


def _read(content: bytes) -> Picture | Refusal:
    if content.startswith(pngs.SIGNATURE):
        png = pngs.clean(content)
        return png if isinstance(png, Refusal) else Picture("png", png.content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Refusal("picture-neither", _NEITHER)
    if "<" not in text[:1000]:
        return Refusal("picture-neither", _NEITHER)
    drawing = drawings.clean(text)
    return drawing if isinstance(drawing, Refusal) else Picture("svg", drawing.encode())
