"""A resident's payments: what is due, paid and given back; paying, coming back, receipts."""

from parvis.payments.routes import agreeing, paying, showing

HANDLERS = (*showing.HANDLERS, *paying.HANDLERS, *agreeing.HANDLERS)

__all__ = ["HANDLERS"]
