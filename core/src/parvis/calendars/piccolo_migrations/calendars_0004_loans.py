from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "calendars_0004_loans"
VERSION = "1.38.0"
DESCRIPTION = "Calendars lent to another emitter; who runs a calendar and who offers its hours, at an instant"


async def forwards() -> MigrationManager:
    return statements(
        "calendars",
        ID,
        """
        CREATE TABLE parvis.calendar_loan (
            id uuid PRIMARY KEY,
            calendar uuid NOT NULL REFERENCES parvis.calendar ON DELETE RESTRICT,
            delegate uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            given_by uuid,
            given_at timestamptz NOT NULL,
            ends_at timestamptz CHECK (ends_at > given_at),
            ended_by uuid,
            ended_at timestamptz
        );
        CREATE UNIQUE INDEX calendar_loan_live ON parvis.calendar_loan (calendar, delegate) WHERE ended_at IS NULL;
        CREATE INDEX calendar_loan_delegate ON parvis.calendar_loan (delegate);

        -- The calendars an emitter works with at an instant: of its own places, lent to it, or under its contract.
        CREATE FUNCTION parvis.run_by(who uuid, at timestamptz) RETURNS TABLE (calendar uuid) STABLE LANGUAGE sql AS $$
            SELECT c.id FROM parvis.place p JOIN parvis.calendar c ON c.place = p.id
            WHERE p.emitter = who OR p.operator = who
            UNION
            SELECT l.calendar FROM parvis.calendar_loan l
            WHERE l.delegate = who AND l.ended_at IS NULL AND (l.ends_at IS NULL OR l.ends_at > at)
            UNION
            SELECT c.id FROM parvis.contract k
            JOIN parvis.place p ON p.id = ANY (k.places) AND p.emitter = k.authority
            JOIN parvis.calendar c ON c.place = p.id AND c.service = ANY (k.services)
            WHERE k.holder = who AND (at AT TIME ZONE c.zone)::date BETWEEN k.first_day AND k.last_day
        $$;

        -- Who offers a calendar's hours to residents at an instant, and whether: null where nobody ever said so.
        -- `brings` are the plugins that bring the services beside them; hours after `last_day` are not offered.
        CREATE FUNCTION parvis.offering(at timestamptz, services varchar[], brings varchar[])
        RETURNS TABLE (
            calendar uuid, service varchar, place uuid, owner uuid, offerer uuid, published boolean, last_day date
        ) STABLE LANGUAGE sql AS $$
            SELECT c.id, c.service, p.id, p.emitter, coalesce(k.holder, p.emitter),
                CASE
                    WHEN NOT (c.active AND p.active) THEN false
                    WHEN k.id IS NULL AND u.id IS NULL THEN NULL
                    WHEN b.plugin IS NOT NULL AND (e.id IS NULL OR (k.id IS NOT NULL AND h.id IS NULL)) THEN false
                    WHEN k.id IS NULL THEN u.state = 'published'
                    ELSE k.live
                END,
                k.last_day
            FROM parvis.calendar c
            JOIN parvis.place p ON p.id = c.place
            LEFT JOIN parvis.publication u
                ON u.emitter = p.emitter AND u.service = c.service AND u.contract IS NULL
            LEFT JOIN LATERAL (
                SELECT k.id, k.holder, least(k.last_day, v.last_day) AS last_day,
                    coalesce(v.state = 'published' AND p.id = ANY (v.places)
                        AND day.local BETWEEN v.first_day AND v.last_day, false) AS live
                FROM (SELECT (at AT TIME ZONE c.zone)::date AS local) day
                JOIN parvis.contract k ON k.authority = p.emitter AND p.id = ANY (k.places)
                    AND c.service = ANY (k.services) AND day.local BETWEEN k.first_day AND k.last_day
                LEFT JOIN parvis.publication v ON v.contract = k.id AND v.service = c.service
                LIMIT 1
            ) k ON true
            LEFT JOIN unnest(services, brings) AS b (service, plugin) ON b.service = c.service
            LEFT JOIN parvis.enabled_plugin e ON e.emitter = p.emitter AND e.plugin = b.plugin
            LEFT JOIN parvis.enabled_plugin h ON h.emitter = k.holder AND h.plugin = b.plugin
        $$;
        """,
    )
