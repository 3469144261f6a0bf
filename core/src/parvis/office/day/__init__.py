"""The day of one emitter: who is expected, who came, what is free; live on every agent's screen."""

from parvis.office.day.routes import HANDLERS

__all__ = ["HANDLERS"]
