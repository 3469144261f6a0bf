"""A page, a form and a mail in a look that is being chosen; the query of their address is the look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from parvis import plugins, settings
from parvis.branding.looks import Look
from parvis.branding.queries import address, brand_of
from parvis.branding.rules import mail_colour
from parvis.contract.values import Channel, MessageTemplate
from parvis.errors import NotFound, Text
from parvis.messages import previews
from parvis.messages.letters import letterhead
from parvis.messages.reactions import templates
from parvis.office.look import looking
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import forms
from parvis.web.headers import content_security_policy
from parvis.web.i18n import language
from parvis.web.pages import Brand, Frame, Link
from parvis.web.rendering import render_text

_AnyRequest = Request[Any, Any, Any]
_PAGES = frozenset({"page", "form"})
_LINKS = (
    Link(label=Text("Services"), url="#main", current=True),
    Link(label=Text("My requests"), url="#main", count=2),
)
# A sample is looked at, inside our own page; what it would send goes nowhere.
_SAMPLE = content_security_policy().replace("form-action 'self'", "form-action 'none'")
# A mail's own look is written into it; it may do nothing else.
_MAIL = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@get("/office/{emitter:str}/look/sample/{what:str}", **looking.SEE)
async def sample(request: _AnyRequest, emitter: FromPath[str], what: FromPath[str]) -> Response[Any]:
    """`page`, `form`, `mail`, or the `palette.css` that the first two wear. Raises NotFound."""
    found, chosen = await territory.emitter_by_slug(emitter), _chosen(request)
    if what == "palette.css":
        return Response(chosen.stylesheet(), media_type="text/css", headers={"Cache-Control": "no-store"})
    if what == "mail":
        return _shown(await _mail(found, chosen, language(request)), _MAIL)
    if what in _PAGES:
        return _shown(await _page(request, found, chosen, what), _SAMPLE)
    raise NotFound


def _chosen(request: _AnyRequest) -> Look:
    form = forms.query(request, Look)
    if form.errors or form.decoded is None:
        raise NotFound
    return form.decoded


async def _page(request: _AnyRequest, emitter: EmitterInfo, chosen: Look, what: str) -> str:
    return render_text(
        f"office/look/sample-{what}.html",
        language(request),
        frame=await _frame(emitter, chosen, request.url.query),
        form=forms.blank(way="counter"),
        request=request,
        here="#main",
        demo=False,
    )


async def _frame(emitter: EmitterInfo, chosen: Look, query: str) -> Frame:
    slug, icon = emitter.slug, chosen.icon or chosen.logo
    brand = Brand(
        slug=slug,
        name=chosen.name,
        url="#main",
        logo=address(slug, chosen.logo) if chosen.logo else None,
        icon=address(slug, icon) if icon else None,
        stylesheet=f"/office/{slug}/look/sample/palette.css?{query}",
    )
    own = slug == settings.current().territory
    portal = brand if own else await brand_of(settings.current().territory, "#main")
    return Frame(
        portal=portal,
        emitter=None if own else brand,
        navigation=_LINKS,
        help_phone=emitter.phone or None,
        help_hours=emitter.phone_hours or None,
    )


async def _mail(emitter: EmitterInfo, chosen: Look, lang: str) -> str:
    head = replace(await letterhead(emitter.id), name=chosen.name, colour=mail_colour(chosen.mail_asked))
    return previews.preview(await _template(emitter), Channel.MAIL, lang, head).html


async def _template(emitter: EmitterInfo) -> MessageTemplate:
    """A mail that the emitter sends, of a service of its own if it has one."""
    for plugin in plugins.current():
        mails = [template for template in plugin.message_templates if Channel.MAIL in template.channels]
        if mails and await territory.is_enabled(plugin.key, emitter.id):
            return mails[0]
    return templates()[0]


def _shown(html: str, policy: str) -> Response[str]:
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return Response(html, media_type="text/html; charset=utf-8", headers=headers)


HANDLERS = (sample,)
