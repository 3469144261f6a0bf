"""Who may do what at an emitter: its people and their roles, invitations, and what each role may do."""

from parvis.office.people import accepting, giving, holding, inviting, listing, past, roles

HANDLERS = (
    *listing.HANDLERS,
    *inviting.HANDLERS,
    *roles.HANDLERS,
    *past.HANDLERS,
    *holding.HANDLERS,
    *giving.HANDLERS,
    *accepting.HANDLERS,
)

__all__ = ["HANDLERS"]
