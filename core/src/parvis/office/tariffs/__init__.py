"""Tariffs of an emitter: seen, typed as drafts, tried and published, brought in and taken out as sheets."""

from parvis.office.tariffs import bringing, checking, drafting, listing, showing, trying

HANDLERS = (
    *listing.HANDLERS,
    *showing.HANDLERS,
    *drafting.HANDLERS,
    *checking.HANDLERS,
    *trying.HANDLERS,
    *bringing.HANDLERS,
)

__all__ = ["HANDLERS"]
