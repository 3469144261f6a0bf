"""The figures of an emitter, or of all town halls for the agglomeration: pictures with their tables, CSV and JSON."""

from parvis.office.figures.routes import HANDLERS

__all__ = ["HANDLERS"]
