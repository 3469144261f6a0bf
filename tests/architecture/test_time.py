"""One source of now: `parvis.clock`. SQL takes the instant as a parameter, or the demo's clock would lie."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(file for folder in ("core", "plugins", "federation") for file in (ROOT / folder).rglob("src/**/*.py"))
CLOCK = ROOT / "core/src/parvis/clock.py"
# Waiting is measured on a clock that nobody moves; these read no date.
READS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
SQL_NOW = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(?:current_timestamp|current_date|current_time|localtimestamp)\b",
    re.IGNORECASE,
)
SQL = re.compile(r"\b(?:select|insert|update|delete|create|alter|default|where|values)\b", re.IGNORECASE)


def readings(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each place that asks the machine or the database what time it is."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            if name in READS:
                yield node.lineno, name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            found = SQL.search(node.value) and SQL_NOW.search(node.value)
            if found:
                yield node.lineno, found.group()


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nx = datetime.now(UTC)",
        "import datetime\nx = datetime.datetime.utcnow()",
        "import time\nx = time.time()",
        "x = 'SELECT 1 WHERE until > now()'",
        "x = f'UPDATE t SET seen = CURRENT_TIMESTAMP WHERE id = {n}'",
        "x = 'ALTER TABLE t ALTER c SET DEFAULT Now ( )'",
    ],
)
def test_the_lint_sees(source):
    assert list(readings(source))


@pytest.mark.parametrize(
    "source",
    ["'''We select what is right now().'''", "x = clock.now()", "x = 'Call now()'", "x = time.monotonic()"],
)
def test_the_lint_lets_through(source):
    assert not list(readings(source))


def test_only_the_clock_asks_what_time_it_is():
    told = [
        f"{file.relative_to(ROOT)}:{line} asks {what}: take `clock.now()` as an argument instead"
        for file in SOURCES
        if file != CLOCK
        for line, what in readings(file.read_text(encoding="utf-8"))
    ]
    assert SOURCES
    assert not told, "\n".join(told)
