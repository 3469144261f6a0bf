"""Good and bad plugins as an operator meets them: wheels, installed, discovered by their entry points.

One environment has them all at once, so that a bad one is also seen to disturb no other.
"""

import pytest

pytestmark = pytest.mark.xdist_group("wheels")

GOOD = {
    "key": "library",
    "code": """
        import click, msgspec
        from datetime import timedelta
        from litestar import Router, get
        from parvis.events import BookingConfirmed
        from parvis.testing.sandbox_provider import Sandbox
        from . import tables

        class Loans(msgspec.Struct, frozen=True):
            days: int = 21

        class Card(msgspec.Struct, frozen=True):
            name: str

        @get("/")
        async def shelves() -> str: return "shelves"

        async def count(emitter): return 0
        async def handle(event): ...
        async def export(dossier): return {}
        async def erase(dossiers): return 0
        async def seed(): ...

        @hookimpl
        def settings(): return Loans
        @hookimpl
        def services():
            kind = Kind(key="visit", name=Text("A visit"), first=15, further=0)
            return (Service(key="library", name=Text("Library"), summary=Text("Books."), kinds=(kind,), details=Card,
                first_page="/", kept=timedelta(days=30)),)
        @hookimpl
        def routes():
            router = Router("/", route_handlers=[shelves])
            return (Mount(where="emitter", audience=Audience.PUBLIC, router=router),
                    Mount(where="/books", audience=Audience.MACHINE, router=router))
        @hookimpl
        def permissions(): return (Permission(key="library.lend", name=Text("Lend"), roles=frozenset({Role.AGENT})),)
        @hookimpl
        def nav_entries():
            return (NavEntry(area="today", label=Text("Loans"), path="loans", permission="library.lend", count=count),)
        @hookimpl
        def message_templates():
            return (MessageTemplate(key="library/due", name=Text("Due"), channels=frozenset({Channel.MAIL})),)
        @hookimpl
        def commands(): return (click.Command("library"), click.Command("library-import"))
        @hookimpl
        def reactions(): return (Reaction(key="library.welcome", event=BookingConfirmed, handle=handle),)
        @hookimpl
        def personal_data(): return (PersonalData(key="library", export=export, erase=erase),)
        @hookimpl
        def payment_providers():
            return (PaymentProvider(key="library.box", name=Text("Box"), provider=Sandbox(), account=Loans),)
        @hookimpl
        def demo(): return Demo(seed=seed, faults=(Fault("shut", Text("The library is shut."), Text("Books wait.")),))
    """,
    "files": (
        (
            "tables.py",
            """
            from piccolo.columns import UUID
            from piccolo.table import Table
            class Loan(Table, tablename="loan", schema="library"):
                id = UUID(primary_key=True, default=None)
            """,
        ),
        (
            "piccolo_app.py",
            """
            from pathlib import Path
            from piccolo.conf.apps import AppConfig
            from .tables import Loan
            APP_CONFIG = AppConfig("library", Path(__file__).parent / "piccolo_migrations", [Loan])
            """,
        ),
        (
            "environment.py",
            """
            from dataclasses import dataclass
            from parvis.settings import setting
            @dataclass(frozen=True)
            class Environment:
                shelves: str = setting("", "address of the shelves")
            """,
        ),
        ("piccolo_migrations/__init__.py", ""),
        (
            "piccolo_migrations/library_0001_tables.py",
            """
            ID = "library_0001_tables"
            DESCRIPTION = "Create table of loans, update nothing else"
            async def forwards():
                "CREATE SCHEMA library; CREATE TABLE library.loan (id uuid PRIMARY KEY, dossier uuid "
                sql = '''CREATE SCHEMA IF NOT EXISTS library;
                    CREATE TABLE library.loan (id uuid PRIMARY KEY REFERENCES parvis.emitter ON UPDATE CASCADE);
                    CREATE UNIQUE INDEX loan_once ON library.loan (id); -- update parvis.emitter would be wrong
                    COMMENT ON TABLE library.loan IS 'drop table parvis.place'; '''
            """,
        ),
    ),
}

BAD = {
    "takes an argument that nobody gives": (
        {"key": "greedy", "code": "@hookimpl\ndef services(emitter): return ()"},
        "services() takes no argument: remove emitter.",
    ),
    "misses an argument of a value": (
        {
            "key": "forgetful",
            "whole": "from parvis.contract import *\n@hookimpl\ndef manifest(): return Manifest(key='forgetful')",
        },
        (
            "manifest() raised TypeError: Manifest.__init__() missing 3 required keyword-only arguments: "
            "'name', 'core', and 'summary' (parvis_forgetful/plugin.py line 3)."
        ),
    ),
    "misses an argument of a call": (
        {
            "key": "deaf",
            "code": """
                from parvis.events import BookingMoved
                async def handle(): ...
                @hookimpl
                def reactions(): return (Reaction(key="deaf.hear", event=BookingMoved, handle=handle),)
            """,
        },
        "reactions()[0].handle is called with 1 argument, but handle(): too many positional arguments.",
    ),
    "misspells a hook": (
        {"key": "typo", "code": "@hookimpl\ndef persmissions(): return ()"},
        "persmissions() is not a hook: rename it permissions().",
    ),
    "misspells a hook without its marker": (
        {"key": "typos", "code": "def nav_entrys(): return ()"},
        "nav_entrys() is nearly a hook: rename it nav_entries(), or begin its name with an underscore.",
    ),
    "forgets a marker": (
        {"key": "unmarked", "code": "def routes(): return ()"},
        "routes() lacks its marker: write @hookimpl above it.",
    ),
    "returns a list for a tuple": (
        {"key": "listing", "code": "@hookimpl\ndef services(): return []"},
        "services() must be a tuple, and is list.",
    ),
    "returns a str for a text": (
        {
            "key": "plain",
            "code": '@hookimpl\ndef permissions(): return (Permission(key="plain.see", name="See"),)',
        },
        "permissions()[0].name must be Text, and is str.",
    ),
    "brings a way to pay that is none": (
        {
            "key": "penniless",
            "code": """
                class Nothing:
                    def caps(self, account): ...
                @hookimpl
                def payment_providers():
                    return (PaymentProvider(key="penniless.no", name=Text("No"), provider=Nothing()),)
            """,
        },
        "payment_providers()[0].provider must be Provider, and is Nothing.",
    ),
    "repeats a key": (
        {"key": "library", "name": "another-library", "package": "parvis_other"},
        "the key 'library' is parvis-library 0.3's already: remove one of the two, or rename it.",
    ),
    "repeats a service's key": (
        {
            "key": "shelf",
            "code": """
                import msgspec
                from datetime import timedelta
                class Nothing(msgspec.Struct): ...
                @hookimpl
                def services(): return (Service(key="library", name=Text("L"), summary=Text("L"), kinds=(),
                    details=Nothing, first_page="/", kept=timedelta(1)),)
            """,
        },
        "the service key 'library' is the plugin library's already: choose another one.",
    ),
    "repeats an address": (
        {
            "key": "squatter",
            "code": """
                from litestar import Router
                @hookimpl
                def routes():
                    router = Router("/", route_handlers=[])
                    return (Mount(where="/books/old", audience=Audience.MACHINE, router=router),)
            """,
        },
        "the fixed address '/books/old' is the plugin library's already: choose another one.",
    ),
    "takes an address of the platform": (
        {
            "key": "usurper",
            "code": """
                from litestar import Router
                @hookimpl
                def routes():
                    return (Mount(where="/login", audience=Audience.PUBLIC, router=Router("/", route_handlers=[])),)
            """,
        },
        "the fixed address '/login' is the platform's: choose another one.",
    ),
    "repeats an address of its own": (
        {
            "key": "twice",
            "code": """
                from litestar import Router, get
                @get("/{number:int}")
                async def one(number: int) -> None: ...
                @get("/{name:str}")
                async def other(name: str) -> None: ...
                @hookimpl
                def routes():
                    routers = (Router("/", route_handlers=[one]), Router("/", route_handlers=[other]))
                    return tuple(Mount(where="api", audience=Audience.PUBLIC, router=router) for router in routers)
            """,
        },
        "the address 'GET /api/v1/twice/{}' is there twice: choose another one.",
    ),
    "claims another's schema by its table": (
        {
            "key": "grabber",
            "files": (
                GOOD["files"][0],
                ("piccolo_app.py", GOOD["files"][1][1].replace('"library"', '"grabber"')),
                ("piccolo_migrations/__init__.py", ""),
            ),
        },
        "the table Loan is in the schema 'library': give it schema='grabber'.",
    ),
    "claims another's schema by its migration": (
        {
            "key": "burglar",
            "files": (
                ("tables.py", GOOD["files"][0][1].replace('"library"', '"burglar"')),
                ("piccolo_app.py", GOOD["files"][1][1].replace('"library"', '"burglar"')),
                ("piccolo_migrations/__init__.py", ""),
                ("piccolo_migrations/burglar_0001_more.py", 'SQL = "ALTER TABLE parvis.emitter ADD debts int"'),
            ),
        },
        "the migration burglar_0001_more.py changes parvis.emitter: only the schema 'burglar' is the plugin's.",
    ),
    "needs another core": (
        {
            "key": "modern",
            "whole": """
                from parvis.contract import *
                from parvis.errors import Text
                @hookimpl
                def manifest(): return Manifest(key="modern", name=Text("M"), summary=Text("M"), core=">=9")
            """,
        },
        "it needs Parvis >=9 and this is 0.1.0: install a version of it made for 0.1.0.",
    ),
    "raises at load": (
        {"key": "broken", "whole": "\n\nimport parvis_nowhere"},
        (
            "importing parvis_broken.plugin raised ModuleNotFoundError: No module named 'parvis_nowhere' "
            "(parvis_broken/plugin.py line 3)."
        ),
    ),
    "leaves at load": (
        {"key": "leaver", "whole": "raise SystemExit(3)"},
        "importing parvis_leaver.plugin raised SystemExit: 3 (parvis_leaver/plugin.py line 1).",
    ),
    "has a setting without a default": (
        {
            "key": "needy",
            "code": """
                import msgspec
                class Wants(msgspec.Struct):
                    price: int
                @hookimpl
                def settings(): return Wants
            """,
        },
        "the setting Wants.price needs a default, for emitters that just enabled it.",
    ),
    "has a variable that nobody can set": (
        {
            "key": "mute",
            "files": (
                (
                    "environment.py",
                    """
                    from dataclasses import dataclass
                    @dataclass(frozen=True)
                    class Environment:
                        shelves: str = ""
                    """,
                ),
            ),
        },
        "Environment.shelves has no setting(): give it one, with a default and what it means.",
    ),
    "names a thing as if it were another's": (
        {
            "key": "cuckoo",
            "code": '@hookimpl\ndef permissions(): return (Permission(key="library.burn", name=Text("Burn")),)',
        },
        "the permission 'library.burn' must begin with 'cuckoo.'.",
    ),
    "has a line in an area of the office that is none": (
        {
            "key": "astray",
            "code": """
                @hookimpl
                def nav_entries():
                    return (NavEntry(area="elsewhere", label=Text("Books"), path="/books", permission="office.today"),)
            """,
        },
        "the navigation entry '/books' is in no area: today, requests, money, offer, settings or territory.",
    ),
    "has a key that cannot be": (
        {"key": "api"},
        "the key 'api' is a word of the platform or of PostgreSQL: choose another.",
    ),
}


@pytest.fixture(scope="module")
def outcome(installed, source):
    return installed(source(**GOOD), *(source(**plugin) for plugin, _ in BAD.values()))


def test_a_sound_plugin_starts_beside_twenty_bad_ones_when_the_operator_says_so(outcome):
    assert outcome.started == ["library"]


@pytest.mark.parametrize("mistake", BAD)
def test_a_bad_wheel_is_refused_in_one_line_that_says_what_to_mend(outcome, mistake):
    plugin, line = BAD[mistake]
    name = plugin.get("name") or f"parvis-{plugin['key']}"
    told = [refused for refused in outcome.refused if f"({name} " in refused]
    assert told == [f"plugin {plugin['key']} ({name} 0.3): {line}"]


def test_without_the_operators_word_nothing_starts_and_every_line_is_told(outcome):
    *lines, advice = outcome.error.splitlines()
    assert lines == outcome.refused
    assert len(lines) == len(BAD)
    assert "PARVIS_SKIP_REFUSED_PLUGINS=on" in advice
