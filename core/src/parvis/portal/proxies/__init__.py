"""Proxies: who may act for a resident in which services, because both want it so; and acting for them."""

from parvis.portal.proxies import accepting, acting, beginning, listing

HANDLERS = (*listing.HANDLERS, *beginning.HANDLERS, *accepting.HANDLERS, *acting.HANDLERS)

__all__ = ["HANDLERS"]
