"""Is a plugin's database its own? Tables, migrations and their names may only be in the schema of its key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from piccolo.conf.apps import AppConfig

_NAME = r"\"?([a-z_][a-z0-9_]*)\"?"
_CHANGES = re.compile(
    r"\b(?:(?:create(?:\s+or\s+replace)?(?:\s+unlogged)?|alter|drop|truncate|comment\s+on|lock)\s+(?:table|view|sequence|function|type)"
    r"|create(?:\s+unique)?\s+index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:\w+\s+)?on"
    r"|insert\s+into|delete\s+from|update|truncate)\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?"
    rf"{_NAME}(?:\.{_NAME})?",
    re.IGNORECASE,
)
_SCHEMA = re.compile(
    rf"\b(?:create|alter|drop)\s+schema\s+(?:if\s+(?:not\s+)?exists\s+)?(?:authorization\s+)?{_NAME}", re.IGNORECASE
)
_NO_TABLE = frozenset({"set", "on", "of", "or", "no", "for", "to", "cascade", "restrict", "skip", "nowait"})
_PROSE = frozenset({"ID", "VERSION", "DESCRIPTION"})


def trespasses(key: str, app: AppConfig) -> Iterator[str]:
    """One sentence for each table or migration outside the schema `key`. Reads the migrations' files."""
    if app.app_name != key:
        yield f"its Piccolo app is named {app.app_name!r}: name it {key!r}"
    for table in app.table_classes:
        if (schema := table._meta.schema) != key:
            yield f"the table {table.__name__} is in the schema {schema or 'public'!r}: give it schema={key!r}"
    for file in sorted(Path(app.resolved_migrations_folder_path).glob("*.py")):
        if file.name != "__init__.py":
            yield from _migration(key, file)


def _migration(key: str, file: Path) -> Iterator[str]:
    if not file.stem.startswith(f"{key}_"):
        yield f"the migration {file.name} must have a name that begins with '{key}_'"
    for schema, what in sorted(_claims(file.read_text())):
        if schema != key:
            yield f"the migration {file.name} changes {what}: only the schema {key!r} is the plugin's"


def _claims(source: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for node in _code(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "schema":
            schema = getattr(node.value, "value", None)
            found.add((str(schema or "public"), f"the schema {schema or 'public'!r}"))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(_in_sql(node.value))
    return found


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        prose = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        named = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in _PROSE
        if not prose and not named:
            yield node
            waiting += ast.iter_child_nodes(node)


def _in_sql(sql: str) -> Iterator[tuple[str, str]]:
    plain = re.sub(r"--[^\n]*|/\*.*?\*/|'[^']*'", " ", sql, flags=re.DOTALL)
    for schema in _SCHEMA.findall(plain):
        yield schema.lower(), f"the schema {schema!r}"
    for first, second in _CHANGES.findall(plain):
        if first.lower() not in _NO_TABLE:
            yield (first.lower() if second else "public"), f"{first}.{second}" if second else f"{first} (no schema)"
