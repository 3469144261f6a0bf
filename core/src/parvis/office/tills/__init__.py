"""Money of an emitter: bills, direct debits, tills and their days, journals and arrêts, refunds, differences."""

from parvis.office.tills import (
    billing,
    closing,
    crediting,
    daily,
    debit_notices,
    debiting,
    differing,
    instalments,
    mandating,
    notices,
    opening,
    refund_notices,
    refunding,
    returned,
    stating,
    stranded,
)

HANDLERS = (
    *opening.HANDLERS,
    *daily.HANDLERS,
    *closing.HANDLERS,
    *refunding.HANDLERS,
    *returned.HANDLERS,
    *stranded.HANDLERS,
    *differing.HANDLERS,
    *stating.HANDLERS,
    *billing.HANDLERS,
    *crediting.HANDLERS,
    *debiting.HANDLERS,
    *instalments.HANDLERS,
    *mandating.HANDLERS,
)
REACTIONS = (*notices.REACTIONS, *debit_notices.REACTIONS, *refund_notices.REACTIONS)
TEMPLATES = (*notices.TEMPLATES, *debit_notices.TEMPLATES, *refund_notices.TEMPLATES)

__all__ = ["HANDLERS", "REACTIONS", "TEMPLATES"]
