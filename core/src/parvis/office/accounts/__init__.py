"""An operator makes one account of two of the same person, and two of it again."""

from parvis.office.accounts.routes import HANDLERS

__all__ = ["HANDLERS"]
