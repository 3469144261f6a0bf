"""The back office, in rooms: the agent's day at one emitter, and the operator's page of the instance."""

from parvis.office import day, routes

HANDLERS = (*routes.HANDLERS, *day.HANDLERS)

__all__ = ["HANDLERS"]
