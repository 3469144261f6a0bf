"""The simulated PayFiP as another SOAP client meets it: by what it says of itself, with zeep."""

import asyncio

import httpx
import pytest
import zeep
from tests.paying import payment_services
from zeep.exceptions import Fault
from zeep.transports import Transport

FIELDS = {
    "exer": "2026", "mel": "lea.martin@example.org", "montant": "3150", "numcli": "007700", "objet": "Carte",
    "refdet": "ABC123456", "saisie": "T", "urlnotif": "http://127.0.0.1:9/notified", "urlredirect": "http://127.0.0.1:9/",
}  # fmt: skip


@pytest.fixture
async def address(tmp_path):
    """Where the simulated PayFiP answers, in a process of its own."""
    async with payment_services(tmp_path) as found:
        yield f"{found}/tpa"


async def test_another_client_opens_a_payment_pays_and_is_told(address):
    client = await asyncio.to_thread(
        zeep.Client, f"{address}/services/securite?wsdl", transport=Transport(timeout=10, operation_timeout=10)
    )

    async def ask(operation, **fields):
        return await asyncio.to_thread(getattr(client.service, operation), fields)

    idop = await ask("creerPaiementSecurise", **FIELDS)
    with pytest.raises(Fault) as none_yet:
        await ask("recupererDetailPaiementSecurise", idOp=idop)
    assert none_yet.value.detail[0].findtext("code") == "P5"
    async with httpx.AsyncClient(timeout=10) as http:
        page = await http.get(f"{address}/paiementws.web", params={"idop": idop})
        for result in "PVRAZ":
            assert f'<button name="resultrans" value="{result}"' in page.text
        paid = await http.post(f"{address}/paiementws.web", params={"idop": idop}, data={"resultrans": "P"})
    assert (paid.status_code, paid.headers["location"]) == (303, FIELDS["urlredirect"])
    told = await ask("recupererDetailPaiementSecurise", idOp=idop)
    assert (told.resultrans, told.montant, told.refdet) == ("P", FIELDS["montant"], FIELDS["refdet"])
    assert told.numauto


async def test_it_refuses_as_it_says(address):
    client = await asyncio.to_thread(zeep.Client, f"{address}/services/securite?wsdl")
    with pytest.raises(Fault) as refused:
        await asyncio.to_thread(client.service.creerPaiementSecurise, FIELDS | {"numcli": "77"})
    assert refused.value.detail[0].findtext("code") == "T2"
    async with httpx.AsyncClient(timeout=10) as http:
        assert (await http.get(f"{address}/services/securite")).status_code == 405
