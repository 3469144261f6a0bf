"""The back office, in rooms: an emitter's day, requests, opening rules and figures; the operator's page."""

from parvis.office import day, figures, openings, requests, routes

HANDLERS = (*routes.HANDLERS, *day.HANDLERS, *openings.HANDLERS, *requests.HANDLERS, *figures.HANDLERS)

__all__ = ["HANDLERS"]
