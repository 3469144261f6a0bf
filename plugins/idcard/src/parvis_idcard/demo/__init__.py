"""The demo's appointments: seven town halls open for half a year, the next weeks partly taken, the last ones over.

Everything is invented by generators with a fixed seed, relative to today.
"""

from parvis_idcard.demo.seeding import seed

__all__ = ["seed"]
