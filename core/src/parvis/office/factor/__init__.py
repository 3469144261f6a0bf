"""The second factor that a back office asks for: told that it is missing, given by a mailed code, remembered."""

from parvis.office.factor import giving, missing

HANDLERS = giving.HANDLERS
answer = missing.answer

__all__ = ["HANDLERS", "answer"]
