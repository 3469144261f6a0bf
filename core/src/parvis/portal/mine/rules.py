"""An export as a person reads it: in sentences' order, with words for keys, without what is for programs only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parvis.errors import Text

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_YES, _NO, _NOTHING = Text("yes"), Text("no"), Text("nothing")
WORDS: Mapping[str, Text] = {
    "account": Text("Account"),
    "requests": Text("Requests"),
    "payments": Text("Payments"),
    "debit_mandates": Text("What may be debited from your bank account"),
    "last": Text("Last four signs of the account"),
    "signed_on": Text("Signed on"),
    "revoked_at": Text("Revoked"),
    "till": Text("Till"),
    "what": Text("For what"),
    "cents": Text("Amount in cents"),
    "paid": Text("paid"),
    "given_back": Text("Given back, in cents"),
    "buyer": Text("Name and address on the invoice"),
    "acts": Text("What you did here"),
    "made_at": Text("Made on"),
    "issuer": Text("Sign-on"),
    "subject": Text("Subject"),
    "name": Text("Name"),
    "names": Text("Names"),
    "email": Text("E-mail"),
    "phone": Text("Telephone"),
    "contact": Text("Contact"),
    "contacts": Text("Contacts that you proved"),
    "address": Text("Address"),
    "kind": Text("Kind"),
    "mandates": Text("Acting for others"),
    "who": Text("Who"),
    "acts_for_me": Text("Acts for me"),
    "bond": Text("Who it is"),
    "services": Text("For which services"),
    "guardian": Text("legal guardian"),
    "social": Text("social worker"),
    "adviser": Text("digital adviser (Aidants Connect)"),
    "relative": Text("a relative or a friend"),
    "begun_at": Text("Begun"),
    "accepted_at": Text("Agreed on"),
    "family": Text("Family"),
    "given": Text("Given name"),
    "born": Text("Date of birth"),
    "kin": Text("Who they are to you"),
    "child": Text("child"),
    "grandchild": Text("grandchild"),
    "partner": Text("partner"),
    "parent": Text("father or mother"),
    "ward": Text("in your care"),
    "other": Text("somebody else"),
    "created_at": Text("Since"),
    "seen_at": Text("Last seen"),
    "started_at": Text("Began"),
    "ends_at": Text("Ends"),
    "proved_at": Text("Proved"),
    "roles": Text("Roles"),
    "role": Text("Role"),
    "given_at": Text("Given"),
    "ended_at": Text("Ended"),
    "sessions": Text("Where you are signed in"),
    "stations": Text("Where you give no code until the evening"),
    "since": Text("Since"),
    "work_addresses": Text("Where your codes are mailed"),
    "reference": Text("Reference"),
    "service": Text("Service"),
    "state": Text("State"),
    "opened_at": Text("Opened"),
    "closed_at": Text("Closed"),
    "language": Text("Language"),
    "mail_language": Text("Language"),
    "emitter": Text("For"),
    "visit": Text("Appointment"),
    "people": Text("People"),
    "start": Text("Start"),
    "end": Text("End"),
    "cancelled": Text("Cancelled"),
    "timeline": Text("What happened"),
    "at": Text("When"),
    "event": Text("What"),
    "by": Text("By whom"),
    "office": Text("Office"),
    "told": Text("Details"),
    "readings": Text("Who read it"),
    "questions": Text("What you asked"),
    "asked_at": Text("Asked"),
    "answered_at": Text("Answered"),
    "answer": Text("The answer"),
    "messages": Text("Messages"),
    "template": Text("Message"),
    "channel": Text("Channel"),
    "queued_at": Text("Written"),
    "steps": Text("On the day"),
    "step": Text("Step"),
    "note": Text("Note of an agent"),
    "brought": Text("What was brought"),
    "earlier": Text("An earlier hour"),
    "wish": Text("What would suit"),
    "offers": Text("How many were proposed"),
    "last_day": Text("Last day"),
    "weekdays": Text("Weekdays (1 is Monday)"),
    "not_before": Text("Not before"),
    "not_after": Text("Not after"),
    "ended": Text("Why it ended"),
    "plugins": Text("Details of the service"),
    "action": Text("Act"),
    "details": Text("Details"),
    "place": Text("Place"),
    "reason": Text("Reason"),
    "dossier.opened": Text("Request received"),
    "booking.confirmed": Text("Appointment booked"),
    "booking.moved": Text("Appointment moved"),
    "booking.cancelled": Text("Appointment cancelled"),
    "booking.restored": Text("Cancellation undone"),
    "visit.reminded": Text("Reminder sent"),
    "visit.coming": Text("You said that you are coming"),
    "code.printed": Text("A code for your account was printed"),
    "dossier.taken-over": Text("Taken into an account"),
    "earlier.asked": Text("An earlier hour was asked for"),
    "earlier.stopped": Text("No earlier hour is looked for any more"),
    "earlier.declined": Text("An earlier hour was left to others"),
    "visit.arrived": Text("Arrival said"),
    "proxy": Text("somebody who acts for you"),
    "offer-mandate": Text("Somebody was asked to act for you"),
    "ask-mandate": Text("Asked to act for somebody"),
    "accept-mandate": Text("Agreed that somebody acts for somebody"),
    "end-mandate": Text("Ended that somebody acts for somebody"),
    "act-for": Text("Began to act for somebody"),
    "sign_ons": Text("Further sign-ons"),
    "merge-accounts": Text("Accounts made one"),
    "separate-accounts": Text("Accounts separated"),
    "look-account": Text("Account looked at by the operator"),
    "take-over": Text("Request taken into the account"),
    "names.corrected": Text("A name or a number was corrected"),
    "visit.given-back": Text("The hour was given back: somebody else was to come"),
    "dossier.closed": Text("Visit over"),
    "resident": Text("yourself"),
    "staff": Text("a town hall"),
    "helper": Text("a helper, who books for others"),
    "system": Text("the portal"),
    "open": Text("under way"),
    "closed": Text("closed"),
    "mail": Text("mail"),
    "sms": Text("SMS"),
    "sent": Text("sent"),
    "queued": Text("waiting"),
    "fr": Text("French"),
    "de": Text("German"),
    "en": Text("English"),
    "export": Text("Data taken away"),
    "erase": Text("Data erased"),
    "read": Text("Request read"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the readable export: what it is, and a text, an instant (UTC), or the lines under it."""

    label: Text | str
    value: Text | str | datetime | tuple[Shown, ...]

    @property
    def within(self) -> tuple[Shown, ...]:
        """The lines under it."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def at(self) -> datetime | None:
        """The instant, where it is one."""
        return self.value if isinstance(self.value, datetime) else None


def readable(export: Mapping[str, Any], words: Mapping[str, Text], *, whole: bool = False) -> tuple[Shown, ...]:
    """An export of plain values in lines; empty values and identifiers are left out, unless it is to be whole.

    >>> [(str(one.label), str(one.value)) for one in readable({"name": "Léa", "phone": "", "odd_key": 3}, WORDS)]
    [('Name', 'Léa'), ('odd key', '3')]
    >>> [(str(one.label), str(one.value)) for one in readable({"name": "Léa", "phone": ""}, WORDS, whole=True)]
    [('Name', 'Léa'), ('Telephone', 'nothing')]
    """
    return tuple(_Reading(words, whole).shown(export))


_Value = Text | str | datetime | tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    words: Mapping[str, Text]
    whole: bool

    def shown(self, export: Mapping[str, Any]) -> Iterator[Shown]:
        for key, value in export.items():
            shown = self._value(value)
            if shown is not None:
                yield Shown(self.words.get(key, key.replace("_", " ")), shown)

    def _value(self, value: Any) -> _Value | None:
        if isinstance(value, bool):
            return _YES if value else _NO
        found = self._filled(value)
        return _NOTHING if found is None and self.whole else found

    def _filled(self, value: Any) -> _Value | None:
        if isinstance(value, Mapping):
            return tuple(self.shown(value)) or None
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Sequence):
            return self._listed(value)
        return None if value is None else str(value)

    def _text(self, value: str) -> Text | str | datetime | None:
        if not value or (_ID.fullmatch(value) and not self.whole):
            return None
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value)
        return self.words.get(value, value)

    def _listed(self, values: Sequence[Any]) -> str | tuple[Shown, ...] | None:
        shown = [found for found in (self._value(value) for value in values) if found is not None]
        if all(isinstance(one, str) for one in shown):
            return ", ".join(map(str, shown)) or None
        return tuple(Shown(str(n), one) for n, one in enumerate(shown, start=1)) or None
