"""What screens and mails call the states and steps of a service under contract. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from parvis.errors import Text
from parvis.territory.publishing.rules import Act, Standing

STATES: Mapping[str, tuple[Text, str]] = {
    "published": (Text("published"), "good"),
    "suspended": (Text("suspended"), "warn"),
    "review": (Text("in review"), "info"),
    "draft": (Text("draft"), "plain"),
}
NOTHING = (Text("nothing proposed yet"), "plain")
DONE: Mapping[Act, Text] = {
    Act.SAVE: Text("The proposal was saved"),
    Act.SUBMIT: Text("The proposal was handed in for review"),
    Act.WITHDRAW: Text("The proposal was taken back"),
    Act.DROP: Text("The proposal was dropped"),
    Act.SEND_BACK: Text("The proposal was sent back"),
    Act.PUBLISH: Text("The proposal was published"),
    Act.SUSPEND: Text("The service was suspended"),
    Act.RESUME: Text("The service was resumed"),
    Act.COMMENT: Text("A comment was left"),
}
FIELDS: Mapping[str, Text] = {
    "places": Text("Places"),
    "first_day": Text("First day"),
    "last_day": Text("Last day"),
    "about": Text("What residents read"),
}


def states_of(standing: Standing) -> list[tuple[Text, str]]:
    """What stands beside a service: what residents have of it, and what is proposed; each with its kind of tag."""
    found = [STATES[state] for state in (standing.live, standing.proposal) if state]
    return found or [NOTHING]
