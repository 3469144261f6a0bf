"""What residents are told of their appointment: by mail with a calendar entry, or by SMS. Each thing once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from parvis import clock, settings
from parvis.contract.values import Channel, MessageTemplate
from parvis.db import new_id, transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers import takeover
from parvis.dossiers.actions import By
from parvis.dossiers.queries import DossierInfo, Visit
from parvis.errors import Text
from parvis.messages import actions as messages
from parvis.messages.entries import CalendarEntry, Issue, calendar_file
from parvis.territory import queries as territory
from parvis.web.i18n import translate
from parvis_idcard import queries
from parvis_idcard.emitter_settings import Settings
from parvis_idcard.papers import to_bring

CONFIRMED, MOVED, CANCELLED, REMINDER = "idcard/confirmed", "idcard/moved", "idcard/cancelled", "idcard/reminder"
NUMBER = "idcard/number"
# They change nothing about the hour, which is in the calendar already.
_WITHOUT_ENTRY = frozenset({REMINDER, NUMBER})
_LINK_LASTS = timedelta(days=30)
_CHANNELS = frozenset({Channel.MAIL, Channel.SMS})
_SAMPLE: dict[str, Any] = {
    "start": datetime.fromisoformat("2027-01-04T08:30:00+00:00"),
    "place": "Mairie de Mulhouse",
    "address": "2 rue Pierre et Marie Curie, 68100 Mulhouse",
    "phone": "03 89 32 58 58",
    "reference": "K7M29QXP",
    "days": 2,
    "people": [
        {
            "name": "Léa Martin",
            "who": Text("Comes in person: the fingerprints are taken on the day"),
            "papers": [Text("An identity photo of less than 6 months, to the official standard, not cut out")],
            "stamp": Text("Tax stamp: {amount}", {"amount": "86\u00a0€"}),
        }
    ],
    "reason": "La station est en panne jusqu’à vendredi.",
    "also": ["Entrée par la cour, au rez-de-chaussée."],
    "words": ["Le parking de la place est gratuit pendant une heure."],
    "show": "https://portal.example/e/mulhouse/idcard/visit/1?key=2",
    "come": "https://portal.example/e/mulhouse/idcard/visit/1?key=2#coming",
    "move": "https://portal.example/e/mulhouse/idcard/visit/1/move?key=2",
    "cancel": "https://portal.example/e/mulhouse/idcard/visit/1/cancel?key=2",
    "mend": "https://portal.example/e/mulhouse/idcard/visit/1/number?key=2",
    "short": "https://portal.example/my/requests",
    "number": "A123456789",
    "advice": Text("This number is too old. Make a new pre-application, and write its number here."),
    "until": datetime.fromisoformat("2027-01-01T08:30:00+00:00"),
    "frees": True,
    "code": "AB3CD-EF4GH",
    "account": "https://portal.example/my/take-over",
}

_NAMES = {
    CONFIRMED: Text("Confirmation"),
    MOVED: Text("Other hour"),
    CANCELLED: Text("Cancellation"),
    REMINDER: Text("Reminder"),
    NUMBER: Text("Question about a number"),
}
_COMING = frozenset({CONFIRMED, MOVED, REMINDER})


def _settled(settings: Settings, language: str) -> dict[str, Any]:
    return {"words": settings.mails.in_(language).splitlines()}


TEMPLATES = tuple(
    MessageTemplate(
        key=key, name=name, channels=_CHANNELS, sample=_SAMPLE, settled=_settled if key in _COMING else None
    )
    for key, name in _NAMES.items()
)


async def tell(template: str, dossier_id: UUID, what: str, days: int = 0, **more: Any) -> bool:
    """Queue a message about an appointment, once for each `what`; False if it was told or cannot be any more.

    `more` goes into what the template is given.
    """
    async with transaction() as c:
        sql = "INSERT INTO idcard.told (id, dossier, what) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id"
        dossier = await dossiers.dossier(dossier_id)
        if dossier.contact is None or dossier.visit is None:
            return False
        if await c.fetchval(sql, new_id(), dossier_id, what) is None:
            return False
        to = dossier.contact
        await messages.send(
            template,
            to.kind,
            to.address,
            dossier.language,
            dossier.emitter,
            await _context(dossier, dossier.visit, days) | await _said(template, dossier) | more,
            _use_by(template, dossier.visit),
            await _entry(dossier, dossier.visit, template == CANCELLED) if template not in _WITHOUT_ENTRY else None,
            dossier.id,
        )
    return True


async def calendar_file_of(dossier: DossierInfo, visit: Visit, language: str) -> bytes:
    """The appointment as a file for one's own calendar."""
    emitter = await territory.emitter(dossier.emitter)
    issue = Issue(
        sequence=visit.sequence,
        at=clock.now(),
        organiser=emitter.name,
        organiser_mail=settings.current().mail_from.rpartition("<")[2].rstrip(">"),
        zone=settings.current().zone,
    )
    return calendar_file(await _entry(dossier, visit, not visit.live, language), issue)


def page_of(dossier: DossierInfo) -> str:
    """The resident's page of an appointment, with the key that opens it until a month after; empty without a visit."""
    return _links(dossier, dossier.visit)["show"] if dossier.visit else ""


async def _entry(dossier: DossierInfo, visit: Visit, cancelled: bool, language: str | None = None) -> CalendarEntry:
    place = await territory.place(visit.place)
    words = language or dossier.language
    return CalendarEntry(
        uid=f"{dossier.id}@parvis",
        start=visit.start,
        end=visit.end,
        summary=translate(Text("Identity papers, {place}", {"place": place.name}), words),
        location=f"{place.address}, {place.postcode} {place.city}",
        description=translate(Text("Reference: {reference}", {"reference": dossier.reference}), words),
        url=_links(dossier, visit)["show"],
        cancelled=cancelled,
    )


async def _said(template: str, dossier: DossierInfo) -> dict[str, str]:
    """What a message says once: why staff changed something, the code of what was booked for somebody."""
    event = {MOVED: "booking.moved", CANCELLED: "booking.cancelled"}.get(template)
    reason = await dossiers.reason_of(dossier.id, event) if event else ""
    by_mail = dossier.contact is not None and dossier.contact.kind is Channel.MAIL
    if template != CONFIRMED or not by_mail or not await takeover.can_be(dossier.id):
        return {"reason": reason}
    code, account = await takeover.make(dossier.id, "mail", By()), f"{settings.current().base_url}/my/take-over"
    return {"reason": reason, "code": code, "account": account}


async def _context(dossier: DossierInfo, visit: Visit, days: int) -> dict[str, Any]:
    place = await territory.place(visit.place)
    found = await queries.appointment(dossier.id)
    people = [(person, to_bring(found.kind, found.paper, person)) for person in found.applicants]
    return {
        "start": visit.start,
        "place": place.name,
        "address": f"{place.address}, {place.postcode} {place.city}",
        "phone": place.phone,
        "reference": dossier.reference,
        "days": days,
        "people": [
            {"name": person.name, "who": bring.who, "papers": list(bring.papers), "stamp": bring.stamp or ""}
            for person, bring in people
        ],
        "also": await queries.also_bring(visit.place, found.kind, dossier.language),
        **_settled(await queries.settings(dossier.emitter), dossier.language),
        **_links(dossier, visit),
    }


def _links(dossier: DossierInfo, visit: Visit) -> dict[str, str]:
    base = settings.current().base_url
    key = dossiers.link_key(dossier.id, visit.end + _LINK_LASTS)
    page = f"{base}/e/{dossier.slug}/idcard/visit/{dossier.id}"
    return {
        "show": f"{page}?key={key}",
        "come": f"{page}?key={key}#coming",
        "move": f"{page}/move?key={key}",
        "cancel": f"{page}/cancel?key={key}",
        "mend": f"{page}/number?key={key}",
        "short": f"{base}/my/requests",
    }


def _use_by(template: str, visit: Visit) -> datetime:
    """After this a message helps nobody: a cancellation is news for a day more."""
    return max(visit.start, clock.now() + timedelta(days=1)) if template == CANCELLED else visit.start
