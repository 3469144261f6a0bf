"""A territory with one town, a mail server that catches, and a settings value that points at both."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from parvis import settings
from parvis.demo.mailbox import catching
from parvis.territory import actions as territory
from parvis.web import folders


@dataclass(slots=True)
class Post:
    """Where mails and SMS arrive."""

    folder: Path

    def mails(self) -> list[EmailMessage]:
        """Every mail caught, in order."""
        files = sorted(self.folder.glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]


@pytest.fixture
async def town(database: str) -> UUID:
    """A town of the territory, not the portal's own emitter."""
    await territory.add_emitter(
        "m2a", "Mulhouse Alsace Agglomération", "agglomeration", latitude=47.7, longitude=7.3, phone="03 89 00 00 00"
    )
    return await territory.add_emitter("illzach", "Ville d’Illzach", "municipality", latitude=47.8, longitude=7.4)


@pytest.fixture
def use_smtp() -> Callable[[str], None]:
    """Send mails through an address from now on."""

    def use(url: str) -> None:
        settings.use(replace(settings.current(), smtp_url=url, mail_from="Portail <portail@example.org>"))

    return use


@pytest_asyncio.fixture
async def post(town: UUID, tmp_path: Path, use_smtp: Callable[[str], None]) -> AsyncIterator[Post]:
    """A real mail server, and the settings that lead there."""
    async with catching(tmp_path / "mail") as port:
        use_smtp(f"smtp://127.0.0.1:{port}")
        yield Post(tmp_path / "mail")


@pytest.fixture
def plugin_templates(tmp_path: Path) -> Iterator[None]:
    """A plugin's package with one message, `probe/visit`."""
    folder = tmp_path / "parvis_probe"
    messages = folder / "templates" / "probe" / "messages"
    messages.mkdir(parents=True)
    for ending, words in _VISIT.items():
        (messages / f"visit.{ending}").write_text(words)
    folders.use([folder])
    yield
    folders.use([])


_VISIT = {
    "subject": "{{ start | day_hour }} & {{ name }}\n",
    "txt": '{% extends "messages/mail.txt" %}\n{% block body %}\n{{ name }} : {{ start | day_hour }}\n'
    "{{ base_url }}/r/1\n{% endblock %}\n",
    "html": '{% extends "messages/mail.html" %}\n{% import "messages/parts.html" as mail %}\n'
    '{% block body %}{{ mail.title(name) }}{{ mail.action(head, base_url ~ "/r/1", "Voir") }}{% endblock %}\n',
    "sms": "{{ name }} : {{ start | day_hour }}\n",
}
