"""The demo's people, all invented. Their identifiers are a contract: scripts sign in with them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo: who they are, in a line, and what they may do: (role, slug of the emitter).

    `key`: they sign in with a second factor, as everybody does who works for a body.
    """

    sub: str
    name: str
    about: str
    email: str = ""
    phone: str = ""
    grants: tuple[tuple[str, str | None], ...] = ()
    key: bool = False


PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson(
        "resident-1",
        "Sophie Keller",
        "Habite Kingersheim avec son conjoint et leurs trois enfants",
        email="sophie.keller@example.org",
        phone="+33 6 39 98 00 01",
    ),
    DemoPerson(
        "resident-2",
        "Lucien Meyer",
        "Vit seul à Mulhouse, se déplace sans voiture",
        email="lucien.meyer@example.org",
        phone="+33 6 39 98 00 02",
    ),
    DemoPerson(
        "resident-3",
        "Yvonne Schmitt",
        "Habite Lutterbach, n’a pas d’adresse électronique mais un téléphone",
        phone="+33 6 39 98 00 03",
    ),
    DemoPerson(
        "agent-mulhouse",
        "Karim Benali",
        "Agent de la mairie de Mulhouse, responsable des horaires",
        email="karim.benali@mulhouse.example",
        grants=(("agent", "mulhouse"), ("manager", "mulhouse")),
        key=True,
    ),
    DemoPerson(
        "agent-illzach",
        "Claire Muller",
        "Agente de la mairie d’Illzach, responsable des horaires",
        email="claire.muller@illzach.example",
        grants=(("agent", "illzach"), ("manager", "illzach")),
        key=True,
    ),
    DemoPerson(
        "agent-riedisheim",
        "Julie Wagner",
        "Agente de la mairie de Riedisheim, qui n’a pas de station biométrique",
        email="julie.wagner@riedisheim.example",
        grants=(("agent", "riedisheim"),),
        key=True,
    ),
    DemoPerson(
        "manager-m2a",
        "Nathalie Weber",
        "Responsable à Mulhouse Alsace Agglomération",
        email="nathalie.weber@m2a.example",
        grants=(("manager", "m2a"),),
        key=True,
    ),
    DemoPerson(
        "accountant-mulhouse",
        "Thomas Fischer",
        "Régisseur de la ville de Mulhouse",
        email="thomas.fischer@mulhouse.example",
        grants=(("accountant", "mulhouse"),),
        key=True,
    ),
    DemoPerson(
        "accountant-illzach",
        "Anne Schneider",
        "Régisseuse de la ville d’Illzach",
        email="anne.schneider@illzach.example",
        grants=(("accountant", "illzach"),),
        key=True,
    ),
    DemoPerson(
        "accountant-soleo",
        "Paul Heitz",
        "Comptable de Soléo, qui exploite la patinoire",
        email="paul.heitz@delegataire.example",
        key=True,
    ),
    DemoPerson(
        "helper",
        "Marc Roth",
        "Aidant accrédité : réserve pour d’autres dans tout le territoire",
        email="marc.roth@aidants.example",
        grants=(("helper", None),),
    ),
    DemoPerson(
        "contract-holder-1",
        "Isabelle Klein",
        "Délégataire : exploite des équipements pour les collectivités",
        email="isabelle.klein@delegataire.example",
        key=True,
    ),
    DemoPerson(
        "operator",
        "Bruno Schneider",
        "Informatique municipale : fait fonctionner le portail",
        email="bruno.schneider@m2a.example",
        grants=(("operator", None),),
        key=True,
    ),
)
