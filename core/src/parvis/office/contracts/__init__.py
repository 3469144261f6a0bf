"""Contracts and the services under them: an authority entrusts and reviews, a holder proposes; both may suspend."""

from parvis.office.contracts import listing, making, notices, proposing, stepping

HANDLERS = (*listing.HANDLERS, *making.HANDLERS, *proposing.HANDLERS, *stepping.HANDLERS)
TEMPLATES = notices.TEMPLATES

__all__ = ["HANDLERS", "TEMPLATES"]
