"""The JSON API under `/api/v1`: the same actions as the pages, for programs."""

from parvis.api.routes import HANDLERS

__all__ = ["HANDLERS"]
