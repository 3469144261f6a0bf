"""Invented people of a visit: their names, where they come from, how they are reached, their numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from string import ascii_uppercase, digits

from parvis.contract.values import Channel
from parvis.db.names import fold
from parvis.identity.contacts import Contact
from parvis_idcard.demo.chance import one_of
from parvis_idcard.rules import Age

_GIVEN = (
    "Amina Antoine Camille Chloé Clara David Élise Emma Enzo Fatma Gabriel Hugo Inès Jeanne Jules Julien Karim Laura "
    "Léa Léo Lina Louis Lucas Manon Marie Martin Mehdi Nathan Nina Noé Paul Rose Sarah Théo Thomas Yanis Zoé"
)
_FAMILY = (
    "Arnold Baumann Bauer Benali Burger Diallo Ehret Fernandez Fischer Fuchs Girard Haas Hamm Heitz Jung Kaya Keller "
    "Klein Koenig Lang Litzler Martin Meyer Muller Nguyen Petit Richard Ritter Roth Schmitt Simon Stoll Sutter Walter "
    "Weber Wolf Yilmaz Zimmermann"
)
# A fifth books online, by mail or by SMS, and tells its numbers; whoever calls an agent brings them along.
_REACHED = (("online", 16), ("online-sms", 4), ("mail", 30), ("phone", 15), ("nothing", 35))
_FROM = (("own", 55), ("other", 35), ("unknown", 10))
# The first hundred of those kept for fiction are the demo's own people's.
_PHONES = range(100, 10_000)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who comes, with an application number if they told one."""

    given: str
    family: str
    age: Age
    number: str | None


@dataclass(frozen=True, slots=True)
class Party:
    """Who comes together: `home` is the INSEE code they said they come from, `phone` a number that agents call."""

    people: tuple[Person, ...]
    by: str
    contact: Contact | None
    phone: str | None
    home: str | None


@dataclass(frozen=True, slots=True)
class Homes:
    """Where the people of a town hall come from: its own municipality, and the others with how many live there."""

    own: str | None
    others: Sequence[str]
    inhabitants: Sequence[int]


def party(people: int, numbered: bool, homes: Homes, random: Random) -> Party:
    """A family for a visit; with application numbers where they are wanted and it booked online."""
    reached, family = one_of(_REACHED, random), random.choice(_FAMILY.split())
    online = reached.startswith("online")
    found = tuple(_person(n, family, online and numbered, random) for n in range(people))
    contact = None
    if reached in {"online", "mail"}:
        contact = Contact(Channel.MAIL, _address(found[0], random))
    elif reached == "online-sms":
        contact = Contact(Channel.SMS, _phone(random))
    return Party(
        people=found,
        by="resident" if online else "staff",
        contact=contact,
        phone=_phone(random) if reached == "phone" else None,
        home=_home(homes, random),
    )


def _person(position: int, family: str, numbered: bool, random: Random) -> Person:
    """The first of a family is an adult, the others are children: somebody has to come with them."""
    age = Age.ADULT if position == 0 else (Age.MINOR, Age.UNDER_12)[position % 2]
    number = "5D" + "".join(random.choices(ascii_uppercase + digits, k=8))
    return Person(random.choice(_GIVEN.split()), family, age, number if numbered else None)


def _address(person: Person, random: Random) -> str:
    return f"{fold(person.given)}.{fold(person.family)}{random.randrange(10, 10_000)}@example.org"


def _phone(random: Random) -> str:
    return f"+3363998{random.choice(_PHONES):04}"


def _home(homes: Homes, random: Random) -> str | None:
    where = one_of(_FROM, random)
    if where == "other":
        return random.choices(homes.others, homes.inhabitants)[0]
    return homes.own if where == "own" else None
