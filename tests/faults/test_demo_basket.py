"""A basket over two municipalities and a contract holder in the running demo, paid in one journey.

It is refused once and paid again, told twice and late; then each accountant closes the day, and the books agree with
the services to the cent.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from tests.faults.visitors import signed_in

from parvis.testing.running import RunningDemo

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("demo")]
SIMULATOR = 5
# Who keeps the books of whose till.
ACCOUNTANTS = {"mulhouse": "accountant-mulhouse", "illzach": "accountant-illzach", "soleo": "accountant-soleo"}
NUMBERS = {"mulhouse": "007700", "illzach": "007701"}


def test_a_basket_over_three_offices_is_paid_and_the_books_agree(demo: RunningDemo) -> None:
    with signed_in(demo, "resident-1", Accept="text/html", **{"Accept-Language": "fr"}) as payer:
        basket, dues = the_basket(payer)
        assert set(dues) == {"Mulhouse", "Illzach", "Soléo, délégataire de démonstration"}, dues
        mulhouse, illzach, soleo = (
            next(intent for name, intent in dues.items() if name.startswith(start))
            for start in ("Mulhouse", "Illzach", "Soléo")
        )
        assert "rien n’a été prélevé" in pay(payer, basket, mulhouse, resultrans="R")
        with switched(payer, "payment-notified-twice"):
            assert pay(payer, basket, mulhouse, resultrans="P").count("c’est payé") == 1
        with switched(payer, "payment-notified-late"):
            assert pay(payer, basket, illzach, resultrans="P").count("c’est payé") == 2
        assert pay(payer, basket, soleo, act="twice").count("c’est payé") == 3
        assert len(re.findall(r"/receipts/", payer.get(basket).text)) == 3
    for slug, sub in ACCOUNTANTS.items():
        with signed_in(demo, sub, Accept="text/html") as accountant:
            till = the_till(accountant, slug)
            notified(demo, slug)
            closed = accountant.post(f"{till}/closings", data={"day": today(accountant, till)})
            assert closed.status_code == httpx.codes.SEE_OTHER, closed.text
            assert captured(accountant, till) == statement(demo, slug, accountant, till), slug


def the_basket(payer: httpx.Client) -> tuple[str, dict[str, str]]:
    """The address of the basket that several offices ask for, and of each office its payment."""
    for address in set(re.findall(r'href="(/my/payments/[0-9a-f-]+)"', payer.get("/my/payments").text)):
        page = payer.get(address).text
        offices = [name.strip() for name in re.findall(r'class="offer-title"[^>]*>([^<·]+)·', page)]
        if len(offices) > 1:
            return address, dict(zip(offices, re.findall(r'name="intent" value="([0-9a-f-]+)"', page), strict=True))
    raise AssertionError("no basket over several offices")


def pay(payer: httpx.Client, basket: str, intent: str, **pressed: str) -> str:
    """Go to the service's page, press a button there, and come back; the basket as it is then."""
    begun = payer.post(f"{basket}/pay", data={"intent": intent})
    assert begun.status_code == httpx.codes.SEE_OTHER, begun.text
    there = begun.headers["location"]
    [(name, value)] = pressed.items()
    assert f'name="{name}" value="{value}"' in payer.get(there).text
    back = payer.post(there, data=pressed)
    assert back.status_code == httpx.codes.SEE_OTHER, back.text
    return payer.get(back.headers["location"]).text


@contextmanager
def switched(payer: httpx.Client, fault: str) -> Iterator[None]:
    """A fault of the page that the demo has for them, on for a while."""
    try:
        switch(payer, fault, "on")
        yield
    finally:
        switch(payer, fault, "off")


def switch(payer: httpx.Client, fault: str, state: str) -> None:
    answer = payer.post("/demo/faults", data={"fault": fault, "state": state})
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text


def notified(demo: RunningDemo, slug: str) -> None:
    """What PayFiP says late: again, after everything is over."""
    for idop, kept in payfip(demo).items():
        if kept["fields"]["numcli"] == NUMBERS.get(slug):
            assert httpx.post(kept["fields"]["urlnotif"], data={"idop": idop}, timeout=30).is_success


def the_till(accountant: httpx.Client, slug: str) -> str:
    page = accountant.get(f"/office/{slug}/tills").text
    return re.findall(rf'href="(/office/{slug}/tills/[0-9a-f-]+)"', page)[0]


def captured(accountant: httpx.Client, till: str) -> int:
    """What came in by services, in cents, as the journal has it."""
    rows = csv.DictReader(io.StringIO(accountant.get(f"{till}/journal.csv").text.lstrip("\ufeff")), delimiter=";")
    found = [row for row in rows if row["account"].startswith("clearing")]
    return sum(cents(row["debit"]) - cents(row["credit"]) for row in found)


def statement(demo: RunningDemo, slug: str, accountant: httpx.Client, till: str) -> int:
    """What the till's service says that it took, in cents."""
    if slug in NUMBERS:
        paid = [one for one in payfip(demo).values() if one["result"] in {"P", "V"}]
        return sum(int(one["fields"]["montant"]) for one in paid if one["fields"]["numcli"] == NUMBERS[slug])
    rows = csv.DictReader(io.StringIO(accountant.get(f"{till}/journal.csv").text.lstrip("\ufeff")), delimiter=";")
    account = next(row["account"].partition(":")[2] for row in rows if row["account"].startswith("clearing"))
    asked = {"account": account, "day": today(accountant, till)}
    told = httpx.post(f"http://127.0.0.1:{demo.port + SIMULATOR}/card/rows", json=asked, timeout=30)
    assert told.status_code == httpx.codes.OK, told.text
    return sum(row["cents"] for row in told.json())


def payfip(demo: RunningDemo) -> dict[str, dict[str, object]]:
    """Every payment that the simulated PayFiP knows."""
    [file] = demo.folder.rglob("payfip.json")
    return json.loads(file.read_text())


def cents(typed: str) -> int:
    return int(re.sub(r"\D", "", typed) or 0)


def today(accountant: httpx.Client, till: str) -> str:
    """The demo's day, as its clock has it."""
    return re.findall(r'name="day"[^>]*value="([0-9-]+)"', accountant.get(f"{till}/closings").text)[0]
