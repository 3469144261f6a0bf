"""What every page owes whoever looks at it, asked of the page itself in Chromium."""

from axe_playwright_python.async_playwright import Axe

# Only faults are told in full: what passes is half of the work.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
_MEASURES = """() => {
  const shown = (e) => e.getClientRects().length > 0 && !e.closest("dialog, .hidden");
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const size = (e) => parseFloat(getComputedStyle(e).fontSize);
  const text = (e) => e.textContent.trim().slice(0, 40) || e.name;
  const said = [];
  if (document.documentElement.scrollWidth > innerWidth) said.push("scrolls sideways");
  if (all("h1").length !== 1) said.push(`${all("h1").length} first headings`);
  const sizes = new Set(all("main :is(h1, h2, h3, h4)").map(size).filter((one) => one > 18.5));
  if (sizes.size > 2) said.push(`headings of ${[...sizes]} px`);
  const main = all("main .button:not(.second, .quiet, .danger)");
  if (main.length > 1) said.push(`main buttons: ${main.map(text)}`);
  const targets = "button, .button, summary, select, nav a, .hour, .month a, input:not([type=checkbox], [type=radio])";
  const low = all(targets).filter((e) => Math.round(e.getBoundingClientRect().height) < 44);
  if (low.length) said.push(`lower than 44 px: ${low.map(text)}`);
  if (document.body.matches(".resident") && size(document.body) < 18) said.push("small text");
  return said;
}"""


async def violations(page):
    """What axe finds wrong with a page, each with the first place where it is."""
    found = (await Axe().run(page, options=RULES)).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found]


class Examiner:
    """Looks at one page as it goes from address to address; the check of accessibility is a script itself."""

    def __init__(self, page, *, scripts=True, **context):
        self.page, self.scripts, self.context = page, scripts, context
        self._copy = None

    async def faults(self):
        """What is wrong with the page, for people who cannot see, click or read well; nothing, one hopes."""
        checked = self.page if self.scripts else await self._copied()
        return await violations(checked) + await checked.evaluate(_MEASURES)

    async def _copied(self):
        """The page as it was made without scripts, in a window that has them."""
        url, content = self.page.url, (await self.page.content()).replace("noscript>", "div>")
        if self._copy is None:
            context = await self.page.context.browser.new_context(viewport=self.page.viewport_size, **self.context)
            self._copy = await context.new_page()
            await self._copy.route("**/*.js", lambda route: route.abort())
        await self._copy.route(url, lambda route: route.fulfill(body=content, content_type="text/html"))
        await self._copy.goto(url)
        await self._copy.unroute(url)
        return self._copy
