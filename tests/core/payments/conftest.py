"""A way to pay that a plugin of the test brings, and residents' browsers without scripts."""

from dataclasses import dataclass
from functools import cache

import httpx
import pytest

from parvis import plugins, settings
from parvis.contract.values import PaymentProvider
from parvis.errors import Text
from parvis.payments.books import ledger
from parvis.territory.actions import enable_plugin
from parvis.testing.applications import application
from parvis.testing.payments import Shop, a_shop
from parvis.testing.plugins import a_plugin
from parvis.testing.sandbox_provider import Sandbox


@dataclass
class Payable:
    """A shop whose way to pay is installed and enabled; `offered` makes others of the same."""

    provider: Sandbox

    async def shop(self, **rest) -> Shop:
        shop = await a_shop(provider=self.provider, key="pay.sandbox", **rest)
        await enable_plugin(await emitter_of(shop), "pay")
        return shop


async def emitter_of(shop):
    return (await ledger.till_by_id(shop.till)).emitter


@pytest.fixture(scope="session", autouse=True)
def schemas():
    """Every file is held to its schema, which is read once: reading it took half the time of a test with debits."""
    import xmlschema  # as late as the library does, which says that it changes how XML is read

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xmlschema, "XMLSchema", cache(xmlschema.XMLSchema))
        yield


@pytest.fixture
def app(database):
    return application()


@pytest.fixture
def payable(app):
    before, provider = plugins.current(), Sandbox()
    plugins.use(
        a_plugin(key="pay", providers=(PaymentProvider(key="pay.sandbox", name=Text("Card"), provider=provider),))
    )
    yield Payable(provider)
    plugins.use(before)


@pytest.fixture
async def browser(app):
    opened = []

    def of(cookies=None):
        base = settings.current().base_url
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url=base,
            headers={"accept": "text/html", "accept-language": "en", "origin": base},
            cookies=cookies or {},
        )
        opened.append(client)
        return client

    yield of
    for client in opened:
        await client.aclose()
