"""What the demo can make the coordination service do wrong."""

from __future__ import annotations

from parvis.contract.values import Fault
from parvis.errors import Text

SLOW, DOWN, TOKEN = "ants-slow", "ants-down", "ants-token"
SILENT, EXISTS, ELSEWHERE = "ants-silent", "ants-exists", "ants-elsewhere"
_SEEN = Text(
    "Appointments are still taken. What is not declared yet is listed in the back office, and follows by itself."
)

FAULTS = (
    Fault(SLOW, Text("The ANTS coordination service takes 5 seconds for each answer"), _SEEN),
    Fault(DOWN, Text("The ANTS coordination service is down"), _SEEN),
    Fault(TOKEN, Text("The ANTS coordination service refuses our token"), _SEEN),
    Fault(
        SILENT,
        Text("The ANTS coordination service takes declarations and never answers"),
        Text("Afterwards each appointment is declared once: we read what is there before we declare again."),
    ),
    Fault(
        EXISTS,
        Text("The ANTS coordination service answers that the appointment exists already"),
        Text("We compare with what is there, and count it as declared."),
    ),
    Fault(
        ELSEWHERE,
        Text("Every application number has an appointment at another town hall too"),
        Text("Whoever books is shown that other appointment, and goes on once it is cancelled."),
    ),
)
