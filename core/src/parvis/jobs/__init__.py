"""Background work: the worker that delivers what is recorded, and timers.

A domain's `jobs.py` gives its timers:

    def timers() -> tuple[Timer, ...]:
        return (Timer("calendars.sweep", timedelta(seconds=20), actions.sweep),)
"""

from parvis.jobs.timers import Timer

__all__ = ["Timer"]
