"""Who may do what at an emitter: its people and their roles, invitations, what each role may do, second factors."""

from parvis.office.people import accepting, factor, giving, holding, inviting, listing, past, roles

HANDLERS = (
    *listing.HANDLERS,
    *inviting.HANDLERS,
    *roles.HANDLERS,
    *past.HANDLERS,
    *holding.HANDLERS,
    *giving.HANDLERS,
    *accepting.HANDLERS,
    *factor.HANDLERS,
)

__all__ = ["HANDLERS"]
