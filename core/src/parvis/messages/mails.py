"""Mails: text and HTML of the same words, the calendar file beside them, sent over SMTP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from parvis import settings
from parvis.messages.letters import Written

_SECONDS = 20
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_PERMANENT = 500


class NotSent(Exception):
    """It did not leave, and may later: a server that is down, or that says to wait."""


class Rejected(Exception):
    """It will never leave like this. `bounced` if it is the address that is refused."""

    def __init__(self, reason: str, bounced: bool) -> None:
        super().__init__(reason)
        self.bounced = bounced


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What goes around the words. `calendar` is a calendar file and its method."""

    to: str
    sender: str
    message_id: str
    language: str
    at: datetime
    calendar: tuple[bytes, str] | None = None


def compose(written: Written, envelope: Envelope) -> EmailMessage:
    """The mail. Clients that know calendars offer the entry, the others the attached file."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(written_name(envelope.sender), addr_spec=sender_address())
    mail["To"] = Address(addr_spec=envelope.to)
    mail["Subject"] = written.subject
    mail["Date"] = format_datetime(envelope.at)
    mail["Message-ID"] = envelope.message_id
    mail["Content-Language"] = envelope.language
    # No answering machine shall answer a machine.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(written.text)
    mail.add_alternative(written.html, subtype="html")
    if envelope.calendar:
        file, method = envelope.calendar
        mail.add_alternative(
            file.decode(), subtype="calendar", params={"method": method, "name": "invite.ics"}, cte="base64"
        )
        mail.add_attachment(file, maintype="application", subtype="ics", filename="invite.ics")
    return mail


def written_name(name: str) -> str:
    """A name as a header may carry it: one line.

    >>> written_name("Ville\\r\\nde  Thann")
    'Ville de Thann'
    """
    return " ".join(name.split())


def sender_address() -> str:
    """The bare address that mails leave from."""
    return parseaddr(settings.current().mail_from)[1]


async def transmit(mail: EmailMessage, to: str) -> None:
    """Hand a mail to the server of PARVIS_SMTP_URL. Raises NotSent or Rejected; their words hold no address."""
    url = urlsplit(settings.current().smtp_url)
    if not url.hostname:
        raise NotSent("PARVIS_SMTP_URL is not set")
    try:
        await aiosmtplib.send(
            mail,
            sender=sender_address(),
            recipients=[to],
            hostname=url.hostname,
            port=url.port or (465 if url.scheme == "smtps" else 25),
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            use_tls=url.scheme == "smtps",
            timeout=_SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refused(error.recipients[0], bounced=True) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error, bounced=False) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotSent(type(error).__name__) from None


def _refused(error: aiosmtplib.SMTPResponseException, bounced: bool) -> NotSent | Rejected:
    enhanced = _ENHANCED.search(error.message)
    reason = f"SMTP {error.code}" + (f" {enhanced[0]}" if enhanced else "")
    # Policy, sign-in and sender are for the operator to mend: the mail is as good as before.
    ours = isinstance(error, (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPAuthenticationError))
    if error.code < _PERMANENT or ours or (enhanced and enhanced[0].startswith("5.7.")):
        return NotSent(reason)
    return Rejected(reason, bounced)
