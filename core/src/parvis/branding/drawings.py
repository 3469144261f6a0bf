"""An SVG drawing made harmless: what draws stays; scripts, links, styles and foreign parts go. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

from parvis.errors import Refusal, Text

_BYTES = 64 * 1024
_ELEMENTS = 2000
_DRAWN = 10_000
_DEPTH = 50
_NAMESPACE = "http://www.w3.org/2000/svg"
_SVG = f"{{{_NAMESPACE}}}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_SHAPES = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "use"})
_DRAWS = _SHAPES | frozenset(
    {"svg", "g", "tspan", "title", "desc", "defs", "clipPath", "mask", "symbol", "linearGradient"}
    | {"radialGradient", "stop", "pattern"}
)
# What a style may say that an attribute says as well.
_PRESENTS = frozenset(
    {"fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap", "opacity"}
    | {"stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "stop-color", "stop-opacity"}
    | {"clip-path", "clip-rule", "mask", "display", "visibility", "font-family", "font-size", "font-weight"}
    | {"font-style", "text-anchor", "letter-spacing"}
)
_RULE = re.compile(r"((?:\.[\w-]+\s*,\s*)*\.[\w-]+)\s*\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*>")
# A backslash could spell `url` in a way that no search finds.
_ELSEWHERE = re.compile(r"url\((?!\s*['\"]?#)|javascript:|expression\(|@import|\\", re.IGNORECASE)


def clean(svg: str) -> str | Refusal:
    """The drawing without all that does more than draw, or why it cannot be one."""
    if len(svg.encode()) > _BYTES:
        return _refusal("picture-too-large", Text("A drawing has at most 64 kilobytes."))
    root = _parsed(svg)
    if root is None:
        return _refusal(
            "picture-not-svg", Text("This file cannot be read as a drawing. Please save it as a plain SVG.")
        )
    if _depth(root) > _DEPTH or sum(1 for _ in root.iter()) > _ELEMENTS:
        return _refusal("picture-too-rich", Text("This drawing has too many parts. Please choose a simpler one."))
    styles = _styles(root)
    _keep_what_draws(root)
    for element in root.iter():
        _keep_harmless(element, styles)
    return _drawn(root)


def _drawn(root: ET.Element) -> str | Refusal:
    if not any(element.tag.removeprefix(_SVG) in _SHAPES for element in root.iter()):
        return _refusal(
            "picture-empty", Text("Nothing is drawn in this file: a photograph is no drawing. Choose a PNG.")
        )
    if not _sized(root):
        return _refusal("picture-no-size", Text("This drawing does not say how large it is. Please save it once more."))
    if _copies(root) > _DRAWN:
        return _refusal("picture-too-rich", Text("This drawing has too many parts. Please choose a simpler one."))
    return _written(root)


def _written(root: ET.Element) -> str:
    # ElementTree keeps one list of prefixes for the whole process, in which others write as well.
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
    said = {"xmlns": _NAMESPACE, **root.attrib}
    root.attrib.clear()
    root.attrib.update(said)
    return ET.tostring(root, encoding="unicode")


def _parsed(svg: str) -> ET.Element | None:
    # A document type with parts of its own could name entities that grow without end, or files of the machine.
    plain = _DOCTYPE.sub("", svg.lstrip("\ufeff"), count=1)
    if "<!DOCTYPE" in plain or "<!ENTITY" in plain:
        return None
    try:
        # Bytes: a text may not name an encoding, as most files do.
        root = ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", plain))  # noqa: S314 - no document type, so no entity
    except (ET.ParseError, ValueError, RecursionError):
        return None
    return root if root.tag == f"{_SVG}svg" else None


def _styles(root: ET.Element) -> dict[str, dict[str, str]]:
    """What a drawing's own style sheet says of its classes."""
    found: dict[str, dict[str, str]] = {}
    for sheet in root.iter(f"{_SVG}style"):
        for names, said in _RULE.findall(_COMMENT.sub("", sheet.text or "")):
            for name in names.split(","):
                found.setdefault(name.strip(" .\n\t\r"), {}).update(_declared(said))
    return found


def _declared(said: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in said.split(";"))
    tidy = ((name.strip().lower(), value.replace("!important", "").strip()) for name, _, value in pairs)
    return {name: value for name, value in tidy if name in _PRESENTS and value}


def _keep_what_draws(element: ET.Element) -> None:
    for child in list(element):
        if isinstance(child.tag, str) and child.tag.startswith(_SVG) and child.tag.removeprefix(_SVG) in _DRAWS:
            _keep_what_draws(child)
        else:
            element.remove(child)


def _keep_harmless(element: ET.Element, styles: Mapping[str, Mapping[str, str]]) -> None:
    said: dict[str, str] = {}
    for name in element.attrib.get("class", "").split():
        said |= styles.get(name, {})
    said |= _declared(element.attrib.get("style", ""))
    # Written beside an element's own attributes, a style wins.
    kept = {"href" if name == _XLINK else name: value for name, value in {**element.attrib, **said}.items()}
    element.attrib.clear()
    element.attrib.update({name: value for name, value in kept.items() if _harmless(name, value)})


def _harmless(name: str, value: str) -> bool:
    if name == "href":
        return value.startswith("#")
    if name.startswith("{") or name.lower().startswith("on") or name in ("style", "class"):
        return False
    return not _ELSEWHERE.search(value)


def _sized(root: ET.Element) -> bool:
    """Whether a drawing has a size; one that says it only in pixels is made to fit any."""
    if "viewBox" not in root.attrib:
        sides = [re.fullmatch(r"\s*(\d{1,5}(?:\.\d+)?)(?:px)?\s*", root.get(side, "")) for side in ("width", "height")]
        if not all(sides):
            return False
        root.set("viewBox", "0 0 " + " ".join(side[1] for side in sides if side))
    for side in ("width", "height"):
        root.attrib.pop(side, None)
    return True


def _copies(root: ET.Element) -> int:
    """How many elements are drawn once every `use` is followed; what uses itself counts as too many."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    counted: dict[str, int] = {}
    following: set[str] = set()

    def count(element: ET.Element) -> int:
        return min(1 + sum(map(count, element)) + sum(map(used, _used(element))), _DRAWN + 1)

    def used(name: str) -> int:
        if name in following:
            return _DRAWN + 1
        if name not in counted and name in by_id:
            following.add(name)
            counted[name] = count(by_id[name])
            following.discard(name)
        return counted.get(name, 0)

    try:
        return count(root)
    except RecursionError:
        return _DRAWN + 1


def _used(element: ET.Element) -> Iterator[str]:
    if "href" in element.attrib:
        yield element.attrib["href"].removeprefix("#")
    for name in ("fill", "stroke", "mask", "clip-path"):
        if found := re.search(r"url\(\s*['\"]?#([^'\")]+)", element.get(name, "")):
            yield found[1]


def _depth(element: ET.Element) -> int:
    depth, level = 0, [element]
    while level:
        depth, level = depth + 1, [child for parent in level for child in parent]
    return depth


def _refusal(code: str, text: Text) -> Refusal:
    return Refusal(code, text)
