"""Money of an emitter: bills, direct debits, tills and their days, journals and arrêts, refunds, differences."""

from parvis.office.tills import (
    arriving,
    billing,
    closing,
    crediting,
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
    offering,
    opening,
    refund_notices,
    refunding,
    reminding,
    returned,
    selling,
    stating,
    stranded,
    unbilling,
    unpaid,
)

HANDLERS = (
    *opening.HANDLERS,
    *offering.HANDLERS,
    *daily.HANDLERS,
    *closing.HANDLERS,
    *refunding.HANDLERS,
    *crediting.HANDLERS,
    *returned.HANDLERS,
    *stranded.HANDLERS,
    *differing.HANDLERS,
    *stating.HANDLERS,
    *billing.HANDLERS,
    *unbilling.HANDLERS,
    *creditors.HANDLERS,
    *debiting.HANDLERS,
    *instalments.HANDLERS,
    *reminding.HANDLERS,
    *selling.HANDLERS,
    *mandating.HANDLERS,
    *journaling.HANDLERS,
    *arriving.HANDLERS,
    *limiting.HANDLERS,
    *unpaid.HANDLERS,
)
REACTIONS = (*notices.REACTIONS, *debit_notices.REACTIONS, *refund_notices.REACTIONS)
TEMPLATES = (*notices.TEMPLATES, *debit_notices.TEMPLATES, *refund_notices.TEMPLATES, *duty_notices.TEMPLATES)

__all__ = ["HANDLERS", "REACTIONS", "TEMPLATES"]
