"""People who work at a town hall, each in a browser of their own."""

from tests.journeys.looking import violations

from parvis.testing.people import a_person, a_session


class Office:
    """A town hall's portal, and browsers of people who work there."""

    def __init__(self, address, calendar, slug, browser):
        self.address, self.calendar, self.slug, self.browser = address, calendar, slug, browser

    async def agent(self, role="agent", **context):
        person = await a_person(role, self.calendar.emitter, name="Agnès")
        usual = {"locale": "fr-FR", "viewport": {"width": 1280, "height": 900}}
        opened = await self.browser.new_context(**usual | context)
        [(name, value)] = (await a_session(person)).items()
        await opened.add_cookies([{"name": name, "value": value, "url": self.address}])
        page = await opened.new_page()
        page.set_default_timeout(20_000)
        await page.goto(f"{self.base}/today")
        return page

    @property
    def base(self):
        return f"{self.address}/office/{self.slug}"


async def sound(page):
    assert await violations(page) == [], page.url
    width = page.viewport_size["width"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
