"""What the simulated PayFiP says of itself: SOAP 1.1, document/literal, fields without a namespace in `arg0`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

SERVICE = (
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/"
    "PaiementSecuriseService"
)
_CREATED = (
    "exer", "mel", "montant", "numcli", "objet", "refdet", "saisie", "urlnotif", "urlredirect",
)  # fmt: skip
_TOLD = (
    "dattrans", "exer", "heurtrans", "idOp", "mel", "montant", "numauto", "numcli", "objet", "refdet", "resultrans",
    "saisie",
)  # fmt: skip
# Of each operation, what it takes and what it answers.
OPERATIONS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "creerPaiementSecurise": (_CREATED, ("idOp",)),
    "recupererDetailPaiementSecurise": (("idOp",), _TOLD),
    "recupererDetailClient": (("numCli",), ("libelleN1", "libelleN2", "libelleN3", "numcli")),
}
FAULTS = (
    "FonctionnelleErreur", "TechDysfonctionnementErreur", "TechIndisponibiliteErreur", "TechProtocolaireErreur",
)  # fmt: skip
_WHOLE = """<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="PaiementSecuriseService" targetNamespace="{service}" xmlns:tns="{service}"
 xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:xs="http://www.w3.org/2001/XMLSchema">
<wsdl:types><xs:schema targetNamespace="{service}" elementFormDefault="unqualified">{types}</xs:schema></wsdl:types>
{messages}
<wsdl:portType name="PaiementSecuriseService">{ports}</wsdl:portType>
<wsdl:binding name="PaiementSecuriseServiceSoap" type="tns:PaiementSecuriseService">
<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{bindings}</wsdl:binding>
<wsdl:service name="PaiementSecuriseService">
<wsdl:port name="PaiementSecuriseServicePort" binding="tns:PaiementSecuriseServiceSoap">
<soap:address location="{address}"/></wsdl:port></wsdl:service>
</wsdl:definitions>
"""


def described(address: str) -> str:
    """The description of the service at an address."""
    types = "".join(_types(name, *fields) for name, fields in OPERATIONS.items())
    types += "".join(
        f'<xs:element name="{name}"><xs:complexType>{_fields(("code", "descriptif", "libelle", "severite"))}'
        "</xs:complexType></xs:element>"
        for name in FAULTS
    )
    return _WHOLE.format(
        service=SERVICE,
        types=types,
        messages="".join(_message(part) for name in OPERATIONS for part in (name, f"{name}Response"))
        + "".join(map(_message, FAULTS)),
        ports="".join(map(_port, OPERATIONS)),
        bindings="".join(map(_binding, OPERATIONS)),
        address=escape(address),
    )


def _types(name: str, asked: Sequence[str], answered: Sequence[str]) -> str:
    return _wrapped(name, "arg0", asked) + _wrapped(f"{name}Response", "return", answered)


def _wrapped(name: str, within: str, fields: Sequence[str]) -> str:
    inner = f'<xs:element name="{within}" minOccurs="0"><xs:complexType>{_fields(fields)}</xs:complexType></xs:element>'
    return f'<xs:element name="{name}"><xs:complexType><xs:sequence>{inner}</xs:sequence></xs:complexType></xs:element>'


def _fields(names: Sequence[str]) -> str:
    # In any order, as the service takes them.
    told = "".join(f'<xs:element name="{name}" type="xs:string" minOccurs="0"/>' for name in names)
    return f"<xs:all>{told}</xs:all>"


def _message(element: str) -> str:
    return f'<wsdl:message name="{element}"><wsdl:part name="parameters" element="tns:{element}"/></wsdl:message>'


def _port(name: str) -> str:
    faults = "".join(f'<wsdl:fault name="{fault}" message="tns:{fault}"/>' for fault in FAULTS)
    return (
        f'<wsdl:operation name="{name}"><wsdl:input message="tns:{name}"/>'
        f'<wsdl:output message="tns:{name}Response"/>{faults}</wsdl:operation>'
    )


def _binding(name: str) -> str:
    faults = "".join(
        f'<wsdl:fault name="{one}"><soap:fault name="{one}" use="literal"/></wsdl:fault>' for one in FAULTS
    )
    body = '<soap:body use="literal"/>'
    return (
        f'<wsdl:operation name="{name}"><soap:operation soapAction="" style="document"/>'
        f"<wsdl:input>{body}</wsdl:input><wsdl:output>{body}</wsdl:output>{faults}</wsdl:operation>"
    )
