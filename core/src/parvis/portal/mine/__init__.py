"""My data: everything the portal and its plugins keep about somebody, to take away or to have erased."""

from parvis.portal.mine.routes import HANDLERS

__all__ = ["HANDLERS"]
