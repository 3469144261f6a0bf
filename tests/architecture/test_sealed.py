"""Every encrypted column is declared as `Sealed`, or `parvis keys renew` would forget it and a dropped key lose it."""

import ast
import importlib
from functools import cache
from operator import attrgetter
from pathlib import Path

from piccolo.columns import Bytea

from parvis.db.migrations import installed_apps
from parvis.db.sealed import Sealed

TABLES = [table for app in installed_apps() for table in app.table_classes]
COLUMNS = [
    (f"{table._meta.schema}.{table._meta.tablename}.{column._meta.db_column_name}", column)
    for table in TABLES
    for column in table._meta.columns
    if isinstance(column, Bytea)
]
# What an address or a cookie carries is kept nowhere, and lapses by itself.
NOT_KEPT = {"access-link", "sign-in-attempt"}
# Bytes that are no ciphertext: digests, hashes, pictures. Add a column here only if `crypto.encrypt` never made it.
PLAIN = {
    "idcard.applicant.number_digest",
    "idcard.declaration.number_digest",
    "idcard.number_check.number_digest",
    "parvis.attempt.subject",
    "parvis.audit_link.hash",
    "parvis.basket.contact_digest",
    "parvis.booking.secret",
    "parvis.contact_proof.code",
    "parvis.contact_proof.digest",
    "parvis.desk_feed.secret",
    "parvis.dossier.contact_digest",
    "parvis.dossier.phone_digest",
    "parvis.invitation.digest",
    "parvis.kept_answer.key",
    "parvis.kept_answer.request",
    "parvis.message.recipient",
    "parvis.branding_picture.content",
    "parvis.sepa_mandate.contact_digest",
    "parvis.session.digest",
    "parvis.takeover_code.digest",
    "parvis.till_closing.digest",
    "parvis.work_address.digest",
}


@cache
def sources():
    """Every module that speaks of `crypto`, of the packages that have tables: its name and its syntax tree."""
    found = {}
    for package in sorted({table.__module__.partition(".")[0] for table in TABLES}):
        root = Path(importlib.import_module(package).__file__).parent
        for file in root.rglob("*.py"):
            name = ".".join(file.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
            if "crypto" in (text := file.read_text()):
                found[name] = ast.parse(text)
    return found


def encrypted():
    """The purpose of each `crypto.encrypt` in the code."""
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "crypto.encrypt":
                purpose = node.args[1]
                known = isinstance(purpose, ast.Constant)
                yield purpose.value if known else attrgetter(ast.unparse(purpose))(importlib.import_module(name))


def test_a_column_is_declared_for_every_purpose_that_is_encrypted_for():
    found = list(encrypted())
    assert len(found) > 10
    assert set(found) - NOT_KEPT == {column.purpose for _, column in COLUMNS if isinstance(column, Sealed)}


def test_encrypt_is_called_by_its_full_name_only_so_that_it_is_seen_here():
    assert [
        name
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "parvis.crypto"
        and any(alias.name == "encrypt" for alias in node.names)
    ] == []


def test_every_other_column_of_bytes_is_known_to_be_none():
    assert {name for name, column in COLUMNS if not isinstance(column, Sealed)} - PLAIN == set()
    assert {name for name, column in COLUMNS if isinstance(column, Sealed)} & PLAIN == set()
