import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP
from icalendar import Calendar

from parvis import clock, messages
from parvis.contract.values import Channel
from parvis.db import connection, transaction
from parvis.demo.mailbox import catching
from parvis.events import ContactCodeRequested, MessageQueued
from parvis.identity import contacts
from parvis.identity.contacts import Contact
from parvis.messages import CalendarEntry, queries
from parvis.messages.delivery import deliver
from parvis.messages.reactions import send_contact_code
from parvis.outbox import Later

START = datetime(2027, 1, 5, 8, 30, tzinfo=UTC)
ADDRESS = "Jean.Martin@example.org"
pytestmark = pytest.mark.usefixtures("plugin_templates")


async def queued(emitter: UUID | None = None, **changes: Any) -> UUID:
    fields: dict[str, Any] = {
        "template": "probe/visit",
        "channel": Channel.MAIL,
        "address": ADDRESS,
        "language": "fr",
        "emitter": emitter,
        "context": {"name": "Zoé & <Jean>", "start": START},
        "use_by": clock.now() + timedelta(days=2),
    }
    async with transaction():
        return await messages.send(**fields | changes)


async def sent(emitter: UUID | None = None, **changes: Any) -> UUID:
    message = await queued(emitter, **changes)
    await deliver(MessageQueued(message=message))
    return message


async def row(message: UUID) -> asyncpg.Record:
    async with connection() as c:
        found = await c.fetchrow("SELECT * FROM parvis.message WHERE id = $1", message)
    assert found
    return found


def an_entry(**changes: Any) -> CalendarEntry:
    fields = {"uid": "K7M2@x", "start": START, "end": START + timedelta(minutes=20), "summary": "Rendez-vous"}
    return CalendarEntry(**fields | changes)


async def test_a_mail_arrives_as_text_and_html(post: Any, town: UUID) -> None:
    message = await sent(town)
    (mail,) = post.mails()
    assert mail["subject"] == "mardi 5 janvier 2027 à 9 h 30 & Zoé & <Jean>"
    assert mail["from"].addresses[0].display_name == "Ville d’Illzach"
    assert mail["from"].addresses[0].addr_spec == "portail@example.org"
    assert mail["to"] == ADDRESS
    assert mail["message-id"] == f"<{message}@example.org>"
    assert mail["auto-submitted"] == "auto-generated"
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert "Zoé & <Jean>" in text
    assert "http://localhost:8000/r/1" in text
    assert "sur le portail de Mulhouse Alsace Agglomération" in text
    assert "Zoé &amp; &lt;Jean&gt;" in html
    assert (await row(message))["state"] == "sent"


async def test_the_portal_s_own_mails_name_nobody_else(post: Any) -> None:
    await sent(None)
    (mail,) = post.mails()
    assert mail["from"].addresses[0].display_name == "Mulhouse Alsace Agglomération"
    assert "portail de" not in mail.get_body(("plain",)).get_content()


async def test_a_mail_is_sent_once(post: Any) -> None:
    message = await sent()
    await deliver(MessageQueued(message=message))
    assert len(post.mails()) == 1


async def test_a_calendar_file_comes_as_an_offer_and_as_a_file(post: Any, town: UUID) -> None:
    await sent(town, calendar_entry=an_entry())
    await sent(
        town, calendar_entry=an_entry(start=START + timedelta(days=1), end=START + timedelta(days=1, minutes=20))
    )
    await sent(town, calendar_entry=an_entry(cancelled=True))
    told = []
    for mail in post.mails():
        (offer,) = (part for part in mail.walk() if part.get_content_type() == "text/calendar")
        (file,) = mail.iter_attachments()
        calendar = Calendar.from_ical(offer.get_content())
        assert file.get_filename() == "invite.ics"
        assert Calendar.from_ical(file.get_content()) == calendar
        assert offer.get_param("method") == calendar["method"]
        event = calendar.events[0]
        told.append((calendar["method"], event["uid"], event["sequence"], event.start.day))
    assert told == [("PUBLISH", "K7M2@x", 0, 5), ("PUBLISH", "K7M2@x", 1, 6), ("CANCEL", "K7M2@x", 2, 5)]


async def test_a_stale_mail_is_dropped_and_shown(post: Any) -> None:
    message = await queued()
    clock.move(timedelta(days=2))
    await deliver(MessageQueued(message=message))
    assert post.mails() == []
    assert [(info.id, info.state, info.error) for info in await queries.troubled()] == [(message, "stale", "too late")]


async def test_a_server_down_for_a_day_loses_nothing(town: UUID, tmp_path: Any, use_smtp: Any) -> None:
    """Hour by hour until it is back: the mail of two days leaves once, the one of half a day is dropped."""
    down = True
    async with catching(tmp_path / "mail", active=lambda: frozenset({"smtp-down"} if down else ())) as port:
        use_smtp(f"smtp://127.0.0.1:{port}")
        lasting = await queued(use_by=clock.now() + timedelta(days=2))
        short = await queued(use_by=clock.now() + timedelta(hours=12))
        due = {lasting: clock.now(), short: clock.now()}
        began, pauses = clock.now(), []
        while due:
            message = min(due, key=due.__getitem__)
            clock.move(max(due[message] - clock.now(), timedelta()))
            down = clock.now() - began < timedelta(days=1)
            try:
                await deliver(MessageQueued(message=message))
                del due[message]
            except Later as later:
                pauses.append(later.at - clock.now())
                due[message] = later.at
    assert timedelta(seconds=0) < min(pauses) < max(pauses) <= timedelta(minutes=10)
    assert (await row(lasting))["state"] == "sent"
    assert (await row(short))["state"] == "stale"
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
    assert clock.now() - began < timedelta(days=1, minutes=15)


async def test_a_server_that_is_not_there(town: UUID, use_smtp: Any, unused_tcp_port: int) -> None:
    use_smtp(f"smtp://127.0.0.1:{unused_tcp_port}")
    message = await queued()
    with pytest.raises(Later):
        await deliver(MessageQueued(message=message))
    assert (await row(message))["error"] == "SMTPConnectError"
    assert [info.attempts for info in await queries.delayed()] == [1]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("550 5.1.1 <Jean.Martin@example.org> unknown", "bounced"),
        ("550 5.7.1 relaying denied for Jean.Martin@example.org", "queued"),
        ("452 4.2.2 mailbox full", "queued"),
    ],
)
async def test_what_the_server_says_of_the_address(town: UUID, use_smtp: Any, answer: str, state: str) -> None:
    class Refusing:
        async def handle_RCPT(self, *_: Any) -> str:  # noqa: N802 - aiosmtpd's name
            return answer

    async with _server(Refusing) as port:
        use_smtp(f"smtp://127.0.0.1:{port}")
        message = await queued()
        try:
            await deliver(MessageQueued(message=message))
        except Later:
            assert state == "queued"
    found = await row(message)
    assert found["state"] == state
    assert found["error"] == "SMTP " + " ".join(answer.split()[:2])


async def test_a_mail_refused_for_what_it_is_has_failed(town: UUID, use_smtp: Any) -> None:
    class Refusing:
        async def handle_DATA(self, *_: Any) -> str:  # noqa: N802
            return "554 5.6.0 not like this"

    async with _server(Refusing) as port:
        use_smtp(f"smtp://127.0.0.1:{port}")
        message = await sent()
    found = await row(message)
    assert (found["state"], found["error"]) == ("failed", "SMTP 554 5.6.0")
    assert found["sealed"] is not None


async def test_a_header_cannot_be_smuggled_in(post: Any) -> None:
    await sent(context={"name": "x\r\nBcc: spy@example.org", "start": START})
    (mail,) = post.mails()
    assert mail["bcc"] is None
    assert json.loads(next(post.folder.glob("*.json")).read_text())["to"] == [ADDRESS]


async def test_an_sms_is_kept_in_a_file(post: Any) -> None:
    message = await sent(channel=Channel.SMS, address="+33612345678")
    kept = json.loads((post.folder / f"{message}.json").read_text())
    assert kept["text"] == "Zoé & <Jean> : mardi 5 janvier 2027 à 9 h 30"
    assert (kept["to"], kept["segments"], kept["channel"]) == ("+33612345678", 1, "sms")


async def test_a_contact_code_is_sent_once_and_fits(post: Any) -> None:
    proof = await contacts.ask(Contact(Channel.MAIL, ADDRESS), "de")
    for _ in range(2):
        await send_contact_code(ContactCodeRequested(proof=proof))
    async with connection() as c:
        rows = await c.fetch("SELECT id, use_by FROM parvis.message")
    assert len(rows) == 1
    assert rows[0]["use_by"] <= clock.now() + contacts.CODE_LASTS
    await deliver(MessageQueued(message=rows[0]["id"]))
    (mail,) = post.mails()
    code = mail["subject"].split()[0]
    assert mail["subject"] == f"{code} ist Ihr Code"
    assert (await contacts.prove(proof, code, None)).contact.address == ADDRESS


@asynccontextmanager
async def _server(handler: Callable[[], Any]) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler(), hostname="localhost", loop=loop), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
