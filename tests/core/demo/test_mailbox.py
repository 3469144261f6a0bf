"""The demo's mailbox: what was sent is found again on its pages, by a real SMTP session."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from parvis import settings
from parvis.demo import caught
from parvis.demo.mailbox import catching
from parvis.messages.senders import FileSender
from parvis.settings import Settings
from parvis.web import folders, pages
from parvis.web.site import Site

ICS = "BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def client(instance: Settings) -> Iterator[TestClient[Litestar]]:
    settings.use(replace(instance, env="demo"))
    folders.use([])
    pages.provide_frame(None)
    with TestClient(Litestar(caught.HANDLERS, plugins=[Site(settings.current())], openapi_config=None)) as found:
        found.headers["Accept-Language"] = "en"
        yield found


def a_mail(subject: str = "Votre rendez-vous à Illzach") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "portail@example.org", "jean@example.org", subject
    mail["Message-ID"] = "<1@example.org>"
    mail.set_content("Voir http://localhost:8000/r/1 <b>")
    mail.add_alternative("<html><head></head><body><a href='http://localhost:8000/r/1'>Voir</a></body>", subtype="html")
    mail.add_alternative(ICS, subtype="calendar", params={"method": "PUBLISH"})
    mail.add_attachment(ICS.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return mail


async def _send(folder: Path, *mails: EmailMessage) -> None:
    async with catching(folder / "mail") as port:
        for mail in mails:
            await aiosmtplib.send(mail, hostname="127.0.0.1", port=port)


def test_an_empty_mailbox_says_what_to_do(client: TestClient[Litestar]) -> None:
    assert "Nothing was sent yet" in client.get("/demo/mailbox").text


def test_a_mail_is_found_with_all_its_parts(client: TestClient[Litestar], tmp_path: Path) -> None:
    asyncio.run(_send(tmp_path, a_mail("First"), a_mail("Second <i>")))
    listed = client.get("/demo/mailbox").text
    assert listed.index("Second &lt;i&gt;") < listed.index("First")
    newest = caught.caught(tmp_path / "mail")[0].id
    page = client.get(f"/demo/mailbox/{newest}")
    assert '<a href="http://localhost:8000/r/1"' in page.text
    assert "METHOD:PUBLISH" in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    shown = client.get(f"/demo/mailbox/{newest}/html")
    assert '<base target="_top">' in shown.text
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")
    assert client.get(f"/demo/mailbox/{newest}/invite.ics").content == ICS.encode()


def test_an_sms_is_found(client: TestClient[Litestar], tmp_path: Path) -> None:
    asyncio.run(FileSender(tmp_path / "mail").send("+33612345678", "Demain à 9 h 30", "sms-1"))
    assert "Demain à 9 h 30" in client.get("/demo/mailbox").text
    assert "1 SMS" in client.get("/demo/mailbox/sms-1").text


@pytest.mark.parametrize("address", ["/demo/mailbox/none", "/demo/mailbox/..%2Fkeys", "/demo/mailbox/none/html"])
def test_what_was_not_caught_is_not_there(client: TestClient[Litestar], address: str) -> None:
    assert client.get(address).status_code == 404


async def test_a_server_switched_off_says_to_wait(tmp_path: Path) -> None:
    async with catching(tmp_path, active=lambda: frozenset({"smtp-down"})) as port:
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await aiosmtplib.send(a_mail(), hostname="127.0.0.1", port=port)
    assert refused.value.code == 451
    assert list(tmp_path.glob("*.eml")) == []
