"""The routes of the API, one module a resource."""

from parvis.api.routes import bookings, catalogue, contacts, description, holds, slots

HANDLERS = (
    # First, or Litestar registers an answer of its own.
    description.methods,
    slots.slots,
    slots.months,
    holds.hold,
    holds.show,
    holds.extend,
    holds.release,
    contacts.ask,
    contacts.prove,
    bookings.book,
    bookings.show,
    bookings.move,
    bookings.cancel,
    catalogue.places,
    catalogue.services,
    description.openapi,
    description.docs,
)
