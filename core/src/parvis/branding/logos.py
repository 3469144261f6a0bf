"""Whether a picture may stand as a logo: an SVG that draws, and does nothing else. No I/O."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from parvis.errors import Refusal, Text

_BYTES = 64 * 1024
_SVG = "{http://www.w3.org/2000/svg}"
_DRAWS = frozenset(
    {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title"}
    | {"desc", "defs", "clipPath", "mask", "use", "symbol", "linearGradient", "radialGradient", "stop", "pattern"}
)


def logo_refusals(svg: str) -> list[Refusal]:
    """Why a file cannot be a logo; empty when it can."""
    if len(svg.encode()) > _BYTES:
        return [_refusal("logo-too-large", Text("A logo has at most 64 kilobytes."))]
    wrong = _refusal("logo-not-svg", Text("Please choose an SVG drawing."))
    # A document type could name entities that grow without end, or files of the machine.
    if "<!DOCTYPE" in svg or "<!ENTITY" in svg:
        return [wrong]
    try:
        root = ET.fromstring(svg)  # noqa: S314 - no document type, so no entity
    except ET.ParseError:
        return [wrong]
    if root.tag != f"{_SVG}svg":
        return [wrong]
    if all(_harmless(element) for element in root.iter()):
        return []
    return [_refusal("logo-not-plain", Text("Please save the drawing as a plain SVG, without scripts or links."))]


def _harmless(element: ET.Element) -> bool:
    name = str(element.tag)
    if not name.startswith(_SVG) or name.removeprefix(_SVG) not in _DRAWS:
        return False
    return all(_draws(key, value) for key, value in element.attrib.items())


def _draws(key: str, value: str) -> bool:
    if key.lower().startswith("on") or key == "style":
        return False
    if key.endswith("href"):
        return value.startswith("#")
    return not re.search(r"url\((?!#)", value)


def _refusal(code: str, text: Text) -> Refusal:
    return Refusal(code, text, "logo")
