"""The back office, in rooms: an emitter's day, its requests, its opening rules; the operator's page of the instance."""

from parvis.office import day, openings, requests, routes

HANDLERS = (*routes.HANDLERS, *day.HANDLERS, *openings.HANDLERS, *requests.HANDLERS)

__all__ = ["HANDLERS"]
