"""The sandbox keeps to what the kit asks of every provider."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from parvis.payments.books.ledger import today
from parvis.testing.provider_kit import ProviderConformance, Rig
from parvis.testing.sandbox_provider import Sandbox


class TestSandbox(ProviderConformance):
    @pytest.fixture
    def rig(self, instance) -> Rig:
        sandbox = Sandbox()

        async def pay(ref: str) -> None:
            sandbox.pay(ref)

        async def refuse(ref: str) -> None:
            sandbox.refuse(ref)

        @contextmanager
        def down() -> Iterator[None]:
            sandbox.down = True
            yield
            sandbox.down = False

        return Rig(sandbox, "sandbox", pay, refuse, sandbox.notification, down, today)
