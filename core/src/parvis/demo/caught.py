"""What the demo's mail server and SMS sender caught, and the pages that show it; only the demo has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from parvis import settings
from parvis.demo.mailbox import CaughtMail
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.messages.senders import SmsFile
from parvis.web import pages
from parvis.web.headers import content_security_policy

_AnyRequest = Request[Any, Any, Any]
_OPEN = guards.page(guards.public(), "everyone")
_ID = re.compile(r"[A-Za-z0-9-]{1,80}")
_SHOWN = 200
# A mail's styles stand in its elements; it may not run, load or frame anything.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """A caught message; `line` is a mail's subject or an SMS's text."""

    id: str
    channel: str
    at: datetime
    to: str
    line: str


def caught(folder: Path) -> list[Caught]:
    """Everything caught, newest first."""
    return sorted(_all(folder), key=lambda one: one.at, reverse=True)


def mail(folder: Path, caught_id: str) -> EmailMessage:
    """A caught mail. Raises NotFound."""
    found = message_from_bytes(_file(folder, caught_id, "eml").read_bytes(), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def part(letter: EmailMessage, kind: str) -> str:
    """The first part of a kind, e.g. `text/html`, or nothing."""
    for one in letter.walk():
        if one.get_content_type() == kind:
            content = one.get_content()
            return content.decode() if isinstance(content, bytes) else str(content)
    return ""


@get("/demo/mailbox", **_OPEN)
async def mailbox(request: _AnyRequest) -> Response[Any]:
    """Everything caught, newest first."""
    return pages.render(request, "demo/mailbox.html", messages=caught(_folder())[:_SHOWN])


@get("/demo/mailbox/{caught_id:str}", **_OPEN)
async def show(request: _AnyRequest, caught_id: FromPath[str]) -> Response[Any]:
    """One message: its text with links, a mail's HTML, the calendar file."""
    one = _one(_folder(), caught_id)
    if one.channel == "sms":
        kept = msgspec.json.decode(_file(_folder(), caught_id, "json").read_bytes(), type=SmsFile)
        return pages.render(request, "demo/caught.html", one=one, text=kept.text, segments=kept.segments)
    letter = mail(_folder(), caught_id)
    return pages.render(
        request,
        "demo/caught.html",
        headers={"Content-Security-Policy": f"{content_security_policy()}; frame-src 'self'"},
        one=one,
        sender=str(letter["from"]),
        text=part(letter, "text/plain"),
        html=bool(part(letter, "text/html")),
        calendar=part(letter, "text/calendar").replace("\r\n ", ""),
    )


@get("/demo/mailbox/{caught_id:str}/html", **_OPEN)
async def show_html(caught_id: FromPath[str]) -> Response[str]:
    """A mail's HTML as a mail program shows it; its links open in the whole window."""
    words = part(mail(_folder(), caught_id), "text/html").replace("<head>", '<head><base target="_top">', 1)
    return Response(words, media_type="text/html", headers={"Content-Security-Policy": _MAIL_POLICY})


@get("/demo/mailbox/{caught_id:str}/invite.ics", **_OPEN)
async def download_calendar(caught_id: FromPath[str]) -> Response[bytes]:
    """The attached calendar file. Raises NotFound."""
    for attached in mail(_folder(), caught_id).iter_attachments():
        if attached.get_filename() == "invite.ics":
            headers = {"Content-Disposition": 'attachment; filename="invite.ics"'}
            return Response(attached.get_content(), media_type="text/calendar", headers=headers)
    raise NotFound


HANDLERS = (mailbox, show, show_html, download_calendar)


def _folder() -> Path:
    return settings.current().data / "mail"


def _file(folder: Path, caught_id: str, ending: str) -> Path:
    file = folder / f"{caught_id}.{ending}"
    if not _ID.fullmatch(caught_id) or not file.exists():
        raise NotFound
    return file


def _one(folder: Path, caught_id: str) -> Caught:
    return _read(_file(folder, caught_id, "json"))


def _all(folder: Path) -> Iterator[Caught]:
    for file in folder.glob("[!.]*.json"):
        yield _read(file)


def _read(file: Path) -> Caught:
    raw = file.read_bytes()
    if b'"sms"' in raw[:60]:
        sms = msgspec.json.decode(raw, type=SmsFile)
        return Caught(id=file.stem, channel="sms", at=datetime.fromisoformat(sms.at), to=sms.to, line=sms.text)
    kept = msgspec.json.decode(raw, type=CaughtMail)
    to, at = ", ".join(kept.to), datetime.fromisoformat(kept.at)
    return Caught(id=file.stem, channel="mail", at=at, to=to, line=kept.subject)
