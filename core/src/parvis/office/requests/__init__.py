"""Requests at one emitter, as its agents meet them on the telephone and at the counter: found, seen, changed."""

from parvis.office.requests import changing, earlier, finding, showing

HANDLERS = (*finding.HANDLERS, *showing.HANDLERS, *changing.HANDLERS, *earlier.HANDLERS)

__all__ = ["HANDLERS"]
