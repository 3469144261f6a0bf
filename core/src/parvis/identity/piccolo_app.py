"""Identity as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.identity.tables import (
    AccountMerge,
    ContactProof,
    Invitation,
    LogoutSeen,
    MailedFactor,
    Mandate,
    Person,
    Relative,
    RightsChange,
    RoleGrant,
    RolePermission,
    Session,
    SessionFactor,
    Station,
    WorkAddress,
)

APP_CONFIG = AppConfig(
    app_name="identity",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[
        Person,
        AccountMerge,
        Relative,
        Mandate,
        RoleGrant,
        RolePermission,
        RightsChange,
        Invitation,
        Session,
        MailedFactor,
        WorkAddress,
        SessionFactor,
        Station,
        ContactProof,
        LogoutSeen,
    ],
    migration_dependencies=["parvis.territory.piccolo_app"],
)
