"""Kinds and opening rules of an emitter's calendars: seen at a glance, changed page by page, undone."""

from parvis.office.openings import ahead, closures, desks, feeds, kinds, occurrences, outages, overview, past

HANDLERS = (
    *overview.HANDLERS,
    *desks.HANDLERS,
    *kinds.HANDLERS,
    *ahead.HANDLERS,
    *closures.HANDLERS,
    *occurrences.HANDLERS,
    *outages.HANDLERS,
    *feeds.HANDLERS,
    *past.HANDLERS,
)

__all__ = ["HANDLERS"]
