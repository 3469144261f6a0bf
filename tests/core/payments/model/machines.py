"""What providers tell and timers do, and how they fail."""

from __future__ import annotations

from tests.core.payments.model.providers import provider_of
from tests.core.payments.model.resident import MINUTE

from parvis import clock
from parvis.payments import attempts, expiring, polling
from parvis.testing.sandbox_provider import SIGNATURE

WAITS = (1, 4, 11, 16, 1, 25, 70, 24 * 60)


class Provider:
    """What the provider tells, and how it fails."""

    async def notify(self, n: int) -> None:
        for ref in await self.provider.hint(self.shop.account, *self.provider.notification(self.page(n))):
            await attempts.look(self.provider, self.shop.account, ref)

    async def notify_at_once(self, n: int) -> None:
        """Every page is told of twice, the resident comes back and the timers run, all at the same moment."""
        told = [self.notify(number) for number in range(2 * len(self.pages))]
        await self.at_once(*told, self.come_back(n), self.poll(n), self.expire(n), self.send(n))

    async def notify_and_cancel(self, n: int) -> None:
        """A payment is told of while somebody cancels it, and while it is taken at the counter."""
        await self.at_once(self.notify(n), self.cancel(n), self.notify(n + 1), self.take_cash(n))

    async def notify_forged(self, n: int) -> None:
        body, _ = self.provider.notification(self.page(n))
        await self.provider.hint(self.shop.account, body, {SIGNATURE: "forged"})

    async def notify_unknown(self, n: int) -> None:
        await attempts.look(self.provider, self.shop.account, "nobodys")

    async def go_down_or_up(self, n: int) -> None:
        self.provider.down = not self.provider.down

    async def become_illegible(self, n: int) -> None:
        self.provider.illegible ^= {self.page(n)}


class Worker:
    """What the timers do, and the time."""

    async def poll(self, n: int) -> None:
        await polling.look_due(provider_of)

    async def expire(self, n: int) -> None:
        await expiring.expire_due(provider_of)

    async def wait(self, n: int) -> None:
        clock.move(WAITS[n % len(WAITS)] * MINUTE)

    async def crash(self, n: int) -> None:
        """Whoever acts next dies on the way."""
        self.fated = 4 * n + 1
