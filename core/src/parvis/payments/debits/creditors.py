"""Who debits: what a till says of itself to banks, kept encrypted as its accounts at providers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from parvis.contract.values import Asked
from parvis.db import transaction
from parvis.errors import NotFound, Refusal, Text
from parvis.payments.accounts import SEPA, account_details, add_account, keep_details
from parvis.payments.debits import rules
from parvis.web.fields import Line


class Creditor(msgspec.Struct, frozen=True, kw_only=True):
    """A creditor; `lead` is how many working days its bank wants between the file and the collection."""

    name: Annotated[Line, Asked(label=Text("Name that payers read on their statement"))] = ""
    iban: Annotated[Line, Asked(label=Text("IBAN of the till’s bank account"))] = ""
    bic: Annotated[Line, Asked(label=Text("BIC of its bank"), hint=Text("May be left empty."))] = ""
    identifier: Annotated[
        Line, Asked(label=Text("SEPA creditor identifier (ICS)"), hint=Text("From the letter of the Banque de France."))
    ] = ""
    lead: Annotated[
        int,
        msgspec.Meta(ge=rules.LEAST_DAYS, le=rules.MOST_DAYS),
        Asked(
            label=Text("Working days before the collection"),
            hint=Text("Payers are told when the file is sent: 14 days, unless they agreed to fewer."),
        ),
    ] = 10


def key(till: UUID) -> str:
    """The name of a till's account for debits."""
    return f"sepa-{till.hex[-12:]}"


async def creditor_of(till: UUID) -> Creditor | None:
    """What a till says of itself to banks, None where it does not debit."""
    try:
        return await account_details(key(till), Creditor)
    except NotFound:
        return None


async def keep(till: UUID, told: Creditor) -> None:
    """Let a till debit, or say something else of itself."""
    async with transaction():
        await add_account(key(till), till, SEPA, "mandate")
        await keep_details(key(till), tidied(told))


def tidied(told: Creditor) -> Creditor:
    """The same as it is written in one place only."""
    ours = {name: rules.tidy(getattr(told, name)) for name in ("iban", "bic", "identifier")}
    return msgspec.structs.replace(told, **ours)


def faults(told: Creditor) -> Sequence[Refusal]:
    """What is wrong with what a till said."""
    tidy = tidied(told)
    found = [rules.iban_fault(tidy.iban), rules.creditor_fault(tidy.identifier, "identifier")]
    found.append(
        rules.name_fault(told.name)
        if told.name
        else Refusal("creditor-name", Text("Write the creditor’s name."), "name")
    )
    found.append(rules.bic_fault(tidy.bic))
    return [one for one in found if one]
