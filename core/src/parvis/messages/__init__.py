"""Mails and SMS: queued in the caller's transaction, rendered and sent by the worker, dropped once stale.

    async with transaction():
        ...
        await messages.send("idcard/confirmed", Channel.MAIL, address, "fr", emitter, {"start": start}, use_by=start)

A template `<owner>/<name>` is rendered from `<owner>/messages/<name>.subject`, `.txt`, `.html` and `.sms`.
"""

from parvis.messages.actions import send
from parvis.messages.entries import CalendarEntry

__all__ = ["CalendarEntry", "send"]
