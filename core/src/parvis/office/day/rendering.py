"""The parts of a day as HTML, each written once for all who see it in the same language with the same rights."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup

from parvis.errors import Text
from parvis.office.day.board import Change, Figures, Filter, Gap, Lane, Line, Part, Snapshot, View
from parvis.web.rendering import environment

_TEMPLATE = "office/day/parts.html"
_LISTS = {"list": "visits", "desks": "lanes"}


@lru_cache(maxsize=4096)
def part(shown: Part | None, lang: str, may: bool) -> Markup:
    """One part; `may` says whether its reader may take steps."""
    if shown is None:
        return _macro(lang, "nobody")
    name = {Line: "line", Gap: "gap", Lane: "lane", Figures: "figures"}[type(shown)]
    return _macro(lang, name, shown, may)


def whole(snapshot: Snapshot, wanted: Filter, lang: str, may: bool) -> tuple[Markup, Markup]:
    """The figures of a page, and its list or lanes."""
    figures, *rest = (part(shown, lang, may) for shown in snapshot.shown(wanted).values())
    return figures, Markup("").join(rest)


def swaps(found: Iterable[Change], view: View, lang: str, may: bool) -> str:
    """Changes as htmx swaps them into a page, out of band."""
    return "\n".join(_swap(change, view, lang, may) for change in found)


def anew(snapshot: Snapshot, wanted: Filter, lang: str, may: bool) -> str:
    """Everything, for a page of which nobody knows what it shows."""
    figures, rest = whole(snapshot, wanted, lang, may)
    tag = _tag(wanted.view)
    return f'{_out_of_band(figures)}\n<{tag} hx-swap-oob="innerHTML:#{_LISTS[wanted.view]}">{rest}</{tag}>'


def said(lang: str, text: Text | None = None) -> str:
    """What is said above the list about what was just done: why not, or nothing."""
    return _out_of_band(_macro(lang, "said", text))


def _swap(change: Change, view: View, lang: str, may: bool) -> str:
    tag = _tag(view)
    if change.act == "drop":
        return f'<{tag} id="{change.key}" hx-swap-oob="delete"></{tag}>'
    written = part(change.part, lang, may)
    if change.act == "put":
        return _out_of_band(written)
    where = f"afterend:#{change.after}" if change.after else f"afterbegin:#{_LISTS[view]}"
    return f'<{tag} hx-swap-oob="{where}">{written}</{tag}>'


def _macro(lang: str, name: str, *given: object) -> Markup:
    written: Markup = getattr(environment(lang).get_template(_TEMPLATE).module, name)(*given)
    return written


def _out_of_band(written: Markup) -> str:
    """A part that takes the place of the one with its id."""
    return str(written).replace(" id=", ' hx-swap-oob="true" id=', 1)


def _tag(view: View) -> str:
    return "ol" if view == "list" else "div"
