"""The back office, in rooms: an emitter's day, requests, opening rules, figures and settings; the operator's page."""

from parvis.office import day, figures, openings, requests, routes, settings

HANDLERS = (
    *routes.HANDLERS,
    *day.HANDLERS,
    *openings.HANDLERS,
    *requests.HANDLERS,
    *figures.HANDLERS,
    *settings.HANDLERS,
)

__all__ = ["HANDLERS"]
