"""Calendars: desks, opening rules, hours held and booked, search over all places, change feed."""
