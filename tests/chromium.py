"""One Chromium a worker, as starting it takes a second; each test has windows of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Debian's wrapper asks for rasterising by a graphics card; without one, that takes half the time of a journey.
_BINARIES = (Path("/usr/lib/chromium/chromium"), Path("/usr/bin/chromium"))
CHROMIUM = {"executable_path": next((file for file in _BINARIES if file.exists()), _BINARIES[-1]), "args": ARGUMENTS}


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The worker's own, for `browser`."""
    async with async_playwright() as driver:
        found = await driver.chromium.launch(**CHROMIUM)
        yield found
        await found.close()


@pytest_asyncio.fixture
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """A browser without windows; what a test opens in it is closed after it."""
    yield chromium
    await emptied(chromium)


async def emptied(browser: Browser) -> None:
    """Close every window; before its server is stopped, or that waits for what the windows keep open."""
    for context in browser.contexts:
        await context.close()
