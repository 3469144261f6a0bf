"""The back office, in rooms: the agent's day at one emitter, its opening rules, the operator's page of the instance."""

from parvis.office import day, openings, routes

HANDLERS = (*routes.HANDLERS, *day.HANDLERS, *openings.HANDLERS)

__all__ = ["HANDLERS"]
