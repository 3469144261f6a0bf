"""The plugins of an emitter: read what one holds and does, enable it, disable it without losing anything."""

from parvis.office.plugins import enabling

HANDLERS = enabling.HANDLERS

__all__ = ["HANDLERS"]
