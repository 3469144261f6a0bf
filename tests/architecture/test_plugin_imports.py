"""What a plugin may import of the platform: a list of what is let in, so that nothing new slips through."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(file for folder in ("plugins", "federation") for file in (ROOT / folder).rglob("src/**/*.py"))
GROUND = {"contract", "events", "errors", "settings", "clock", "crypto", "db", "outbox", "jobs", "web", "testing"}
DOMAINS = {
    "territory", "identity", "branding", "audit", "calendars", "payments", "dossiers", "messages", "attendance",
    "earlier", "indicators",
}  # fmt: skip
OPEN = {"actions", "queries", "tables"}
# Words of a domain that its actions and queries take or give (docs/decisions/0501).
SPOKEN = {
    "calendars.at_counter",
    "calendars.offering",
    "calendars.openings",
    "calendars.search",
    "calendars.slots",
    "dossiers.finding",
    "dossiers.reading",
    "dossiers.rules",
    "dossiers.takeover",
    "identity.actors",
    "identity.contacts",
    "identity.family",
    "identity.guards",
    "identity.sessions",
    "identity.shares",
    "messages.entries",
    "payments.accounts",
    "payments.attempts",
    "payments.books.movements",
    "payments.disputing",
    "payments.hearing",
    "payments.refund_sending",
    "payments.terms.cancelling",
}
# A demo's seed writes weeks of taken hours and what became of them in bulk, and works them out as the engine would.
SEEDING = {
    "attendance.imports",
    "attendance.rules",
    "calendars.bitmaps",
    "calendars.grids",
    "calendars.imports",
    "calendars.planning",
    "calendars.rules",
    "calendars.timetables",
    "dossiers.imports",
    "indicators.imports",
    "payments.books.ledger",
    "payments.counter.acts",
    "payments.counter.counting",
    "payments.intents",
    "payments.invoices.bills",
    "payments.invoices.sellers",
    "payments.tariffs.catalogue",
    "payments.tariffs.drafts",
    "payments.tariffs.grids",
    "payments.tariffs.pricing",
    "payments.tariffs.quotes",
    "payments.tariffs.typed_grids",
    "payments.terms.dated",
    "payments.terms.rules",
}


def platform_imports(source: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name, without `parvis.`, of each import from the platform."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "parvis":
                yield node.lineno, name.removeprefix("parvis.")


def allowed(name: str, seeds: bool = False) -> bool:
    first, _, rest = name.partition(".")
    module = rest.split(".")[0]
    words = SPOKEN | SEEDING if seeds else SPOKEN
    spoken = any(f"{name}.".startswith(f"{word}.") for word in words)
    return first in GROUND or (first in DOMAINS and (module in OPEN or spoken))


@pytest.mark.parametrize(
    "name", ["db.transaction", "calendars.actions.hold", "identity.guards", "dossiers.tables.Dossier"]
)
def test_the_list_lets_in(name):
    assert allowed(name)


@pytest.mark.parametrize(
    "name", ["calendars.bitmaps", "identity", "app.create", "plugins.load", "office.routes", "cli"]
)
def test_the_list_keeps_out(name):
    assert not allowed(name)


def test_only_a_demo_writes_in_bulk():
    assert allowed("calendars.imports.Taken", seeds=True)
    assert not allowed("calendars.imports.Taken")


def test_plugins_import_only_what_the_platform_publishes():
    told = [
        f"{file.relative_to(ROOT)}:{line} imports parvis.{name}: plugins use a domain's actions, queries and tables"
        for file in PLUGINS
        for line, name in platform_imports(file.read_text(encoding="utf-8"))
        if not allowed(name, seeds="demo" in {file.stem, file.parent.name})
    ]
    assert PLUGINS
    assert not told, "\n".join(told)
