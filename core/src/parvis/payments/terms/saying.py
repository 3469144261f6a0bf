"""Terms in the words that who pays reads, on screen and on paper."""

from __future__ import annotations

from parvis.errors import Text
from parvis.payments.money import euros
from parvis.payments.terms.rules import Step, Terms, percent
from parvis.web import i18n

_NOTHING = Text("Once it is paid, nothing is given back to who cancels.")
_AFTER = Text("After that nothing is given back.")
_BEGUN = Text("Once it has begun, nothing is given back.")
_CREDIT = Text("It is given back as a credit, deducted from the next bill here.")
_OURS = Text("If we cancel, all of it is given back.")
_UNTIL = {
    "days": Text("Cancelled up to {n} days before the beginning: {share} % given back."),
    "day": Text("Cancelled up to one day before the beginning: {share} % given back."),
    "hours": Text("Cancelled up to {n} hours before the beginning: {share} % given back."),
    "hour": Text("Cancelled up to one hour before the beginning: {share} % given back."),
    "begun": Text("Cancelled before the beginning: {share} % given back."),
}


def sentences(terms: Terms) -> tuple[Text, ...]:
    """Terms as sentences, to be read in this order.

    >>> for one in sentences(Terms((Step(7, "days", 10_000), Step(1, "days", 5000)))):
    ...     print(one)
    Cancelled up to 7 days before the beginning: 100 % given back.
    Cancelled up to one day before the beginning: 50 % given back.
    After that nothing is given back.
    If we cancel, all of it is given back.
    """
    if not terms.steps:
        return (_NOTHING, _OURS)
    fee = Text("{fee} euros are kept of each place.", {"fee": euros(terms.fee)})
    return (
        *map(_step, terms.steps),
        _AFTER if terms.steps[-1].before else _BEGUN,
        *([fee] if terms.fee else []),
        *([_CREDIT] if terms.as_credit else []),
        _OURS,
    )


def on_paper(terms: Terms | None) -> list[str]:
    """Terms as papers have them, in French."""
    if terms is None:
        return []
    return [" ".join(i18n.translate(one, "fr") for one in sentences(terms))]


def _step(step: Step) -> Text:
    key = "begun" if step.before == 0 else step.unit.removesuffix("s") if step.before == 1 else step.unit
    said = _UNTIL[key]
    return Text(said.msgid, {"n": step.before, "share": percent(step.bp)})
