"""Background work of the messages."""

from __future__ import annotations

from datetime import timedelta

from parvis import clock
from parvis.jobs import Timer
from parvis.messages.actions import forget

_KEPT = timedelta(days=90)


def timers() -> tuple[Timer, ...]:
    """Forget messages that ended long ago; they hold nothing personal by then but which dossier they were about."""

    async def forget_ended() -> None:
        await forget(clock.now() - _KEPT)

    return (Timer("messages.forget", timedelta(hours=6), forget_ended),)
