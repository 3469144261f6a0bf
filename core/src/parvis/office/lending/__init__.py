"""Calendars lent to another body and taken back; both see who may work with what since when."""

from parvis.office.lending import lending

HANDLERS = lending.HANDLERS

__all__ = ["HANDLERS"]
