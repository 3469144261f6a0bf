"""What somebody is told who asked for an earlier hour: that there is one, and until when it is kept for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from parvis import settings
from parvis.calendars.freeing import FreedHour
from parvis.contract.values import Channel, MessageTemplate
from parvis.dossiers import queries as dossiers
from parvis.errors import Text
from parvis.messages import actions as messages

OFFER = "earlier/offer"
_LINK_LASTS = timedelta(days=30)
_SAMPLE: dict[str, Any] = {
    "start": datetime.fromisoformat("2027-01-04T08:30:00+00:00"),
    "until": datetime.fromisoformat("2026-12-28T12:30:00+00:00"),
    "now_at": datetime.fromisoformat("2027-02-11T13:00:00+00:00"),
    "place": "Mairie de Mulhouse",
    "reference": "K7M29QXP",
    "answer": "https://portal.example/my/visits/1/earlier?key=2",
    "stop": "https://portal.example/my/visits/1/earlier?key=2#stop",
    "short": "https://portal.example/my/requests",
}
TEMPLATES = (
    MessageTemplate(
        key=OFFER, name=Text("An earlier hour"), channels=frozenset({Channel.MAIL, Channel.SMS}), sample=_SAMPLE
    ),
)


async def tell(dossier_id: UUID, hour: FreedHour, until: datetime) -> None:
    """Queue that an hour is kept for somebody until an instant (UTC); it helps nobody later."""
    dossier = await dossiers.dossier(dossier_id)
    if dossier.contact is None or dossier.visit is None:
        return
    key = dossiers.link_key(dossier.id, dossier.visit.end + _LINK_LASTS)
    base = settings.current().base_url
    page = f"{base}/my/visits/{dossier.id}/earlier?key={key}"
    context = {
        "start": hour.start,
        "until": until,
        "now_at": dossier.visit.start,
        "place": hour.place_name,
        "reference": dossier.reference,
        "answer": page,
        "stop": f"{page}#stop",
        # An SMS has no room for a key: there they sign in or prove their number.
        "short": f"{base}/my/requests",
    }
    to = dossier.contact
    language = dossier.language
    await messages.send(OFFER, to.kind, to.address, language, dossier.emitter, context, until, dossier=dossier.id)
