"""Residents ask who read their request: the list of an emitter's manager, and the answers."""

from parvis.office.questions import answering, notices

HANDLERS = answering.HANDLERS
REACTIONS = notices.REACTIONS
TEMPLATES = notices.TEMPLATES

__all__ = ["HANDLERS", "REACTIONS", "TEMPLATES"]
