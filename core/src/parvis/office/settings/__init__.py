"""An emitter's settings: what each plugin lets its manager choose, previewed, published, and undone."""

from parvis.office.settings import editing, past

HANDLERS = (*editing.HANDLERS, *past.HANDLERS)

__all__ = ["HANDLERS"]
