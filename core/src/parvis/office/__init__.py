"""The back office: the agent's day at one emitter, and the operator's page of the instance."""

from parvis.office.routes import HANDLERS

__all__ = ["HANDLERS"]
