"""A till's counter: sessions, taking and taking back, closing with a count; its act, and handing money over."""

from parvis.office.counter import acting, closing, handing, serving, sessions, taking

HANDLERS = (
    *serving.HANDLERS,
    *taking.HANDLERS,
    *closing.HANDLERS,
    *sessions.HANDLERS,
    *acting.HANDLERS,
    *handing.HANDLERS,
)

__all__ = ["HANDLERS"]
