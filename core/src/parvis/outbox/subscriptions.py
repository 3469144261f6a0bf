"""Which reactions there are: registered once at start, asked at use whether the emitter enabled their plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from parvis.contract.values import Reaction
from parvis.errors import ConfigurationError
from parvis.events import Event


async def _never(_plugin: str, _emitter: UUID) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Reactions of the core's domains, and those of each plugin by its key.

    `is_enabled(plugin, emitter)` is asked inside the transaction that records. An event without an emitter is
    the instance's own and reaches every plugin. Raises ConfigurationError if two reactions share a key.
    """

    core: tuple[Reaction, ...] = ()
    plugins: Mapping[str, tuple[Reaction, ...]] = field(default_factory=dict)
    is_enabled: Callable[[str, UUID], Awaitable[bool]] = _never
    by_key: Mapping[str, Reaction] = field(init=False)

    def __post_init__(self) -> None:
        known: dict[str, Reaction] = {}
        for reaction in (*self.core, *(one for many in self.plugins.values() for one in many)):
            if reaction.key in known:
                raise ConfigurationError(f"Two reactions have the key {reaction.key}: rename one of them.")
            known[reaction.key] = reaction
        object.__setattr__(self, "by_key", known)

    async def keys_for(self, event: Event) -> list[str]:
        """The keys of the reactions that `event` is due to."""
        keys = [reaction.key for reaction in self.core if isinstance(event, reaction.event)]
        for plugin, reactions in self.plugins.items():
            fitting = [reaction.key for reaction in reactions if isinstance(event, reaction.event)]
            if fitting and (event.emitter is None or await self.is_enabled(plugin, event.emitter)):
                keys += fitting
        return keys


_current = [Subscriptions()]


def use(subscriptions: Subscriptions) -> None:
    """Make `subscriptions` the process's own; a composition root calls it once."""
    _current[:] = [subscriptions]


def current() -> Subscriptions:
    """The reactions this process knows."""
    return _current[-1]
