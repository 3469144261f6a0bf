"""How SMS leave: over HTTP to the operator's provider, or into files that the demo and tests read."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import httpx
import msgspec

from parvis import clock, crypto
from parvis.messages.mails import NotSent, Rejected
from parvis.messages.sms import segments
from parvis.settings import Settings

_SECONDS = 15
_WAIT = frozenset({408, 425, 429})


class SmsSender(Protocol):
    """A way for SMS to leave. `reference` is the same when one is sent twice, for the provider to recognise."""

    async def send(self, number: str, text: str, reference: str) -> None:
        """Send it to a number in international form. Raises NotSent or Rejected."""
        ...


class SmsFile(msgspec.Struct, frozen=True, kw_only=True):
    """An SMS as it is kept in a file."""

    channel: str = "sms"
    at: str
    to: str
    text: str
    segments: int
    reference: str


class FileSender:
    """Keeps SMS as `.json` in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, number: str, text: str, reference: str) -> None:
        """Write it; a second time overwrites the first. Raises NotSent."""
        kept = SmsFile(at=clock.now().isoformat(), to=number, text=text, segments=segments(text), reference=reference)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{reference}"
            draft.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
            draft.replace(self.folder / f"{reference}.json")
        except OSError as error:
            raise NotSent(type(error).__name__) from None


class HttpSender:
    """Posts `{"to", "text", "reference"}` to an address; any 2xx is taken as accepted."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def send(self, number: str, text: str, reference: str) -> None:
        """Post it. Raises NotSent, or Rejected on a 4xx that waiting does not mend."""
        words = {"to": number, "text": text, "reference": reference}
        try:
            async with httpx.AsyncClient(verify=crypto.trust(), timeout=_SECONDS) as client:
                answer = await client.post(self.url, json=words, headers={"Idempotency-Key": reference})
        except httpx.HTTPError as error:
            raise NotSent(type(error).__name__) from None
        if answer.is_client_error and answer.status_code not in _WAIT:
            raise Rejected(f"HTTP {answer.status_code}", bounced=True)
        if not answer.is_success:
            raise NotSent(f"HTTP {answer.status_code}")


def sms_sender(current: Settings) -> SmsSender:
    """The sender that the settings ask for."""
    return HttpSender(current.sms_url) if current.sms_url else FileSender(current.data / "mail")
