"""Rendering a page, with what stands around it: whose page it is, where one can go, who is signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.params import PathParameter
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from parvis import settings
from parvis.errors import Text
from parvis.web import fields
from parvis.web.i18n import language
from parvis.web.rendering import render_text
from parvis.web.trace import correlation_id

_AnyRequest = Request[Any, Any, Any]
# A number in an address: what no column holds is nobody's.
Number = Annotated[int, PathParameter(ge=0, le=fields.MOST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """The name, pictures and colours a page wears; `icon` is for the browser's tab, `stylesheet` holds its palette."""

    slug: str
    name: str
    url: str = "/"
    logo: str | None = None
    icon: str | None = None
    stylesheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry of a navigation: where to, how many wait there, the page one is on or not, the key that leads there."""

    label: Text | str
    url: str
    icon: str | None = None
    count: int | None = None
    current: bool = False
    key: str = ""

    @property
    def waiting(self) -> int:
        """How many wait there, 0 where nothing does or can."""
        return self.count or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Links that belong together in the navigation of a back office, under a name."""

    label: Text | str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """For whom somebody acts as a proxy until an instant (UTC), or no longer may; `stop` ends it with one click."""

    name: str
    until: datetime | None
    stop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around a page. `emitter` is set on an emitter's pages and in its back office.

    `navigation` is the portal's, `areas` are a back office's. `person` is a name to greet with, `account` leads to what
    is theirs; `acting` is set while they act for somebody else; `emitters` are the ones an agent may act for;
    `help_hours` a sentence; `search` takes what an agent looks for; `canonical` is the address of a page that has
    another one too.
    """

    portal: Brand = Brand(slug="parvis", name="Parvis")
    emitter: Brand | None = None
    navigation: tuple[Link, ...] = ()
    areas: tuple[Area, ...] = ()
    person: str | None = None
    account: str | None = None
    acting: Acting | None = None
    sign_in: str | None = None
    sign_out: str | None = None
    help_phone: str | None = None
    help_hours: Text | str | None = None
    emitters: tuple[Link, ...] = ()
    legal: tuple[Link, ...] = ()
    notice: Text | str | None = None
    search: str | None = None
    canonical: str | None = None

    @property
    def office(self) -> tuple[Link, ...]:
        """Every link of a back office's navigation, in its order."""
        return tuple(link for area in self.areas for link in area.links)


More = Callable[[], Awaitable[Mapping[str, Any]]]
FrameProvider = Callable[[_AnyRequest], Awaitable[Frame]]
_providers: list[FrameProvider] = []


def provide_frame(provider: FrameProvider | None) -> None:
    """Hand pages what stands around them; the app calls it once. None takes it away."""
    _providers[:] = [provider] if provider else []


def render(
    request: _AnyRequest,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    late: More | None = None,
    **context: Any,
) -> Response[Any]:
    """A page from a template, in the language of the request, inside the frame of its emitter.

    It is rendered as it is sent, after the handler: a frame may ask the database, and `late` gives what else there is
    to wait for. Without a frame (the database is down, say) the page is still shown, in the portal's plain look.
    """
    return _Page(request, template, context, status, headers or {}, late)


def see_other(url: str) -> Response[None]:
    """Go and GET another page, after a form was handled; a header carries no letter beyond ASCII."""
    location = quote(url, safe="%/?#[]@!$&'()*+,;=:~")
    return Response(None, status_code=303, headers={"Location": location, "Cache-Control": "no-store"})


class _Page(Response[Any]):
    def __init__(
        self,
        request: _AnyRequest,
        template: str,
        context: Mapping[str, Any],
        status: int,
        headers: Mapping[str, str],
        late: More | None,
    ) -> None:
        super().__init__(None, status_code=status, headers=headers, media_type="text/html")
        self.request, self.template, self.context, self.late = request, template, context, late

    def to_asgi_response(self, *_: Any, **given: Any) -> ASGIResponse:
        headers = {**(given.get("headers") or {}), **self.headers}
        cookies = [*self.cookies, *(given.get("cookies") or ())]
        status = self.status_code or given.get("status_code")
        return _Late(
            self,
            headers=headers,
            cookies=cookies,
            status_code=status,
            media_type="text/html",
            background=self.background or given.get("background"),
        )

    async def body(self) -> tuple[bytes, bool]:
        """The page's bytes, and whether somebody is signed in."""
        request = self.request
        frame = await _frame(request, self.status_code or 200)
        lang = language(request)
        context = {**self.context, **(await self.late() if self.late else {})}
        page = render_text(
            self.template,
            lang,
            **{"form": None, **context},
            frame=frame,
            request=request,
            here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            correlation=correlation_id(request.scope),
            demo=settings.current().env == "demo",
        )
        return page.encode(), frame.person is not None


class _Late(ASGIResponse):
    """A response whose body is made once it is sent, so that it may await."""

    _should_set_content_length = False

    def __init__(self, page: _Page, **given: Any) -> None:
        super().__init__(**given)
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.body, personal = await self.page.body()
        self.headers["content-length"] = str(len(self.body))
        self.headers.setdefault("content-language", language(self.page.request))
        # Kept by nobody on a shared computer once signed in; otherwise the way back keeps what was typed.
        self.headers.setdefault("cache-control", "no-store" if personal else "private, no-cache")
        self.headers.setdefault("vary", "Accept-Language, Cookie")
        await super().__call__(scope, receive, send)


async def _frame(request: _AnyRequest, status: int) -> Frame:
    if not _providers:
        return Frame()
    try:
        return await _providers[0](request)
    except Exception:
        if status < 400:
            raise
        return Frame()
