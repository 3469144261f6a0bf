"""An emitter's look: name, pictures, colours and typeface, previewed, published, and gone back to."""

from parvis.office.look import editing, past, samples

HANDLERS = (*editing.HANDLERS, *past.HANDLERS, *samples.HANDLERS)

__all__ = ["HANDLERS"]
