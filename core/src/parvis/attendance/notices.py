"""What people are told when the desk of their visit falls out, and when it is back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from parvis import settings
from parvis.calendars.queries import BookingInfo
from parvis.contract.values import Channel, MessageTemplate
from parvis.dossiers import queries as dossiers
from parvis.errors import Text
from parvis.messages import actions as messages
from parvis.territory import queries as territory

OUT, BACK = "attendance/out", "attendance/back"
_LINK_LASTS = timedelta(days=30)
_CHANNELS = frozenset({Channel.MAIL, Channel.SMS})
_SAMPLE: dict[str, Any] = {
    "start": datetime.fromisoformat("2027-01-04T08:30:00+00:00"),
    "place": "Mairie de Mulhouse",
    "phone": "03 89 32 58 58",
    "reference": "K7M29QXP",
    "reason": "La station est en panne.",
    "choose": "https://portal.example/my/visits/1/other?key=2",
    "short": "https://portal.example/my/requests",
}
TEMPLATES = (
    MessageTemplate(key=OUT, name=Text("The desk is out of order"), channels=_CHANNELS, sample=_SAMPLE),
    MessageTemplate(key=BACK, name=Text("The desk is back"), channels=_CHANNELS, sample=_SAMPLE),
)


async def tell_out(booking: BookingInfo, reason: str) -> bool:
    """Queue the question which other hour suits; False for whoever cannot be written to."""
    return await _tell(OUT, booking, reason)


async def tell_back(booking: BookingInfo) -> bool:
    """Queue that the visit takes place as it was booked; False for whoever cannot be written to."""
    return await _tell(BACK, booking, "")


async def _tell(template: str, booking: BookingInfo, reason: str) -> bool:
    dossier = await dossiers.dossier(booking.dossier) if booking.dossier else None
    if dossier is None or dossier.contact is None:
        return False
    place = await territory.place(booking.place)
    key = dossiers.link_key(dossier.id, booking.end + _LINK_LASTS)
    base = settings.current().base_url
    context = {
        "start": booking.start,
        "place": place.name,
        "phone": place.phone,
        "reference": dossier.reference,
        "reason": reason,
        "choose": f"{base}/my/visits/{dossier.id}/other?key={key}",
        # An SMS has no room for a key: there they sign in or prove their number.
        "short": f"{base}/my/requests",
    }
    to = dossier.contact
    await messages.send(
        template,
        to.kind,
        to.address,
        dossier.language,
        dossier.emitter,
        context,
        booking.start,
        dossier=dossier.id,
    )
    return True
