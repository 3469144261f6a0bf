"""Places and calendars of an emitter as a CSV file: brought in after a rehearsal that tells each line, taken out."""

from parvis.office.places import pages

HANDLERS = pages.HANDLERS

__all__ = ["HANDLERS"]
