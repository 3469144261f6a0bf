"""The resident's way in: the territory's home page, each emitter's, and the pages that every site owes its visitors."""

from parvis.portal.routes import HANDLERS

__all__ = ["HANDLERS"]
