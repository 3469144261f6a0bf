"""Money of an emitter: bills, direct debits, tills and their days, journals and arrêts, refunds, differences."""

from parvis.office.tills import (
    arriving,
    billing,
    closing,
    creditors,
    daily,
    debit_notices,
    debiting,
    differing,
    duty_notices,
    instalments,
    journaling,
    limiting,
    mandating,
    notices,
    opening,
    refund_notices,
    refunding,
    returned,
    stating,
    stranded,
    unpaid,
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
    *creditors.HANDLERS,
    *debiting.HANDLERS,
    *instalments.HANDLERS,
    *mandating.HANDLERS,
    *journaling.HANDLERS,
    *arriving.HANDLERS,
    *limiting.HANDLERS,
    *unpaid.HANDLERS,
)
REACTIONS = (*notices.REACTIONS, *debit_notices.REACTIONS, *refund_notices.REACTIONS)
TEMPLATES = (*notices.TEMPLATES, *debit_notices.TEMPLATES, *refund_notices.TEMPLATES, *duty_notices.TEMPLATES)

__all__ = ["HANDLERS", "REACTIONS", "TEMPLATES"]
