"""Calendars as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.calendars.tables import (
    Booking,
    Calendar,
    CalendarChange,
    CalendarKind,
    CalendarLoan,
    Desk,
    DeskDay,
    OpeningException,
    OpeningRule,
    SlotChange,
    SlotChangeWaiting,
    SlotFeed,
)

APP_CONFIG = AppConfig(
    app_name="calendars",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[
        Calendar,
        CalendarKind,
        Desk,
        OpeningRule,
        OpeningException,
        DeskDay,
        Booking,
        SlotChangeWaiting,
        SlotChange,
        SlotFeed,
        CalendarChange,
        CalendarLoan,
    ],
    migration_dependencies=["parvis.territory.piccolo_app"],
)
