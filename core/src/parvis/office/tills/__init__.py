"""Money of an emitter: bills, tills and their days, journals and arrêts, refunds, differences."""

from parvis.office.tills import billing, closing, daily, differing, notices, opening, refunding

HANDLERS = (
    *opening.HANDLERS,
    *daily.HANDLERS,
    *closing.HANDLERS,
    *refunding.HANDLERS,
    *differing.HANDLERS,
    *billing.HANDLERS,
)
REACTIONS = notices.REACTIONS
TEMPLATES = notices.TEMPLATES

__all__ = ["HANDLERS", "REACTIONS", "TEMPLATES"]
